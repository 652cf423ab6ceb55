"""What the complement models train on: bought-together pairs over fixed embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphrec.compute.training import draw_weighted
from graphrec.config import NetworksConfig
from graphrec.graph import Pairs


@dataclass(frozen=True)
class EmbeddedCatalogue:
    """Items as the complement models see them.

    Parameters
    ----------
    embeddings, alone : Tensor
        `(items, dim) float32`, with neighbours and from features alone.
    type_codes : Tensor
        `(items,) int64`.
    log_popularity : Tensor
        `(items,) float32`, log share of the purchases within the item's own type.
    types : int
    """

    embeddings: Tensor
    alone: Tensor
    type_codes: Tensor
    log_popularity: Tensor
    types: int

    def shown(self, items: Tensor, dropout: float, generator: torch.Generator) -> Tensor:
        """Return embeddings of items, a share of them as if the items were cold."""
        cold = torch.rand(len(items), generator=generator) < dropout
        return torch.where(cold[:, None], self.alone[items], self.embeddings[items])


@dataclass(frozen=True)
class ComplementPairs:
    """Directed pairs item -> complement with their weight in baskets.

    Parameters
    ----------
    catalogue : EmbeddedCatalogue
    left, right : Tensor
        `(pairs,) int64`.
    weight : Tensor
        `(pairs,) float32`.
    cumulative : Tensor
        `(pairs,) float64`, running sum of the weights.
    """

    catalogue: EmbeddedCatalogue
    left: Tensor
    right: Tensor
    weight: Tensor
    cumulative: Tensor

    @classmethod
    def from_graph(cls, complement: Pairs, catalogue: EmbeddedCatalogue) -> ComplementPairs:
        """Take the pairs of a complement graph."""
        weight = torch.from_numpy(np.ascontiguousarray(complement.weight))
        return cls(
            catalogue,
            torch.from_numpy(complement.rows),
            torch.from_numpy(complement.indices.astype(np.int64)),
            weight,
            weight.double().cumsum(0),
        )

    def __len__(self) -> int:
        return len(self.left)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw pairs with probability proportional to their weight, `(count,) int64`."""
        return draw_weighted(self.cumulative, count, generator)

    def type_shares(self) -> np.ndarray:
        """Return how often each type is the complement's, `(types,) float32`, never zero."""
        weight = self.weight.double().numpy()
        count = np.bincount(self.catalogue.type_codes[self.right].numpy(), weight, minlength=self.catalogue.types)
        return np.asarray((count + 0.5) / (count + 0.5).sum(), dtype=np.float32)


def pair_steps(pairs: int, config: NetworksConfig) -> int:
    """Count the batches of an epoch over so many pairs."""
    return max(1, min(config.pairs_per_epoch, config.draws_per_pair * pairs) // config.batch)


def log_popularity_in_type(popularity: np.ndarray, type_codes: np.ndarray, types: int) -> np.ndarray:
    """Log of an item's share of its type's purchases, `(items,) float32`, for a popularity above 0."""
    total = np.bincount(type_codes, popularity, minlength=types)
    return np.asarray(np.log(popularity / total[type_codes]), dtype=np.float32)


def members_by_type(type_codes: np.ndarray, types: int) -> tuple[np.ndarray, np.ndarray]:
    """Sort items by type: `members[edges[t] : edges[t + 1]]` are the items of type t."""
    members = np.argsort(type_codes, kind="stable")
    edges = np.searchsorted(type_codes[members], np.arange(types + 1))
    return members, edges

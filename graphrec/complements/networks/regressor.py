"""Embedding regressor: from (item, target type) to the point of the complement space where it is completed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graphrec.complements.networks.losses import LOSSES
from graphrec.complements.networks.pair_data import ComplementPairs, members_by_type, pair_steps
from graphrec.compute.run import Run
from graphrec.compute.training import Curve, Schedule, mean_loss, repeatable, train
from graphrec.config import NetworksConfig
from graphrec.graph import Pairs


class EmbeddingRegressor(nn.Module):
    r"""Two towers: the query side knows the target type, the complement side is every item's own place.

    .. math::
        P(j \mid i, t) = \mathrm{softmax}_{j \in t}\left(
            \frac{q(e_i, t) \cdot c(e_j)}{\tau} + \log \mathrm{popularity}(j \mid t) \right)

    The popularity term leaves to the towers what it cannot say: which item of the type suits this query. After
    the per-type projection of P-Companion (Hao et al., CIKM 2020) and the two spaces of dual embeddings
    (Kvernadze et al., 2022, arXiv 2211.14982).

    Parameters
    ----------
    dim : int
        Of the item embeddings.
    hidden : int
    types : int
    space : int
        Dimensions of the complement space.
    spaces : int
        1: queries are placed where complements are, by the complements' tower, whatever the type.
    """

    def __init__(self, dim: int, hidden: int, types: int, space: int, spaces: int = 2) -> None:
        super().__init__()
        self.spaces = spaces
        self.type_embedding = nn.Embedding(types, hidden // 2)
        self.enter = nn.Linear(dim, hidden)
        self.enter_type = nn.Linear(hidden // 2, hidden)
        self.out = nn.Linear(hidden, space)
        self.complement = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, space))

    def query(self, embeddings: Tensor, types: Tensor) -> Tensor:
        """Place queries, `(rows, space)`, unit length, for `(rows, dim)` embeddings and `(rows,)` types."""
        if self.spaces == 1:
            return self.place(embeddings)
        return self.leave(self.enter(embeddings) + self.enter_type(self.type_embedding(types)))

    def leave(self, inside: Tensor) -> Tensor:
        """Place queries from the sum of what was entered of their embeddings and of their types."""
        return F.normalize(self.out(F.relu(inside)), dim=-1)

    def place(self, embeddings: Tensor) -> Tensor:
        """Place complements, `(rows, space)`, unit length, for `(rows, dim)` embeddings."""
        return F.normalize(self.complement(embeddings), dim=-1)


@dataclass(frozen=True)
class _Batch:
    query: Tensor
    types: Tensor
    candidates: Tensor
    embeddings: Tensor
    offset: Tensor


def fit_regressor(
    training: ComplementPairs, validation: ComplementPairs, similar: Pairs, config: NetworksConfig, run: Run
) -> tuple[EmbeddingRegressor, Curve]:
    """Train to tell a pair's complement from other items of its type and from substitutes of the query.

    Parameters
    ----------
    training, validation : ComplementPairs
        Before and after the cut.
    similar : Pairs
        Whose links are the hard negatives.
    config : NetworksConfig
    run : Run
    """
    data = training.catalogue
    negatives = _Negatives.of(training, similar, config)
    with repeatable(run) as generator:
        model = EmbeddingRegressor(data.embeddings.shape[1], config.hidden, data.types, config.dim, config.spaces)
        fixed = torch.Generator().manual_seed(run.seed + 1)
        check = [
            run.hardware.moved(negatives.batch(validation, validation.draw(config.batch, fixed), 0.0, fixed))
            for _ in range(_validation_batches(len(validation), config))
        ]
        task = _RegressorTask(model, training, negatives, check, config, run)
        return model, train(task, run, generator)


def _validation_batches(pairs: int, config: NetworksConfig) -> int:
    return min(config.validation_batches, max(1, pairs // config.batch)) if pairs else 0


@dataclass(frozen=True)
class _Negatives:
    """What a pair's complement is told from.

    Parameters
    ----------
    members, edges : Tensor
        As `members_by_type` gives them.
    similar_start, similar_items : Tensor
        The similar items of item i are `similar_items[similar_start[i] : similar_start[i + 1]]`.
    config : NetworksConfig
    """

    members: Tensor
    edges: Tensor
    similar_start: Tensor
    similar_items: Tensor
    config: NetworksConfig

    @classmethod
    def of(cls, pairs: ComplementPairs, similar: Pairs, config: NetworksConfig) -> _Negatives:
        data = pairs.catalogue
        members, edges = (torch.from_numpy(a) for a in members_by_type(data.type_codes.numpy(), data.types))
        items = torch.from_numpy(np.append(similar.indices, 0).astype(np.int64))
        return cls(members, edges, torch.from_numpy(similar.indptr), items, config)

    def batch(self, pairs: ComplementPairs, edge: Tensor, dropout: float, generator: torch.Generator) -> _Batch:
        """Lay out pairs with their negatives; a share of the items is shown as if cold."""
        data, left, right = pairs.catalogue, pairs.left[edge], pairs.right[edge]
        chosen, offset = self._candidates(pairs, left, right, generator)
        items, place = torch.unique(chosen, return_inverse=True)
        query, shown = (
            data.shown(codes, dropout, generator) if dropout else data.embeddings[codes] for codes in (left, items)
        )
        return _Batch(query, data.type_codes[right], place, shown, offset)

    def _candidates(
        self, pairs: ComplementPairs, left: Tensor, right: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Lay the complement first, then items of its type, then items similar to the query.

        The offset makes a few items stand for their whole type, and strikes out the complement drawn again.
        """
        data, config = pairs.catalogue, self.config
        kind = data.type_codes[right]
        first, size = self.edges[kind], self.edges[kind + 1] - self.edges[kind]
        points = torch.rand(len(left), config.negatives, generator=generator)
        in_type = self.members[first[:, None] + (points * size[:, None]).long()]
        start, degree = self.similar_start[left], self.similar_start[left + 1] - self.similar_start[left]
        points = torch.rand(len(left), config.hard_negatives, generator=generator)
        hard = self.similar_items[start[:, None] + (points * degree[:, None]).long()]
        hard = torch.where(degree[:, None] > 0, hard, right[:, None].expand_as(hard))
        chosen = torch.cat([right[:, None], in_type, hard], dim=1)
        offset = data.log_popularity[chosen]
        stands_for = (size - 1).clamp(min=1).log() - math.log(config.negatives)
        offset[:, 1 : 1 + config.negatives] += stands_for[:, None]
        again = chosen == right[:, None]
        again[:, 0] = False
        return chosen, offset.masked_fill(again, float("-inf"))


@dataclass(frozen=True)
class _RegressorTask:
    """Pairs among their negatives."""

    model: EmbeddingRegressor
    training: ComplementPairs
    negatives: _Negatives
    check: list[_Batch]
    config: NetworksConfig
    run: Run

    @property
    def schedule(self) -> Schedule:
        steps = pair_steps(len(self.training), self.config)
        return Schedule("embedding regressor", steps, self.config.epochs, self.config.learning_rate)

    def batches(self, generator: torch.Generator) -> Iterator[_Batch]:
        pairs = self.run.hardware.share_of(self.config.batch)
        for _ in range(self.schedule.steps):
            edge = self.training.draw(pairs, generator)
            yield self.negatives.batch(self.training, edge, self.config.neighbour_dropout, generator)

    def loss(self, batch: _Batch) -> Tensor:
        query = self.model.query(batch.query, batch.types)
        # Each item is placed once; index_select and bmm have backward passes that are fast and repeatable.
        places = self.model.place(batch.embeddings).index_select(0, batch.candidates.flatten())
        products = torch.bmm(places.view(*batch.candidates.shape, -1), query[:, :, None])[:, :, 0]
        return LOSSES[self.config.loss](products.float(), batch.offset, self.config.temperature)

    def validate(self) -> float:
        return mean_loss(self, self.check)

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
from graphrec.complements.networks.pair_data import ComplementPairs, members_by_type
from graphrec.compute.hardware import ONE_CPU, Hardware
from graphrec.compute.progress import Display
from graphrec.compute.training import Curve, repeatable, train
from graphrec.config import ComplementsConfig
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
    training: ComplementPairs,
    validation: ComplementPairs,
    similar: Pairs,
    config: ComplementsConfig,
    seed: int,
    display: Display,
    hardware: Hardware = ONE_CPU,
) -> tuple[EmbeddingRegressor, Curve]:
    """Train to tell a pair's complement from other items of its type and from substitutes of the query.

    Parameters
    ----------
    training, validation : ComplementPairs
        Before and after the cut.
    similar : Pairs
        Whose links are the hard negatives.
    config : ComplementsConfig
    seed : int
    display : Display
    hardware : Hardware
    """
    data = training.catalogue
    members, edges = (torch.from_numpy(a) for a in members_by_type(data.type_codes.numpy(), data.types))
    similar_start = torch.from_numpy(similar.indptr)
    similar_items = torch.from_numpy(np.append(similar.indices, 0).astype(np.int64))

    def candidates(left: Tensor, right: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Lay the complement first, then items of its type, then items similar to the query.

        The offset makes a few items stand for their whole type, and strikes out the complement drawn again.
        """
        kind = data.type_codes[right]
        first, size = edges[kind], edges[kind + 1] - edges[kind]
        points = torch.rand(len(left), config.negatives, generator=generator)
        in_type = members[first[:, None] + (points * size[:, None]).long()]
        start, degree = similar_start[left], similar_start[left + 1] - similar_start[left]
        points = torch.rand(len(left), config.hard_negatives, generator=generator)
        hard = similar_items[start[:, None] + (points * degree[:, None]).long()]
        hard = torch.where(degree[:, None] > 0, hard, right[:, None].expand_as(hard))
        chosen = torch.cat([right[:, None], in_type, hard], dim=1)
        offset = data.log_popularity[chosen]
        stands_for = (size - 1).clamp(min=1).log() - math.log(config.negatives)
        offset[:, 1 : 1 + config.negatives] += stands_for[:, None]
        again = chosen == right[:, None]
        again[:, 0] = False
        return chosen, offset.masked_fill(again, float("-inf"))

    def batch_of(pairs: ComplementPairs, edge: Tensor, generator: torch.Generator, learn: bool) -> _Batch:
        left, right = pairs.left[edge], pairs.right[edge]
        chosen, offset = candidates(left, right, generator)
        query = data.shown(left, generator) if learn else data.embeddings[left]
        items, place = torch.unique(chosen, return_inverse=True)
        shown = data.shown(items, generator) if learn else data.embeddings[items]
        return _Batch(query, data.type_codes[right], place, shown, offset)

    with repeatable(seed, hardware) as generator:
        model = EmbeddingRegressor(data.embeddings.shape[1], config.hidden, data.types, config.dim, config.spaces)
        steps = max(1, min(config.pairs_per_epoch, 20 * len(training)) // config.batch)

        def batches() -> Iterator[_Batch]:
            for _ in range(steps):
                yield batch_of(
                    training, training.draw(hardware.share_of(config.batch), generator), generator, learn=True
                )

        def loss(batch: _Batch) -> Tensor:
            query = model.query(batch.query, batch.types)
            # Each item is placed once; index_select and bmm have backward passes that are fast and repeatable.
            places = model.place(batch.embeddings).index_select(0, batch.candidates.flatten())
            products = torch.bmm(places.view(*batch.candidates.shape, -1), query[:, :, None])[:, :, 0]
            return LOSSES[config.loss](products.float(), batch.offset, config.temperature)

        fixed = torch.Generator().manual_seed(seed + 1)
        check = [
            hardware.moved(batch_of(validation, validation.draw(config.batch, fixed), fixed, learn=False))
            for _ in range(min(16, max(1, len(validation) // config.batch)) if len(validation) else 0)
        ]

        def validate() -> float:
            return float(np.mean([float(loss(batch)) for batch in check])) if check else 0.0

        curve = train(
            model,
            batches,
            steps,
            loss,
            validate,
            config.epochs,
            config.learning_rate,
            "embedding regressor",
            display,
            hardware,
        )
    return model, curve

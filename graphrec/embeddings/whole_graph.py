"""Steps on the whole graph: every item is embedded with all its links but those that the step is asked about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphrec.embeddings.csr import CsrMatrix, from_zero, mean_matrix
from graphrec.embeddings.graphsage import GraphSage
from graphrec.graph import Pairs


@dataclass(frozen=True)
class HidingGraph:
    """The mean over neighbours, from which links can be taken out.

    Parameters
    ----------
    matrix : CsrMatrix
        `(items, items)` with every link.
    rows : Tensor
        `(links,) int64`, the item that each link starts from.
    degree : Tensor
        `(items,) int64`.
    reverse : Tensor
        `(links,) int64`, place of the link in the other direction, its own where there is none.
    back_place : Tensor
        `(links,) int64`, place of each link in the transpose.
    """

    matrix: CsrMatrix
    rows: Tensor
    degree: Tensor
    reverse: Tensor
    back_place: Tensor

    @classmethod
    def from_pairs(cls, pairs: Pairs, kept: np.ndarray) -> HidingGraph:
        """Take the links of a graph that a mask keeps; it keeps both directions of a pair or none."""
        edge = np.flatnonzero(kept)
        rows, targets = torch.from_numpy(pairs.rows[edge]), torch.from_numpy(pairs.indices[edge].astype(np.int64))
        degree = torch.bincount(rows, minlength=pairs.items)
        back = pairs.find(pairs.indices[edge], pairs.rows[edge])
        place = np.cumsum(kept) - 1
        reverse = torch.from_numpy(np.where(back >= 0, place[back], np.arange(len(edge))))
        order = torch.argsort(targets, stable=True)
        back_place = torch.empty_like(order)
        back_place[order] = torch.arange(len(order))
        return cls(mean_matrix(from_zero(degree), targets, pairs.items), rows, degree, reverse, back_place)

    def without(self, links: Tensor) -> CsrMatrix:
        """Take out some links, `(n,) int64`, in both directions; the means are those of what is left."""
        hidden = torch.unique(torch.cat([links, self.reverse[links]]))
        left = self.degree - torch.bincount(self.rows[hidden], minlength=len(self.degree))
        share = 1 / left.clamp(min=1).float()
        values, back_values = share.repeat_interleave(self.degree), share[self.matrix.back_indices]
        values[hidden] = 0
        back_values[self.back_place[hidden]] = 0
        m = self.matrix
        return CsrMatrix(m.indptr, m.indices, values, m.back_indptr, m.back_indices, back_values)


def embed_seeds(model: GraphSage, features: Tensor, matrix: CsrMatrix, seeds: Tensor, alone: Tensor) -> Tensor:
    """Embed the whole graph and take some items out, `(seeds, dim) float32`, unit length.

    Parameters
    ----------
    model : GraphSage
    features : Tensor
        `(items, features) float32`.
    matrix : CsrMatrix
        `(items, items)`.
    seeds : Tensor
        `(m,) int64`.
    alone : Tensor
        `(m,) bool`, seeds that are shown without any neighbour, as a cold item is.
    """
    # index_select, unlike x[...], has a backward pass that is both repeatable and fast.
    with_neighbours = model.whole(features, matrix).index_select(0, seeds)
    where = alone.nonzero()[:, 0]
    return with_neighbours.index_copy(0, where, model.alone(features.index_select(0, seeds[where])))

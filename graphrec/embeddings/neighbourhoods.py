"""Similar links -> what two layers of GraphSAGE read to embed some seeds: all that is near them, or a sample."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphrec.graph import Pairs


@dataclass(frozen=True)
class Adjacency:
    """Similar links as tensors.

    Parameters
    ----------
    indptr : Tensor
        `(items + 1,) int64`.
    indices : Tensor
        `(links,) int64`, the heaviest of a row first.
    """

    indptr: Tensor
    indices: Tensor

    @classmethod
    def from_pairs(cls, pairs: Pairs, kept: np.ndarray | None = None) -> Adjacency:
        """Take the links of a graph, or those that a mask keeps."""
        indices, rows = pairs.indices.astype(np.int64), pairs.rows
        if kept is not None:
            indices, rows = indices[kept], rows[kept]
        degree = torch.from_numpy(np.bincount(rows, minlength=pairs.items))
        return cls(from_zero(degree), torch.from_numpy(indices))

    @property
    def items(self) -> int:
        """Number of rows."""
        return len(self.indptr) - 1


@dataclass(frozen=True)
class Messages:
    """What one layer passes along links.

    Parameters
    ----------
    targets : Tensor
        `(m,) int64`, places among the n vectors read of those that are written anew.
    adjacency : Tensor
        `(m, n)` sparse CSR, row i weighs the neighbours of target i.
    """

    targets: Tensor
    adjacency: Tensor


@dataclass(frozen=True)
class Neighbourhood:
    """Some seeds, what is near them, and how it is linked.

    Parameters
    ----------
    items : Tensor
        `(n,) int64`, whose features are read.
    first, second : Messages
        From the items to the seeds with their neighbours, and from these to the seeds.
    """

    items: Tensor
    first: Messages
    second: Messages


def mean_adjacency(degree: Tensor, indices: Tensor, columns: int) -> Tensor:
    """Let each row be the mean of its columns, an empty one zeros; `(rows, columns) float32`, sparse CSR.

    Parameters
    ----------
    degree, indices : Tensor
        `(rows,) int64` and `(entries,) int64`.
    columns : int
    """
    share = (1 / degree.clamp(min=1).float()).repeat_interleave(degree)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        size = (len(degree), columns)
        return torch.sparse_csr_tensor(from_zero(degree), indices, share, size=size, check_invariants=False)


def from_zero(counts: Tensor) -> Tensor:
    """Turn sizes of rows into where they begin and end, `(rows + 1,) int64`."""
    return torch.cat([counts.new_zeros(1), counts.cumsum(0)])


def neighbourhood_of(
    graph: Adjacency,
    seeds: Tensor,
    alone: Tensor,
    hidden: Tensor,
    fan_out: tuple[int, int] | None,
    generator: torch.Generator,
) -> Neighbourhood:
    """Lay out what is at most two links away from some seeds.

    Parameters
    ----------
    graph : Adjacency
    seeds : Tensor
        `(m,) int64`, may hold an item twice.
    alone : Tensor
        `(m,) bool`, seeds that are shown without any neighbour, as a cold item is.
    hidden : Tensor
        `int64`, places of links that nobody sees: those that are to be predicted, in both directions.
    fan_out : pair of int or None
        Neighbours at the first and second hop, drawn anew; None: all.
    generator : Generator
    """
    seen = torch.ones(len(graph.indices), dtype=torch.bool)
    seen[hidden] = False
    one, two = fan_out or (None, None)
    degree, near = _neighbours(graph, seeds, alone, seen, one, generator)
    # A seed that is alone is an item of its own: it must not share a row with itself as someone's neighbour.
    inner, place = _distinct(torch.cat([seeds + alone * graph.items, near]), 2 * graph.items)
    second = Messages(place[: len(seeds)], mean_adjacency(degree, place[len(seeds) :], len(inner)))
    item = inner % graph.items
    degree, far = _neighbours(graph, item, inner >= graph.items, seen, two, generator)
    items, place = _distinct(torch.cat([item, far]), graph.items)
    return Neighbourhood(
        items, Messages(place[: len(item)], mean_adjacency(degree, place[len(item) :], len(items))), second
    )


def whole_neighbourhood(graph: Adjacency) -> Neighbourhood:
    """Lay out all links, with every item as a seed."""
    everyone, nothing = torch.arange(graph.items), torch.zeros(0, dtype=torch.long)
    none = torch.zeros(graph.items, dtype=torch.bool)
    return neighbourhood_of(graph, everyone, none, nothing, None, torch.Generator())


def _neighbours(
    graph: Adjacency, nodes: Tensor, alone: Tensor, seen: Tensor, fan_out: int | None, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Gather all neighbours of each node, or up to `fan_out` different ones: how many each has, and who they are."""
    start = graph.indptr[nodes]
    degree = (graph.indptr[nodes + 1] - start) * ~alone
    if fan_out is None:
        row = torch.repeat_interleave(degree)
        place = torch.arange(len(row)) + (start - from_zero(degree)[:-1])[row]
    else:
        offset, there = _stratified(degree, fan_out, generator)
        row, place = there.nonzero()[:, 0], (start[:, None] + offset)[there]
    kept = seen[place]
    return torch.bincount(row[kept], minlength=len(nodes)), graph.indices[place[kept]]


def _stratified(degree: Tensor, fan_out: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw `(nodes, fan_out)` places in rows, and whether there is a link.

    A row with more links is cut into `fan_out` equal stretches and one link drawn of each, so that strong and
    weak neighbours are both seen and none twice.
    """
    step = torch.arange(fan_out)
    jitter = torch.rand(len(degree), fan_out, generator=generator)
    stretched = ((step + jitter) * degree[:, None] / fan_out).long()
    offset = torch.where(degree[:, None] > fan_out, stretched, step.expand(len(degree), -1))
    return offset, offset < degree[:, None]


def _distinct(keys: Tensor, below: int) -> tuple[Tensor, Tensor]:
    """Return the different keys, rising, and the place of each key among them: `torch.unique` without its sorting."""
    present = torch.zeros(below, dtype=torch.bool)
    present[keys] = True
    return present.nonzero()[:, 0], (present.cumsum(0) - 1)[keys]

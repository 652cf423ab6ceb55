"""Neighbour sampling on a CSR graph: the blocks that a two-layer GraphSAGE passes messages along."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphrec.compute.ragged import offsets
from graphrec.embeddings.csr import CsrMatrix, from_zero, mean_matrix
from graphrec.graph import Pairs


@dataclass(frozen=True)
class Adjacency:
    """Similar links as tensors.

    Parameters
    ----------
    indptr : Tensor
        `(items + 1,) int64`.
    indices : Tensor
        `(edges,) int64`, the heaviest of a row first.
    """

    indptr: Tensor
    indices: Tensor

    @classmethod
    def from_pairs(cls, pairs: Pairs, kept: np.ndarray | None = None) -> Adjacency:
        """Take the edges of a graph, or those that a mask keeps."""
        indices, rows = pairs.indices.astype(np.int64), pairs.rows
        if kept is not None:
            indices, rows = indices[kept], rows[kept]
        degree = np.bincount(rows, minlength=pairs.items)
        indptr = offsets(degree)
        return cls(torch.from_numpy(indptr), torch.from_numpy(indices))

    def mean_matrix(self) -> CsrMatrix:
        """Return the `(items, items)` matrix whose rows are the means of the neighbours."""
        return mean_matrix(self.indptr, self.indices, len(self.indptr) - 1)


@dataclass(frozen=True)
class Block:
    """Messages of one layer.

    Parameters
    ----------
    sources : Tensor
        `(n,) int64` items whose vectors the layer reads.
    targets : Tensor
        `(m,) int64`, positions in `sources` of the items whose vectors it writes.
    matrix : CsrMatrix
        `(m, n)`: row i is the mean of the neighbours that were drawn for target i.
    """

    sources: Tensor
    targets: Tensor
    matrix: CsrMatrix


def sample_neighbours(
    graph: Adjacency, nodes: Tensor, fan_out: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw up to `fan_out` different neighbours of each node.

    A row with more edges is cut into `fan_out` equal stretches and one edge drawn of each, so that strong and
    weak neighbours are both seen and none twice.

    Returns
    -------
    Tensor
        `(nodes, fan_out) int64` neighbours, 0 where there is none.
    Tensor
        `(nodes, fan_out) bool`, whether there is one.
    """
    start = graph.indptr[nodes]
    degree = graph.indptr[nodes + 1] - start
    step = torch.arange(fan_out)
    jitter = torch.rand(len(nodes), fan_out, generator=generator)
    stretched = ((step + jitter) * degree[:, None] / fan_out).long()
    offset = torch.where(degree[:, None] > fan_out, stretched, step.expand(len(nodes), -1))
    there = offset < degree[:, None]
    place = torch.where(there, start[:, None] + offset, torch.zeros_like(offset))
    neighbours = graph.indices[place] if len(graph.indices) else torch.zeros_like(place)
    return torch.where(there, neighbours, torch.zeros_like(neighbours)), there


def sample_blocks(
    graph: Adjacency,
    seeds: Tensor,
    hidden: Tensor,
    alone: Tensor,
    fan_out: tuple[int, int],
    generator: torch.Generator,
) -> tuple[Block, Block]:
    """Draw the two-hop surroundings of some seeds.

    Parameters
    ----------
    graph : Adjacency
    seeds : Tensor
        `(m,) int64`, may hold an item twice.
    hidden : Tensor
        `(m,) int64`, the item that each seed must not see among its neighbours: the one it is to predict.
    alone : Tensor
        `(m,) bool`, seeds that are shown without any neighbour, as a cold item is.
    fan_out : pair of int
        Neighbours at the first and second hop.
    generator : Generator

    Returns
    -------
    tuple of Block
        Of the first layer (outer to inner) and of the second (inner to seeds).
    """
    near, there = sample_neighbours(graph, seeds, fan_out[0], generator)
    there &= (near != hidden[:, None]) & ~alone[:, None]
    # A seed that is alone is an item of its own: it must not share a row with itself as someone's neighbour.
    items = len(graph.indptr) - 1
    seed_key = torch.where(alone, seeds + items, seeds)
    inner, place = torch.unique(torch.cat([seed_key, near[there]]), return_inverse=True)
    messages = mean_matrix(from_zero(there.sum(dim=1)), place[len(seeds) :], len(inner))
    second = Block(inner, place[: len(seeds)], messages)

    far, there = sample_neighbours(graph, inner % items, fan_out[1], generator)
    there &= (inner < items)[:, None]
    outer, place = torch.unique(torch.cat([inner % items, far[there]]), return_inverse=True)
    messages = mean_matrix(from_zero(there.sum(dim=1)), place[len(inner) :], len(outer))
    first = Block(outer, place[: len(inner)], messages)
    return first, second

"""Walks on the complement graph: what stands two or three steps away from a query, and shared neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from graphrec.compute.sparse_entries import columns_of_pairs, largest_of_each


@dataclass(frozen=True)
class Walks:
    """Where walks from some queries lead.

    Parameters
    ----------
    two_step, three_step : csr_array
        `(queries, items)`: probability of the walk query -> neighbour -> item, each step by the weights of the pairs,
        and of that with one step more.
    common : csr_array
        `(queries, items)`: neighbours that query and item share, each over the log of its degree (Adamic and Adar,
        Social Networks 2003).
    """

    two_step: sparse.csr_array
    three_step: sparse.csr_array
    common: sparse.csr_array

    @classmethod
    def of(cls, graph: WalkedGraph, codes: np.ndarray) -> Walks:
        """Walk from queries.

        Parameters
        ----------
        graph : WalkedGraph
        codes : ndarray
            `(queries,) int64`, -1 for a product that is in no log: it leads nowhere.
        """
        known = sparse.csr_array(sparse.diags_array((codes >= 0).astype(np.float64)))
        first, shared = (known @ matrix[np.maximum(codes, 0)] for matrix in (graph.step, graph.by_degree))
        two_step = first @ graph.step
        found = [sparse.csr_array(rows) for rows in (two_step, two_step @ graph.step, shared @ graph.linked)]
        for rows in found:
            rows.sort_indices()
        return cls(*found)

    @classmethod
    def none(cls, queries: int, items: int) -> Walks:
        """Lead nowhere."""
        empty = sparse.csr_array((queries, items), dtype=np.float64)
        return cls(empty, empty, empty)

    def candidates(self, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Pair queries, by position, with the `most` items to which walks of each length lead most often."""
        return largest_of_each((self.two_step, self.three_step), most)

    def columns(self, owner: np.ndarray, item: np.ndarray) -> Mapping[str, np.ndarray]:
        """Look pairs up, `(n,) float64` each.

        Parameters
        ----------
        owner, item : ndarray
            `(n,) int64`: position of the query and code of the candidate.
        """
        return columns_of_pairs(vars(self), owner, item)


@dataclass(frozen=True)
class WalkedGraph:
    """A complement graph, prepared for walks.

    Parameters
    ----------
    step : csr_array
        `(items, items)`: weights of the pairs over their sum in each row.
    linked, by_degree : csr_array
        `(items, items)`: ones, and one over the log of the neighbour's degree.
    """

    step: sparse.csr_array
    linked: sparse.csr_array
    by_degree: sparse.csr_array

    @classmethod
    def of(cls, weights: sparse.csr_array) -> WalkedGraph:
        """Prepare symmetric weights, `(items, items) float64`."""
        total = np.asarray(weights.sum(axis=1)).ravel()
        step = sparse.diags_array(1.0 / np.maximum(total, 1e-12)) @ weights
        linked = sparse.csr_array((np.ones(weights.nnz), weights.indices, weights.indptr), shape=weights.shape)
        # A neighbour of one link leads nowhere else; the logarithm of two is what the next one has.
        degree = np.maximum(np.diff(weights.indptr), 2)
        by_degree = linked @ sparse.diags_array(1.0 / np.log(degree))
        return cls(sparse.csr_array(step), linked, sparse.csr_array(by_degree))

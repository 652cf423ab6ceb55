"""Memory: all that the log's counts say of a pair, beyond the count itself.

A pair that was never bought together is not without evidence: its items may be bought with the same others (the
low-rank part of the counts), their types may go together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy import sparse

from graphrec.complements.counts.walks import WalkedGraph
from graphrec.compute.ragged import largest_of_sparse_rows
from graphrec.compute.sparse_entries import entries, stored_places
from graphrec.graph import ProductGraph, Sales, low_rank_counts

_RARE = 1e-7
"""Share that stands for none in a logarithm."""
_TYPE_BASKETS = 50.0
"""Pairs' worth of trust in what an item's type is bought with, beside what the item itself is bought with."""
_POWER_ITERATIONS = 4


@dataclass(frozen=True)
class Memory:
    """Counts of a log, prepared for looking pairs up.

    Parameters
    ----------
    graph : ProductGraph
    type_codes : ndarray
        `(items,) int64`.
    sales : Sales
    left, right : ndarray
        `(items, rank) float64`: their products are the baskets that the low-rank part of the counts expects.
    ranks : tuple of int
        Rising. The products of so many first columns are what a part of lower rank expects.
    bought_with_type : csr_array
        `(items, types)`: how often an item was bought with items of a type.
    type_transition : ndarray
        `(types + 1, types) float64`: P(type of the other | type), the last row for an unknown type.
    """

    graph: ProductGraph
    type_codes: np.ndarray
    sales: Sales
    left: np.ndarray
    right: np.ndarray
    ranks: tuple[int, ...]
    bought_with_type: sparse.csr_array
    type_transition: np.ndarray

    @classmethod
    def of(
        cls,
        graph: ProductGraph,
        type_codes: np.ndarray,
        types: int,
        sales: Sales,
        ranks: tuple[int, ...],
        seed: int,
    ) -> Memory:
        """Prepare the counts of a graph.

        Parameters
        ----------
        graph : ProductGraph
        type_codes : ndarray
            `(items,) int64`.
        types : int
        sales : Sales
        ranks : tuple of int
            Of the factorisation, rising.
        seed : int
        """
        left, right = low_rank_counts(_counts(graph), max(ranks), _POWER_ITERATIONS, seed)
        factors = {"left": np.ascontiguousarray(left), "right": np.ascontiguousarray(right)}
        return cls.from_arrays(graph, type_codes, types, ranks, {**vars(sales), **factors})

    @classmethod
    def from_arrays(
        cls,
        graph: ProductGraph,
        type_codes: np.ndarray,
        types: int,
        ranks: tuple[int, ...],
        arrays: Mapping[str, np.ndarray],
    ) -> Memory:
        """Rebuild a memory from its graph and what `arrays` wrote."""
        pairs = graph.complement
        count = pairs.columns["count"].astype(np.float64)
        shape = (graph.items, types)
        with_type = sparse.coo_array((count, (pairs.rows, type_codes[pairs.indices])), shape=shape).tocsr()
        with_type.sort_indices()
        of_type = sparse.csr_array(
            (np.ones(graph.items), (type_codes, np.arange(graph.items))), shape=(types, graph.items)
        )
        counted = (of_type @ with_type).toarray()
        overall = counted.sum(axis=0) + 0.5
        overall /= overall.sum()
        transition = (counted + _TYPE_BASKETS * overall) / (counted.sum(axis=1, keepdims=True) + _TYPE_BASKETS)
        return cls(
            graph=graph,
            type_codes=type_codes,
            sales=Sales(arrays["popularity"], arrays["trend"]),
            left=arrays["left"],
            right=arrays["right"],
            ranks=ranks,
            bought_with_type=sparse.csr_array(with_type),
            type_transition=np.vstack([transition, overall]),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Name the arrays for a file that cannot be had from the graph."""
        return {**vars(self.sales), "left": self.left, "right": self.right}

    def expected(self, items: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return the baskets that the part of each rank expects to hold both, `(n, ranks) float64`."""
        left, right = self.left[items], self.right[others]
        parts = [
            np.einsum("nr,nr->n", left[:, below:rank], right[:, below:rank])
            for below, rank in pairwise((0, *self.ranks))
        ]
        return np.stack(parts, axis=1).cumsum(axis=1)

    @cached_property
    def bought_together(self) -> sparse.csr_array:
        """How often two items were bought together, `(items, items) float64`."""
        return _counts(self.graph)

    @cached_property
    def walked(self) -> WalkedGraph:
        """The pairs, prepared for walks."""
        return WalkedGraph.of(self.bought_together)

    @cached_property
    def best_first(self) -> list[np.ndarray]:
        """All items, `(items,) int64` each: as of `popular`, and what sells best by each half-life of the trend."""
        return [self.popular, *(np.argsort(-sold, kind="stable") for sold in self.sales.trend.T)]

    @cached_property
    def popular(self) -> np.ndarray:
        """All items, the most bought first, of equals the most viewed, `(items,) int64`."""
        return np.lexsort((np.arange(self.graph.items), -self.graph.viewed, -self.graph.bought))

    @cached_property
    def by_popularity(self) -> np.ndarray:
        """All items, those of the largest `popularity` first, `(items,) int64`."""
        return np.argsort(-self.popularity, kind="stable")

    @cached_property
    def baskets(self) -> np.ndarray:
        """Baskets that hold each item, `(items,) float64`."""
        # The graph counts the last items of a long basket alone; by whole baskets no pair passes that chance explains.
        return self.sales.baskets(self.graph.bought > 0)

    @cached_property
    def rising_baskets(self) -> np.ndarray:
        """`baskets` in rising order, `(items,) float64`."""
        return np.sort(self.baskets)

    @cached_property
    def popularity(self) -> np.ndarray:
        """Share of all purchases, by `sales`, `(items,) float64`."""
        return np.asarray(self.sales.popularity / self.sales.popularity.sum())

    @cached_property
    def log_popularity(self) -> np.ndarray:
        """Logarithm of `popularity`, `(items,) float64`."""
        return np.asarray(np.log(self.popularity))

    @cached_property
    def popularity_in_type(self) -> np.ndarray:
        """Share of the purchases of an item's type, `(items,) float64`."""
        of_type = np.bincount(self.type_codes, self.popularity, minlength=self.type_transition.shape[1])
        return np.asarray(self.popularity / of_type[self.type_codes])

    @cached_property
    def log_trend(self) -> np.ndarray:
        """Logarithm of `trend`, `(items, horizons) float64`."""
        return np.log(self.sales.trend + _RARE)

    @cached_property
    def _pairs(self) -> np.ndarray:
        return np.asarray(self.bought_with_type.sum(axis=1)).ravel()

    @cached_property
    def _type_keys(self) -> np.ndarray:
        return stored_places(self.bought_with_type)

    def type_shares(self, items: np.ndarray, types: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """P(type of the other): by the item's own counts drawn to those of its type, and by its type alone.

        Parameters
        ----------
        items : ndarray
            `(n,) int64`, -1 for a product that is not in the catalogue.
        types : ndarray
            `(n,) int64` types of the items, -1 unknown.
        others : ndarray
            `(n,) int64` types of the other items.
        """
        by_type = self.type_transition[types, others]
        known = np.maximum(items, 0)
        pair = known * self.bought_with_type.shape[1] + others
        own = entries(self._type_keys, self.bought_with_type.data, pair)
        total = self._pairs[known]
        own, total = np.where(items >= 0, own, 0.0), np.where(items >= 0, total, 0.0)
        return (own + _TYPE_BASKETS * by_type) / (total + _TYPE_BASKETS), by_type

    def type_uplift(self, types: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Say how much likelier items become by the query's type, `(n,) float64`: P(item | type) / P(item).

        Drawn to 1 where the type has few pairs, and where it is not known.

        Parameters
        ----------
        types, items : ndarray
            `(n,) int64`, a type of -1 is unknown.
        """
        known = np.maximum(types, 0)
        pair = items * self.bought_with_type.shape[1] + known
        together = np.where(types >= 0, entries(self._type_keys, self.bought_with_type.data, pair), 0.0)
        total = np.where(types >= 0, self._pairs_of_type[known], 0.0)
        share = self.popularity[items]
        return np.asarray((together + _TYPE_BASKETS * share) / ((total + _TYPE_BASKETS) * share))

    @cached_property
    def _pairs_of_type(self) -> np.ndarray:
        return np.asarray(self.bought_with_type.sum(axis=0)).ravel()

    def best_of_types(self, most: int) -> tuple[np.ndarray, np.ndarray]:
        """List for each type the items that are bought with it most beyond what anyone buys.

        Returns
        -------
        edges : ndarray
            `(types + 1,) int64`: type t has the items `edges[t] : edges[t + 1]`.
        items : ndarray
            `(n,) int64` codes, at most `most` of a type, rising within it.
        """
        with_type = sparse.csr_array(self.bought_with_type.T)
        rows = np.repeat(np.arange(with_type.shape[0]), np.diff(with_type.indptr))
        beyond = with_type.data - self._pairs_of_type[rows] * self.popularity[with_type.indices]
        kept = beyond > 0
        above = sparse.coo_array((beyond[kept], (rows[kept], with_type.indices[kept])), shape=with_type.shape).tocsr()
        above.sort_indices()
        types, items = largest_of_sparse_rows(sparse.csr_array(above), most)
        return np.searchsorted(types, np.arange(with_type.shape[0] + 1)), items


def _counts(graph: ProductGraph) -> sparse.csr_array:
    """Lay out how often two items were bought together, `(items, items) float64`, whichever of them kept the pair."""
    pairs = graph.complement
    count = pairs.columns["count"].astype(np.float64)
    kept = sparse.coo_array((count, (pairs.rows, pairs.indices)), shape=(graph.items, graph.items)).tocsr()
    return sparse.csr_array(kept.maximum(kept.T))

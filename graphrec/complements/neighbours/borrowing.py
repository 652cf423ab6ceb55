"""Look-alikes lend each other their counts: what they were bought with says something of what was never bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from graphrec.compute.sparse_entries import columns_of_pairs, largest_of_each


@dataclass(frozen=True)
class Borrowed:
    """What some queries and all items borrow from their look-alikes.

    Parameters
    ----------
    by_query : csr_array
        `(queries, items)`: how often the query's look-alikes were bought with each item, by likeness.
    by_candidate : csr_array
        `(queries, items)`: how often the query was bought with each item's look-alikes, by likeness.
    lenders_bought : ndarray
        `(queries,)`: baskets of the query's look-alikes, by likeness.
    """

    by_query: sparse.csr_array
    by_candidate: sparse.csr_array
    lenders_bought: np.ndarray

    @classmethod
    def of(
        cls,
        likeness: sparse.csr_array,
        lends_to: sparse.csr_array,
        bought_together: sparse.csr_array,
        bought: np.ndarray,
        codes: np.ndarray,
    ) -> Borrowed:
        """Let queries borrow.

        Parameters
        ----------
        likeness : csr_array
            `(queries, items)`: weight of each query's look-alikes.
        lends_to : csr_array
            `(items, items)`: row n holds the items whose look-alike n is, by weight.
        bought_together : csr_array
            `(items, items)` counts.
        bought : ndarray
            `(items,)` baskets.
        codes : ndarray
            `(queries,) int64`, -1 for a product that is in no log: nothing was bought with it.
        """
        known = sparse.csr_array(bought_together[np.maximum(codes, 0)])
        if (codes < 0).any():
            known = sparse.csr_array(sparse.diags_array((codes >= 0).astype(np.float64)) @ known)
        by_query, by_candidate = (sparse.csr_array(m) for m in (likeness @ bought_together, known @ lends_to))
        by_query.sort_indices()
        by_candidate.sort_indices()
        return cls(by_query, by_candidate, likeness @ bought.astype(np.float64))

    def candidates(self, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Pair queries, by position, with the `most` items for which each side borrows most; a pair may stand twice."""
        return largest_of_each((self.by_query, self.by_candidate), most)

    def columns(self, owner: np.ndarray, item: np.ndarray) -> Mapping[str, np.ndarray]:
        """Look pairs up, `(n,) float64` each: what the query borrows, what the candidate does, what the lenders sold.

        Parameters
        ----------
        owner, item : ndarray
            `(n,) int64`: position of the query and code of the candidate.
        """
        sides = {"borrowed_by_query": self.by_query, "borrowed_by_candidate": self.by_candidate}
        return {**columns_of_pairs(sides, owner, item), "lenders_bought": self.lenders_bought[owner]}

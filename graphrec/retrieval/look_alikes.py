"""Embeddings -> look-alikes: the nearest of the items that were bought."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from graphrec.config import RetrievalConfig
from graphrec.retrieval.index import AnnoyIndex, ExactIndex

_ANNOY_FROM = 50_000
"""Lenders from which a forest is built and searched sooner than all pairs are compared."""
_POWER = 4
"""Power of the cosine that a look-alike weighs: the nearest first, without ruling the rest out."""
_LEAST_COSINE = 0.01
_DIGITS = 6
"""Of a cosine that count: the last bits depend on how many were computed at once."""


@dataclass(frozen=True)
class Lenders:
    """Items that were bought, to be found by their embeddings.

    Parameters
    ----------
    codes : ndarray
        `(lenders,) int64`.
    index : ExactIndex or AnnoyIndex
        Over the embeddings of the lenders.
    items : int
        Of the catalogue.
    """

    codes: np.ndarray
    index: ExactIndex | AnnoyIndex
    items: int

    @classmethod
    def lay_out(cls, embeddings: np.ndarray, bought: np.ndarray) -> Lenders:
        """Take the items that were bought, without a forest.

        Parameters
        ----------
        embeddings : ndarray
            `(items, dim)`, unit length.
        bought : ndarray
            `(items,)` baskets.
        """
        codes = np.flatnonzero(bought)
        return cls(codes, ExactIndex(embeddings[codes]), len(embeddings))

    @property
    def are_many(self) -> bool:
        """Whether Annoy is to search them."""
        return len(self.codes) >= _ANNOY_FROM

    def with_forest(self, config: RetrievalConfig, seed: int) -> Lenders:
        """Build Annoy where they are many."""
        return replace(self, index=AnnoyIndex.build(self.index.vectors, config, seed)) if self.are_many else self

    def look_alikes(self, embeddings: np.ndarray, codes: np.ndarray, most: int) -> sparse.csr_array:
        """Find the look-alikes of some items, `(queries, items)` weights.

        Parameters
        ----------
        embeddings : ndarray
            `(queries, dim)`.
        codes : ndarray
            `(queries,) int64`, -1 for a product that is not in the catalogue: no item is its own look-alike.
        most : int
            Look-alikes of each.
        """
        shape = len(codes), self.items
        if not most or not len(self.codes):
            return sparse.csr_array(shape)
        position, cosine = self.index.search(embeddings, most + 1)
        found = np.where(position >= 0, self.codes[position], -1)
        others = (found >= 0) & (found != codes[:, None])
        rows, columns = np.nonzero(others & (others.cumsum(axis=1) <= most))
        likeness = np.maximum(np.round(cosine[rows, columns].astype(np.float64), _DIGITS), _LEAST_COSINE)
        return sparse.csr_array(sparse.coo_array((likeness**_POWER, (rows, found[rows, columns])), shape=shape))

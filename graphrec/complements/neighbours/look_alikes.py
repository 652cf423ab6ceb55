"""Embeddings -> look-alikes: the nearest of the items that were bought."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from graphrec.compute.ragged import blocks, largest_of_rows
from graphrec.config import RetrievalConfig
from graphrec.retrieval import AnnoyIndex, is_large

_POWER = 4
"""Power of the cosine that a look-alike weighs: the nearest first, without ruling the rest out."""
_LEAST_COSINE = 0.01
_BLOCK = 1024
"""Items compared with all lenders at once."""


@dataclass(frozen=True)
class Lenders:
    """Items that were bought, to be found by their embeddings.

    Parameters
    ----------
    codes : ndarray
        `(lenders,) int64`.
    vectors : ndarray
        `(lenders, dim) float32`, unit length.
    items : int
        Of the catalogue.
    forest : AnnoyIndex or None
        Over the vectors, where they are many.
    """

    codes: np.ndarray
    vectors: np.ndarray
    items: int
    forest: AnnoyIndex | None = None

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
        return cls(codes, embeddings[codes], len(embeddings))

    def are_many(self, config: RetrievalConfig) -> bool:
        """Tell whether Annoy is to search them."""
        return is_large(len(self.codes), config)

    def with_forest(self, config: RetrievalConfig, seed: int) -> Lenders:
        """Build Annoy where they are many."""
        return replace(self, forest=AnnoyIndex.build(self.vectors, config, seed)) if self.are_many(config) else self

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
        if not most or not len(self.codes) or not len(codes):
            return sparse.csr_array(shape)
        parts = (self._nearest(embeddings[block], most + 1) for block in blocks(len(codes), _BLOCK))
        position, cosine = (np.concatenate(part) for part in zip(*parts, strict=True))
        found = np.where(position >= 0, self.codes[position], -1)
        others = (found >= 0) & (found != codes[:, None])
        rows, columns = np.nonzero(others & (others.cumsum(axis=1) <= most))
        likeness = np.maximum(cosine[rows, columns].astype(np.float64), _LEAST_COSINE)
        return sparse.csr_array(sparse.coo_array((likeness**_POWER, (rows, found[rows, columns])), shape=shape))

    def _nearest(self, embeddings: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        if self.forest is not None:
            return self.forest.search(embeddings, k)
        # In single precision, cosines do not depend on how many are computed at once: lenders that are alike tie.
        cosine = embeddings.astype(np.float64) @ self._doubles.T
        return largest_of_rows(cosine.astype(np.float32), min(k, len(self.codes)))

    @cached_property
    def _doubles(self) -> np.ndarray:
        return self.vectors.astype(np.float64)

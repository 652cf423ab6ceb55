"""Annoy for vectors of very different lengths: bands of like length, the longest first, each searched on its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graphrec.compute.ragged import largest_of_rows
from graphrec.config import RetrievalConfig
from graphrec.retrieval.index import AnnoyIndex, ExactIndex, is_large

_SHORTEST = 0.5
"""Length of a band's shortest vector over that of its longest."""
_FEWEST = 1024
"""Vectors of a band, at least; fewer are not worth a pass of their own."""


@dataclass(frozen=True)
class BandedIndex:
    """Searches bands of vectors by falling length, and stops where no shorter vector can be among the best.

    A few bestsellers' vectors are a thousand times as long as the rest. What makes all vectors equally long for
    Annoy would then leave next to no angle between the short ones, so vectors are cut into bands of like length
    (norm-ranging, Yan et al., NeurIPS 2018). An inner product is at most the product of the lengths: with the
    k-th best so far above that of query and band, the rest need not be looked at (LEMP, Teflioudi et al. 2015).

    Parameters
    ----------
    vectors : ndarray
        `(n, dim)`; those of no length are in no band.
    bands : tuple of ndarray
        `(members,) int64` positions of each band, rising; the band of the longest vectors first.
    longest : ndarray
        `(bands,)`, length of each band's longest vector.
    forests : mapping of int to AnnoyIndex
        Of the bands that are too large for exact search.
    """

    vectors: np.ndarray
    bands: tuple[np.ndarray, ...]
    longest: np.ndarray
    forests: Mapping[int, AnnoyIndex]

    @classmethod
    def lay_out(cls, vectors: np.ndarray) -> BandedIndex:
        """Cut vectors into bands, without forests."""
        length = np.linalg.norm(vectors, axis=1)
        order = np.argsort(-length, kind="stable")
        order = order[: np.count_nonzero(length)]
        falling = length[order]
        starts, start = [], 0
        while start < len(order):  # a pass for each halving of the length
            starts.append(start)
            shorter = np.searchsorted(-falling, -_SHORTEST * falling[start], side="right")
            start = max(int(shorter), start + _FEWEST)
        bands = tuple(np.sort(band) for band in np.split(order, starts[1:])) if starts else ()
        return cls(vectors, bands, falling[starts], {})

    def with_forests(self, forests: Mapping[int, AnnoyIndex]) -> BandedIndex:
        """Return the index with Annoy for some bands."""
        return BandedIndex(self.vectors, self.bands, self.longest, forests)

    def large_bands(self, config: RetrievalConfig) -> list[int]:
        """Bands that are searched by Annoy."""
        return [band for band, members in enumerate(self.bands) if is_large(len(members), config)]

    @cached_property
    def by_band(self) -> tuple[np.ndarray, ...]:
        """Vectors of each band, `(members, dim)`."""
        return tuple(self.vectors[members] for members in self.bands)

    def build_forests(self, config: RetrievalConfig, seed: int) -> BandedIndex:
        """Build Annoy for the large bands."""
        forests = {band: AnnoyIndex.build(self.by_band[band], config, seed) for band in self.large_bands(config)}
        return self.with_forests(forests)

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Index.search`; a vector of no length is never found."""
        positions = np.full((len(queries), k), -1, dtype=np.int64)
        products = np.full((len(queries), k), -np.inf)
        length = np.linalg.norm(queries, axis=1)
        for band, members in enumerate(self.bands):
            open_ = np.flatnonzero(length * self.longest[band] > products[:, -1])
            if not len(open_):
                break
            found, product = self._search_band(band, queries[open_], k)
            joined = np.hstack([positions[open_], np.where(found >= 0, members[found], -1)])
            place, products[open_] = largest_of_rows(np.hstack([products[open_], product]), k)
            positions[open_] = np.take_along_axis(joined, place, axis=1)
        return positions, products

    def _search_band(self, band: int, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        if band in self.forests:
            return self.forests[band].search(queries, k)
        return largest_of_rows(queries @ self.by_band[band].T, k)


def lay_out_by_size(vectors: np.ndarray, config: RetrievalConfig) -> ExactIndex | BandedIndex:
    """Search few vectors exactly, many in bands, without forests."""
    return BandedIndex.lay_out(vectors) if is_large(len(vectors), config) else ExactIndex(vectors)

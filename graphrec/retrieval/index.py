"""Exact and approximate search for the largest inner products, behind one interface."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import annoy
import numpy as np

from graphrec.compute.ragged import blocks, largest_of_rows
from graphrec.config import RetrievalConfig
from graphrec.retrieval.annoy_files import check_annoy_file

_SAME = 1e-6
"""Inner products that differ by less than this share are equal: single precision sums in another order."""
_BLOCK = 1024
"""Queries compared with all vectors at once."""


def is_large(vectors: int, config: RetrievalConfig) -> bool:
    """Tell whether so many vectors are searched by Annoy: the one rule for all that is searched by size."""
    return vectors >= max(config.exact_below, 2)


class Index(Protocol):
    """Finds the vectors with the largest inner product with a query."""

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Search `(queries, dim)`.

        Returns
        -------
        positions : ndarray
            `(queries, k) int64`, the best first; -1 where fewer were found.
        products : ndarray
            `(queries, k)`, inner products; -inf where fewer were found.
        """
        ...


@dataclass(frozen=True)
class ExactIndex:
    """Compares every query with every vector: the truth that the other is measured against.

    Parameters
    ----------
    vectors : ndarray
        `(n, dim)`.
    """

    vectors: np.ndarray

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Index.search`; of equal products the smaller position comes first."""
        k = min(k, len(self.vectors))
        positions, products = [np.zeros((0, k), np.int64)], [np.zeros((0, k), self.vectors.dtype)]
        for block in blocks(len(queries), _BLOCK):
            top, found = largest_of_rows(queries[block] @ self.vectors.T, k)
            positions.append(top)
            products.append(found)
        return np.concatenate(positions), np.concatenate(products)


@dataclass(frozen=True)
class AnnoyIndex:
    """Annoy's forest of random splits (https://github.com/spotify/annoy), for the largest inner products.

    Annoy compares angles. One more coordinate gives all vectors the same length, so that the smallest angle is
    the largest inner product (Bachrach et al., RecSys 2014). What Annoy finds is scored again exactly.

    Parameters
    ----------
    forest : annoy.AnnoyIndex
    vectors : ndarray
        `(n, dim)`, those that it was built from.
    search_k : int
        Nodes inspected per query.
    """

    forest: annoy.AnnoyIndex
    vectors: np.ndarray
    search_k: int

    @classmethod
    def build(cls, vectors: np.ndarray, config: RetrievalConfig, seed: int) -> AnnoyIndex:
        """Build the forest; on one thread, since more make it differ from build to build."""
        length = np.linalg.norm(vectors, axis=1)
        last = np.sqrt(np.maximum(length.max() ** 2 - length**2, 0.0))
        forest = annoy.AnnoyIndex(vectors.shape[1] + 1, "angular")
        forest.set_seed(seed)
        for position, vector in enumerate(np.column_stack([vectors, last]).astype(np.float32).tolist()):
            forest.add_item(position, vector)
        forest.build(config.trees, n_jobs=1)
        return cls(forest, vectors, config.search_k)

    @classmethod
    def load(cls, path: Path, vectors: np.ndarray, config: RetrievalConfig) -> AnnoyIndex:
        """Map a saved forest into memory.

        Raises
        ------
        ValueError
            When the file is none that Annoy has written for as many vectors.
        """
        check_annoy_file(path, len(vectors), vectors.shape[1] + 1)
        forest = annoy.AnnoyIndex(vectors.shape[1] + 1, "angular")
        forest.load(str(path))
        return cls(forest, vectors, config.search_k)

    def save(self, path: Path) -> None:
        """Write the forest; the vectors are kept elsewhere."""
        self.forest.save(str(path))

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Index.search`."""
        k = min(k, len(self.vectors))
        padded = np.column_stack([queries, np.zeros(len(queries))]).astype(np.float32).tolist()
        positions = np.full((len(queries), k), -1, dtype=np.int64)
        for row, query in enumerate(padded):  # Annoy takes one query at a time
            found = self.forest.get_nns_by_vector(query, k, search_k=max(self.search_k, k))
            positions[row, : len(found)] = found
        products = np.einsum("qd,qkd->qk", queries, self.vectors[positions])
        products = np.where(positions >= 0, products, -np.inf)
        order = np.lexsort((positions, -products), axis=1)
        return np.take_along_axis(positions, order, axis=1), np.take_along_axis(products, order, axis=1)


def recall_against_exact(index: Index, vectors: np.ndarray, queries: np.ndarray, k: int) -> float:
    """Return the mean share of the exact top k that an index finds.

    What is as near as the exact k-th counts as found: items of one type, brand and price are one point.
    """
    nearest = ExactIndex(vectors).search(queries, k)[1]
    found = index.search(queries, k)[1]
    enough = nearest[:, -1:] - _SAME * np.abs(nearest[:, -1:])
    return float((found >= enough).mean())

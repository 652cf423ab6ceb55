"""Similar links for a log without views: nearest in the catalogue, and bought with the same other items."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import sparse

from graphrec.compute.ragged import blocks, largest_of_rows, row_owners
from graphrec.config import CoViewConfig
from graphrec.graph.pairs import Pairs, top_pairs
from graphrec.graph.product_graph import ProductGraph

_BLOCK = 2048
"""Rows compared at once: bounds memory at `_BLOCK` times the items of a type."""


def substitutes_without_views(
    graph: ProductGraph, item_matrix: np.ndarray, type_codes: np.ndarray, config: CoViewConfig, seed: int
) -> ProductGraph:
    """Fill the similar graph of a log that has no views.

    Links join items of one type that are near in the catalogue, or that are bought with the same other items
    ("shared contexts": rows of a low-rank factorisation of the positive PMI of the co-purchases, after Levy and
    Goldberg 2014). Pairs that are themselves bought together more often than chance are complements, not
    substitutes, and are left out.

    Parameters
    ----------
    graph : ProductGraph
        With complements.
    item_matrix : ndarray
        `(items, features) float32`.
    type_codes : ndarray
        `(items,) int64`.
    config : CoViewConfig
        `nearest_k`, `context_dim`, `top_k`.
    seed : int
        Of the factorisation.
    """
    by_features = nearest_in_type(item_matrix, type_codes, config.nearest_k)
    contexts = context_vectors(graph.complement, config.context_dim, seed)
    known = np.linalg.norm(contexts, axis=1) > 0
    by_contexts = nearest_in_type(contexts, np.where(known, type_codes, -1), config.nearest_k)
    left, right, similarity = (np.concatenate(parts) for parts in zip(by_features, by_contexts, strict=True))
    edge = graph.complement.find(left, right)
    bought_together = (edge >= 0) & (np.append(graph.complement.columns["lift"], 0)[edge] > 1)
    kept = ~bought_together & (left != right) & (similarity > 0)
    source, target = _symmetric(left[kept], right[kept])
    weight = np.tile(similarity[kept], 2)
    links = sparse.coo_matrix((weight, (source, target)), shape=(graph.items, graph.items)).tocsr()
    links.sum_duplicates()
    rows = row_owners(links)
    count = np.zeros(len(rows), dtype=np.int32)
    nothing = np.zeros(len(rows), dtype=np.float32)
    columns = {"count": count, "lift": nothing, "support": nothing}
    similar = top_pairs(graph.items, rows, links.indices.astype(np.int64), links.data, columns, config.top_k)
    return graph.with_similar(similar, ("catalogue", "shared contexts"))


def context_vectors(complement: Pairs, dim: int, seed: int) -> np.ndarray:
    """Describe every item by what it is bought with, `(items, dim) float32`; zeros where nothing is known."""
    positive = np.maximum(np.log(np.maximum(complement.columns["lift"], 1e-9)), 0.0)
    matrix = sparse.csr_matrix(
        (positive.astype(np.float32), complement.indices, complement.indptr), shape=(complement.items,) * 2
    )
    rank = min(dim, complement.items - 1)
    from sklearn.decomposition import TruncatedSVD

    svd = TruncatedSVD(rank, algorithm="randomized", n_iter=4, random_state=seed)
    return np.asarray(svd.fit_transform(matrix), dtype=np.float32)


def nearest_in_type(vectors: np.ndarray, type_codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the `k` nearest items by cosine among those of the same type; negative types are left out.

    Returns
    -------
    left, right : ndarray
        `(n,) int64` codes.
    similarity : ndarray
        `(n,) float32` cosines.
    """
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    order = np.argsort(type_codes, kind="stable")
    edges = np.flatnonzero(np.diff(type_codes[order], prepend=-2, append=type_codes.max(initial=-1) + 1))
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for start, stop in pairwise(edges):
        members = order[start:stop]
        if type_codes[members[0]] < 0 or len(members) < 2:
            continue
        for part in blocks(len(members), _BLOCK):
            block = members[part]
            cosine = unit[block] @ unit[members].T
            cosine[np.arange(len(block)), np.arange(part.start, part.stop)] = -np.inf
            top, nearest = largest_of_rows(cosine, min(k, len(members) - 1))
            found.append((np.repeat(block, top.shape[1]), members[top.ravel()], nearest.ravel()))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    left, right, similarity = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return left, right, similarity.astype(np.float32)


def _symmetric(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([left, right]), np.concatenate([right, left])

"""Scores -> lists: the best k of every row, ties to the popular."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from graphrec.baselines.baseline import Scorer
from graphrec.compute.ragged import blocks, largest_of_rows, offsets

_DECIMALS = 9
"""Places of a scaled score that count; what is left of the last one says which of two equals is more popular."""
_NO_OPINION = -1.5
"""Below every scaled score."""
_CELLS = 2**21
"""Scores that are ranked at once: 16 MB, little enough for the memory of one block to serve the next."""
_MOST_ROWS = 512


def popularity_order(bought: np.ndarray) -> np.ndarray:
    """Return all codes, `(items,) int64`, the most bought first, then by code."""
    return np.lexsort((np.arange(len(bought)), -bought))


def scaled(scores: np.ndarray) -> np.ndarray:
    """Divide each row by its largest absolute score and round, so that the last bits of a sum decide no rank.

    Parameters
    ----------
    scores : ndarray
        `(rows, items) float64`; -inf stays -inf.
    """
    lowest = scores.min(axis=1, initial=0.0, where=scores > -np.inf, keepdims=True)
    largest = np.maximum(scores.max(axis=1, initial=0.0, keepdims=True), -lowest)
    shares = scores / np.where(largest > 0, largest, 1.0)
    return np.asarray(np.round(shares, _DECIMALS, out=shares))


def ranked(
    scores: np.ndarray, bought: np.ndarray, query: np.ndarray, k: int, excluded: sparse.csr_array | None = None
) -> np.ndarray:
    """Rank the best items of every row; the query is never among them.

    What ties, and what the scores have no opinion on, is ordered by popularity, then by code; the latter comes
    after everything that has a score.

    Parameters
    ----------
    scores : ndarray
        `(rows, items) float64`.
    bought : ndarray
        `(items,)`.
    query : ndarray
        `(rows,) int64` codes.
    k : int
    excluded : csr_array, optional
        `(rows, items) bool`: what else must not be in the answer.

    Returns
    -------
    ndarray
        `(rows, k) int64`, -1 where there are no more items.
    """
    rows, items = scores.shape
    favour = np.empty(items)
    favour[popularity_order(bought)] = np.arange(items, 0, -1) / items
    key = scaled(scores)
    np.maximum(key, _NO_OPINION, out=key)
    key += 0.5 * 10.0**-_DECIMALS * favour
    key[np.arange(rows), query] = -np.inf
    if excluded is not None:
        key[excluded.nonzero()] = -np.inf
    top, value = largest_of_rows(key, k)
    padding = np.full((rows, k - top.shape[1]), -1, dtype=np.int64)
    return np.concatenate([np.where(np.isfinite(value), top, -1), padding], axis=1)


def block_rows(items: int) -> int:
    """Return how many rows of scores are worked on at once."""
    return int(np.clip(_CELLS // max(items, 1), 1, _MOST_ROWS))


def rank_codes(
    scorer: Scorer, bought: np.ndarray, query: np.ndarray, k: int, excluded: sparse.csr_array | None = None
) -> np.ndarray:
    """Rank the best items of many queries block by block; each different query is scored once.

    Parameters
    ----------
    scorer : callable
    bought : ndarray
        `(items,)`.
    query : ndarray
        `(queries,) int64` codes, in any order, some of them several times.
    k : int
    excluded : csr_array, optional
        `(queries, items) bool`.

    Returns
    -------
    ndarray
        `(queries, k) int64`, -1 where there are no more items.
    """
    different, which = np.unique(query, return_inverse=True)
    size = block_rows(len(bought))
    if excluded is None:
        codes = (different[part] for part in blocks(len(different), size))
        parts = [ranked(scorer(block), bought, block, k) for block in codes]
        return np.concatenate([np.zeros((0, k), dtype=np.int64), *parts])[which]
    order = np.argsort(which, kind="stable")
    best = np.full((len(query), k), -1, dtype=np.int64)
    starts = offsets(np.bincount(which, minlength=len(different)))
    for block in blocks(len(different), size):
        scores = scorer(different[block])
        asked = order[starts[block.start] : starts[block.stop]]
        for part in blocks(len(asked), size):
            rows = asked[part]
            best[rows] = ranked(scores[which[rows] - block.start], bought, query[rows], k, excluded[rows])
    return best

"""Lists of a baseline at several popularity discounts: its best items, ranked again by score over popularity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from graphrec.evaluation.baselines.baseline import Scorer
from graphrec.evaluation.baselines.ranking import block_rows, ranked, scaled

_POOL = 1_000
"""Best items of each query that are ranked again: more than graphrec has candidates."""
_DECIMALS = 9
_TIE = 1e-13
"""What a place in the plain order weighs, so that it decides between equals alone."""
_BEHIND = 1e6
"""Farther than any discounted score reaches."""


def rank_codes_at_discounts(
    scorer: Scorer,
    bought: np.ndarray,
    query: np.ndarray,
    k: int,
    discounts: Sequence[float],
    ratio: bool,
    excluded: sparse.csr_array | None = None,
) -> np.ndarray:
    r"""Rank by a baseline's score divided by popularity to the power of each discount.

    .. math::
        \mathrm{key}(j \mid i) = f(s_{ij}) - \mathrm{discount} \cdot \log \mathrm{popularity}(j)

    over the query's 1,000 best items. Of counts, probabilities and ratios of such, :math:`f` is the logarithm. Inner
    products have no scale to be held against a popularity: they are standardised over the pool to the spread of its
    log popularities, so that at a discount of 1 both weigh alike. What has no score (0 or less of a ratio, or no
    opinion) stays behind, in its own order; so at a discount of 0 the list is the plain one.

    Parameters
    ----------
    scorer : callable
    bought : ndarray
        `(items,)`: popularity; half a purchase is given to each.
    query : ndarray
        `(queries,) int64` codes.
    k : int
    discounts : sequence of float
    ratio : bool
        Whether scores are counts, probabilities or ratios of such.
    excluded : csr_array, optional
        `(queries, items) bool`: what must not be in the answer.

    Returns
    -------
    ndarray
        `(discounts, queries, k) int64`, -1 where there are no more items.
    """
    log_popularity = np.log((bought + 0.5) / (bought + 0.5).sum())
    lists = np.full((len(discounts), len(query), k), -1, dtype=np.int64)
    size, width = block_rows(len(bought)), max(_POOL, k)
    for start in range(0, len(query), size):
        rows = slice(start, start + size)
        scores = scorer(query[rows])
        pool = ranked(scores, bought, query[rows], width, None if excluded is None else excluded[rows])
        place = np.maximum(pool, 0)
        score = np.take_along_axis(scaled(scores), place, axis=1)
        known = (pool >= 0) & ((score > 0) if ratio else np.isfinite(score))
        plain = _logarithm(score, known) if ratio else _standardised(score, log_popularity[place], known)
        for number, discount in enumerate(discounts):
            key = np.where(known, np.round(plain - discount * log_popularity[place], _DECIMALS), -_BEHIND)
            key -= np.where(known, _TIE, 1.0) * np.arange(width)
            best = np.argpartition(-key, k - 1, axis=1)[:, :k]
            order = np.argsort(-np.take_along_axis(key, best, axis=1), axis=1)
            lists[number, rows] = np.take_along_axis(pool, np.take_along_axis(best, order, axis=1), axis=1)
    return lists


def _logarithm(score: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.log(np.where(known, score, 1.0))


def _standardised(score: np.ndarray, log_popularity: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Give the known scores of each row the mean 0 and the spread of their log popularities."""
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)

    def centred(values: np.ndarray) -> np.ndarray:
        held = np.where(known, values, 0.0)
        return np.where(known, held - held.sum(axis=1, keepdims=True) / count, 0.0)

    deviations, spread = centred(score), np.sqrt((centred(log_popularity) ** 2).sum(axis=1, keepdims=True))
    own_spread = np.sqrt((deviations**2).sum(axis=1, keepdims=True))
    return np.asarray(deviations * spread / np.where(own_spread > 0, own_spread, 1.0))

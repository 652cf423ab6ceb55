"""Lists of a baseline by uplift: its best items, ranked again by what the query changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.ranking import block_rows, ranked
from graphrec.baselines.training_data import TrainingData
from graphrec.compute.ragged import blocks, largest_of_rows

SPECIFICITIES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""Specificities among which a baseline's is chosen."""
_POOL = 1_000
"""Best items of each query that are ranked again: more than graphrec has candidates."""
_DECIMALS = 10
_TIE = 1e-14
"""What a place in the plain order weighs, so that it decides between equals alone."""
_BEHIND = 1e6
"""Farther than any uplift reaches."""


def rank_codes_by_uplift(
    scorer: Scorer,
    data: TrainingData,
    query: np.ndarray,
    k: int,
    specificities: Sequence[float],
    ratio: bool,
    excluded: sparse.csr_array | None = None,
) -> np.ndarray:
    r"""Rank by what the query adds to what anyone buys, once for each specificity.

    .. math::
        P(j \mid i) - \mathrm{specificity} \cdot P(j), \qquad P(j \mid i) = \frac{s_{ij}^+}{\sum_j s_{ij}^+}

    over the query's 1,000 best items; :math:`P(j)` is the item's share of all co-purchases. Inner products are no
    shares of anything, and dividing them by a sum would make some: they and :math:`P(j)` are standardised over the
    pool, so that at a specificity of 1 both weigh alike. What has no score (0 or less, or no opinion) stays behind, in
    its own order; so at a specificity of 0 the list is the plain one.

    Parameters
    ----------
    scorer : callable
    data : TrainingData
    query : ndarray
        `(queries,) int64` codes.
    k : int
    specificities : sequence of float
    ratio : bool
        Whether scores are counts, probabilities or ratios of such.
    excluded : csr_array, optional
        `(queries, items) bool`: what must not be in the answer.

    Returns
    -------
    ndarray
        `(specificities, queries, k) int64`, -1 where there are no more items.
    """
    popularity = co_purchase_shares(data)
    lists = np.full((len(specificities), len(query), k), -1, dtype=np.int64)
    width = max(_POOL, k)
    for rows in blocks(len(query), block_rows(data.items)):
        scores = scorer(query[rows])
        pool = ranked(scores, data.bought, query[rows], width, None if excluded is None else excluded[rows])
        place = np.maximum(pool, 0)
        score = np.take_along_axis(scores, place, axis=1)
        known = (pool >= 0) & ((score > 0) if ratio else np.isfinite(score))
        if ratio:
            likely, anyway = score / _sums(scores, query[rows])[:, None], popularity[place]
        else:
            likely, anyway = _standardised(score, known), _standardised(popularity[place], known)
        # The plain order rounds scores: what it holds for equal must not be told apart here by the last bits.
        likely = np.minimum.accumulate(np.where(known, likely, np.inf), axis=1)
        behind = np.where(known, _TIE, 1.0) * np.arange(width)
        for number, specificity in enumerate(specificities):
            key = np.where(known, np.round(likely - specificity * anyway, _DECIMALS), -_BEHIND) - behind
            lists[number, rows] = np.take_along_axis(pool, largest_of_rows(key, k)[0], axis=1)
    return lists


def co_purchase_shares(data: TrainingData) -> np.ndarray:
    """Share of all co-purchases that each item has part in, `(items,) float64`: P(j)."""
    total = np.asarray(data.counts.sum(axis=1), dtype=np.float64)
    return np.asarray(total / max(float(total.sum()), 1.0))


def scorer_by_uplift(scorer: Scorer, data: TrainingData, specificity: float, ratio: bool) -> Scorer:
    """Score as `rank_codes_by_uplift` ranks, all items; inner products are standardised over all that have one.

    Parameters
    ----------
    scorer : callable
    data : TrainingData
    specificity : float
    ratio : bool
    """
    popularity = co_purchase_shares(data)

    def score(query: np.ndarray) -> np.ndarray:
        scores = scorer(query)
        known = (scores > 0) if ratio else np.isfinite(scores)
        anyway = np.broadcast_to(popularity, scores.shape)
        if ratio:
            uplift = scores / _sums(scores, query)[:, None] - specificity * anyway
        else:
            uplift = _standardised(scores, known) - specificity * _standardised(anyway, known)
        return np.where(known, uplift, scores - _BEHIND)

    return score


def _sums(scores: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Sum what speaks for items other than the query, `(rows,) float64`; 1 where nothing does."""
    speaks = np.maximum(scores, 0.0)
    total = speaks.sum(axis=1) - speaks[np.arange(len(query)), query]
    return np.where(total > 0, total, 1.0)


def _standardised(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Give the known values of each row the mean 0 and the spread 1."""
    held, count = np.where(known, values, 0.0), np.maximum(known.sum(axis=1, keepdims=True), 1)
    deviations = np.where(known, held - held.sum(axis=1, keepdims=True) / count, 0.0)
    spread = np.sqrt((deviations**2).sum(axis=1, keepdims=True) / count)
    return np.asarray(deviations / np.where(spread > 0, spread, 1.0))

"""Ranking metrics over many queries, without a loop; each returns one value per query."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

HitMatrix = np.ndarray
"""`(queries, k) bool`: whether the item at a rank is one of the query's answers."""


def hit_matrix(ranked: np.ndarray, answer_query: np.ndarray, answer_item: np.ndarray) -> HitMatrix:
    """Mark which ranked items are answers.

    Parameters
    ----------
    ranked : ndarray
        `(queries, k) int64` item codes, the best first, -1 where a list is short.
    answer_query, answer_item : ndarray
        `(answers,) int64`: the right items of each query.
    """
    width = int(max(ranked.max(initial=0), answer_item.max(initial=0))) + 2
    answers = answer_query * width + answer_item
    keys = np.arange(len(ranked))[:, None] * width + ranked
    return np.isin(keys, answers) & (ranked >= 0)


def hit_rate(hits: HitMatrix, answers: np.ndarray) -> np.ndarray:
    """1 where any answer is in the list."""
    return np.asarray(hits.any(axis=1), dtype=np.float64)


def precision(hits: HitMatrix, answers: np.ndarray) -> np.ndarray:
    """Share of the k places that hold an answer."""
    return np.asarray(hits.mean(axis=1))


def recall(hits: HitMatrix, answers: np.ndarray) -> np.ndarray:
    """Share of the answers that are in the list."""
    return np.asarray(hits.sum(axis=1) / np.maximum(answers, 1))


def ndcg(hits: HitMatrix, answers: np.ndarray) -> np.ndarray:
    """Discounted gain over the best possible: `sum(hit / log2(rank + 1))` (Jarvelin and Kekalainen 2002)."""
    discount = 1.0 / np.log2(np.arange(2, hits.shape[1] + 2))
    ideal = np.concatenate([[0.0], discount.cumsum()])[np.minimum(answers, hits.shape[1])]
    return np.asarray((hits * discount).sum(axis=1) / np.where(ideal > 0, ideal, 1.0))


def reciprocal_rank(hits: HitMatrix, answers: np.ndarray) -> np.ndarray:
    """One over the rank of the first answer, 0 where there is none."""
    return np.where(hits.any(axis=1), 1.0 / (hits.argmax(axis=1) + 1), 0.0)


METRICS: Mapping[str, Callable[[HitMatrix, np.ndarray], np.ndarray]] = {
    "hit_rate": hit_rate,
    "precision": precision,
    "recall": recall,
    "ndcg": ndcg,
    "mrr": reciprocal_rank,
}
"""Name -> metric of a hit matrix and the number of answers of each query."""

"""Ranking metrics over many questions, without a loop; each returns one value per question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from graphrec.evaluation.questions import Questions

HitMatrix = np.ndarray
"""`(questions, k) bool`: whether the item at a rank is one of the question's answers."""

CUTS = (5, 10, 20)
"""List lengths at which every metric is taken."""


def hit_matrix(ranked: np.ndarray, questions: Questions) -> HitMatrix:
    """Mark which ranked items are answers.

    Parameters
    ----------
    ranked : ndarray
        `(questions, k) int64` item codes, the best first, -1 where a list is short.
    questions : Questions
    """
    width = int(max(ranked.max(initial=0), questions.answer_item.max(initial=0))) + 2
    answers = np.sort(questions.answer_question * width + questions.answer_item)
    if not len(answers):
        return np.zeros(ranked.shape, dtype=bool)
    keys = np.arange(len(ranked))[:, None] * width + ranked
    # numpy.isin would sort the keys as well, which are many more.
    place = np.minimum(np.searchsorted(answers, keys), len(answers) - 1)
    return np.asarray((answers[place] == keys) & (ranked >= 0))


def hit_rate(hits: HitMatrix, answers: np.ndarray) -> np.ndarray:
    """1 where any answer is in the list."""
    return np.asarray(hits.any(axis=1), dtype=np.float64)


def precision(hits: HitMatrix, answers: np.ndarray) -> np.ndarray:
    """Share of the k places that hold an answer."""
    return np.asarray(hits.mean(axis=1))


def recall(hits: HitMatrix, answers: np.ndarray) -> np.ndarray:
    """Share of the answers that are in the list."""
    return np.asarray(hits.sum(axis=1) / np.maximum(answers, 1))


def capped_recall(hits: HitMatrix, answers: np.ndarray) -> np.ndarray:
    """Share of the answers that the list could hold which are in it: `hits / min(k, answers)` (Liang et al. 2018)."""
    return np.asarray(hits.sum(axis=1) / np.maximum(np.minimum(answers, hits.shape[1]), 1))


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
    "capped_recall": capped_recall,
    "ndcg": ndcg,
    "mrr": reciprocal_rank,
}
"""Name -> metric of a hit matrix and the number of answers of each question."""


def weighted_recall(hits: HitMatrix, ranked: np.ndarray, questions: Questions, weight: np.ndarray) -> np.ndarray:
    """Share of the answers' weight that is in the list.

    With weights of one over popularity, a list of bestsellers earns little (Steck 2011).

    Parameters
    ----------
    hits : HitMatrix
    ranked : ndarray
        `(questions, k) int64`.
    questions : Questions
    weight : ndarray
        `(items,) float64`.
    """
    found = np.where(hits, weight[ranked], 0.0).sum(axis=1)
    total = np.bincount(questions.answer_question, weight[questions.answer_item], minlength=len(questions))
    return np.asarray(found / np.where(total > 0, total, 1.0))


def type_recall(ranked: np.ndarray, questions: Questions, types: np.ndarray) -> np.ndarray:
    """Share of the answers' different types that the list holds.

    Parameters
    ----------
    ranked : ndarray
        `(questions, k) int64`.
    questions : Questions
    types : ndarray
        `(items,) int64`.
    """
    width = int(types.max(initial=0)) + 2
    wanted = np.unique(questions.answer_question * width + types[questions.answer_item])
    listed = np.where(ranked >= 0, types[ranked], -1)
    held = np.isin(wanted, np.arange(len(ranked))[:, None] * width + listed)
    question = wanted // width
    total = np.bincount(question, minlength=len(questions))
    return np.asarray(np.bincount(question, held, minlength=len(questions)) / np.maximum(total, 1))


def ranking_metrics(hits: HitMatrix, answers: np.ndarray, cuts: Sequence[int] = CUTS) -> dict[str, np.ndarray]:
    """Take the metrics of ranking at every cut, each `(questions,) float64`, named as `ndcg@10`.

    Parameters
    ----------
    hits : HitMatrix
        At least as wide as the largest cut.
    answers : ndarray
        `(questions,)`.
    cuts : sequence of int
    """
    return {f"{name}@{cut}": metric(hits[:, :cut], answers) for cut in cuts for name, metric in METRICS.items()}


def metrics_per_question(
    ranked: np.ndarray, questions: Questions, bought: np.ndarray, types: np.ndarray
) -> dict[str, np.ndarray]:
    """Take every metric at every cut, each `(questions,) float64`.

    Parameters
    ----------
    ranked : ndarray
        `(questions, k) int64`, k at least the largest cut.
    questions : Questions
    bought : ndarray
        `(items,)`, baskets before the cut that hold an item: its popularity.
    types : ndarray
        `(items,) int64`.
    """
    weight = 1.0 / (bought + 1.0)
    hits = hit_matrix(ranked, questions)
    values = ranking_metrics(hits, questions.answers)
    for cut in CUTS:
        values[f"weighted_recall@{cut}"] = weighted_recall(hits[:, :cut], ranked[:, :cut], questions, weight)
        values[f"type_recall@{cut}"] = type_recall(ranked[:, :cut], questions, types)
    return values

"""Ranking metrics over many questions, without a loop; each returns one value per question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from graphrec.compute.ragged import is_among
from graphrec.evaluation.questions import Questions

HitMatrix = np.ndarray
"""`(questions, k) bool`: whether the item at a rank is one of the question's answers."""

GainMatrix = np.ndarray
"""`(questions, k) float64`: what the item at a rank is worth; of the hits themselves 1 or 0."""

CUTS = (5, 10, 20)
"""List lengths at which every metric is taken."""

BEYOND_CHANCE, PLAIN = "ndcg_beyond_chance@10", "ndcg@10"
"""The two headlines: NDCG of the gains beyond chance, and of the hits, by which models of given links are ordered."""


def hit_matrix(ranked: np.ndarray, questions: Questions) -> HitMatrix:
    """Mark which ranked items are answers.

    Parameters
    ----------
    ranked : ndarray
        `(questions, k) int64` item codes, the best first, -1 where a list is short.
    questions : Questions
    """
    # One wider than the codes need, so that the -1 of a short list is nobody's code in the row before.
    width = int(max(ranked.max(initial=0), questions.answer_item.max(initial=0))) + 2
    answers = np.sort(questions.answer_question * width + questions.answer_item)
    keys = np.arange(len(ranked))[:, None] * width + ranked
    return is_among(answers, keys)


def answer_shares(questions: Questions, items: int) -> np.ndarray:
    """Share of all answers that each item is, `(items,) float64`: chance, within a part of the questions."""
    count = np.bincount(questions.answer_item, minlength=items)
    return np.asarray(count / max(int(count.sum()), 1))


def row_shares(questions: Questions, items: int) -> np.ndarray:
    """Share of all rows of the asked baskets that hold each item, `(items,) float64`: chance, over whole baskets.

    Parameters
    ----------
    questions : Questions
        One a basket: its query and its answers are all rows of it.
    items : int
    """
    rows = np.concatenate([questions.query, questions.answer_item])
    return np.asarray(np.bincount(rows, minlength=items) / max(len(rows), 1))


def gains_beyond_chance(hits: HitMatrix, ranked: np.ndarray, answers: np.ndarray, share: np.ndarray) -> GainMatrix:
    r"""Subtract from every hit what the same item would find in a stranger's basket of the same length.

    .. math::
        \mathrm{gain} = \mathrm{hit} - \min(1, \mathrm{share}_j \cdot m)

    of item j in a question about a basket with m other items. What everybody buys earns about nothing: the expected
    co-purchases of Smith and Linden, "Two Decades of Recommender Systems at Amazon.com", 2017.

    Parameters
    ----------
    hits : HitMatrix
    ranked : ndarray
        `(questions, k) int64` item codes, -1 where a list is short: no gain.
    answers : ndarray
        `(questions,)`: m.
    share : ndarray
        `(items,) float64`: as of `row_shares`, or of `answer_shares` for a part of the questions.
    """
    chance = np.minimum(share[ranked] * answers[:, None], 1.0)
    return np.asarray(np.where(ranked >= 0, hits - chance, 0.0))


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


def ndcg(gains: GainMatrix, answers: np.ndarray) -> np.ndarray:
    """Discounted gain over the best possible: `sum(gain / log2(rank + 1))` (Jarvelin and Kekalainen 2002).

    The best possible is a hit of worth 1 at every place that an answer could take, whatever the gains.
    """
    discount = _discount(gains)
    return np.asarray((gains * discount).sum(axis=1) / _ideal(discount, answers))


def ndcg_of_places(gains: GainMatrix, answers: np.ndarray) -> np.ndarray:
    """Say what each place adds to the NDCG of its list, `(questions, k) float64`."""
    discount = _discount(gains)
    return np.asarray(gains * discount / _ideal(discount, answers)[:, None])


def _discount(gains: GainMatrix) -> np.ndarray:
    return np.asarray(1.0 / np.log2(np.arange(2, gains.shape[1] + 2)))


def _ideal(discount: np.ndarray, answers: np.ndarray) -> np.ndarray:
    ideal = np.concatenate([[0.0], discount.cumsum()])[np.minimum(answers, len(discount))]
    return np.where(ideal > 0, ideal, 1.0)


def total_gain(gains: GainMatrix, answers: np.ndarray) -> np.ndarray:
    """Sum the gains of a list."""
    return np.asarray(gains.sum(axis=1))


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
GAIN_METRICS: Mapping[str, Callable[[GainMatrix, np.ndarray], np.ndarray]] = {
    "hits_beyond_chance": total_gain,
    "ndcg_beyond_chance": ndcg,
}
"""Name -> metric of the gains beyond chance and the number of answers of each question."""


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


def metrics_beside_chance(
    ranked: np.ndarray, questions: Questions, share: np.ndarray, cuts: Sequence[int] = CUTS
) -> dict[str, np.ndarray]:
    """Take the metrics of ranking at every cut, plain and beyond chance, each `(questions,) float64`.

    Parameters
    ----------
    ranked : ndarray
        `(questions, k) int64`, k at least the largest cut.
    questions : Questions
    share : ndarray
        `(items,) float64`: as of `gains_beyond_chance`.
    cuts : sequence of int
    """
    hits = hit_matrix(ranked, questions)
    gains = gains_beyond_chance(hits, ranked, questions.answers, share)
    answers = questions.answers
    beyond = {f"{name}@{cut}": metric(gains[:, :cut], answers) for cut in cuts for name, metric in GAIN_METRICS.items()}
    return beyond | ranking_metrics(hits, answers, cuts)


def metrics_per_question(
    ranked: np.ndarray, questions: Questions, share: np.ndarray, bought: np.ndarray, types: np.ndarray
) -> dict[str, np.ndarray]:
    """Take every metric at every cut, each `(questions,) float64`.

    Parameters
    ----------
    ranked : ndarray
        `(questions, k) int64`, k at least the largest cut.
    questions : Questions
    share : ndarray
        `(items,) float64`: as of `gains_beyond_chance`.
    bought : ndarray
        `(items,)`, baskets before the cut that hold an item: its popularity.
    types : ndarray
        `(items,) int64`.
    """
    weight = 1.0 / (bought + 1.0)
    hits = hit_matrix(ranked, questions)
    values = metrics_beside_chance(ranked, questions, share)
    for cut in CUTS:
        values[f"weighted_recall@{cut}"] = weighted_recall(hits[:, :cut], ranked[:, :cut], questions, weight)
        values[f"type_recall@{cut}"] = type_recall(ranked[:, :cut], questions, types)
    return values

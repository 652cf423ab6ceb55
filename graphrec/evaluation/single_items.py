"""Single items that hold up a model's score, and the score without them: one promoted item can be a whole cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graphrec.evaluation.metrics import gains_beyond_chance, hit_matrix, ndcg_of_places
from graphrec.evaluation.questions import Questions

_PLACES = 10
_LARGE = 0.05
"""Share of a score from which a single item is named."""


@dataclass(frozen=True)
class SingleItems:
    """Items that hold more than 5% of a score.

    Parameters
    ----------
    item : ndarray
        `(n,) int64` codes, the largest part first.
    share : ndarray
        `(n,) float64`: of the score.
    without : float
        The score when the places that hold them are worth nothing.
    """

    item: np.ndarray
    share: np.ndarray
    without: float


def single_items(ranked: Sequence[np.ndarray], questions: Questions, chance: np.ndarray) -> SingleItems:
    """Find the items that hold more than 5% of an NDCG@10, of the lists of all seeds together.

    Parameters
    ----------
    ranked : sequence of ndarray
        One a seed, `(questions, k) int64`.
    questions : Questions
    chance : ndarray
        `(items,) float64`: as of `gains_beyond_chance`; zeros for the plain NDCG.
    """
    held = np.zeros(len(chance))
    for one in ranked:
        top = one[:, :_PLACES]
        gains = gains_beyond_chance(hit_matrix(top, questions), top, questions.answers, chance)
        worth = ndcg_of_places(gains, questions.answers)
        held += np.bincount(top[top >= 0], worth[top >= 0], minlength=len(chance))
    held /= max(len(ranked) * len(questions), 1)
    score = float(held.sum())
    large = np.flatnonzero(held > _LARGE * score) if score > 0 else np.zeros(0, dtype=np.int64)
    item = large[np.argsort(-held[large], kind="stable")]
    return SingleItems(item, held[item] / max(score, 1e-12), score - float(held[item].sum()))

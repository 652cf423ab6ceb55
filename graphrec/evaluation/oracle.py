"""The ceiling: lists of the answers themselves, of all that a model can score."""

from __future__ import annotations

import numpy as np

from graphrec.compute.ragged import largest_of_groups, padded
from graphrec.evaluation.questions import Questions

ORACLE = "oracle (the answers themselves)"
"""On the leaderboard."""


def answer_lists(questions: Questions, worth: np.ndarray, k: int) -> np.ndarray:
    """List the answers of each question, the most worth first, `(questions, k) int64`, -1 beyond.

    Untouched items are among them: models score all items of the catalogue, by the rows of those that nobody bought.
    No ranking has a higher recall or NDCG at any cut; with one over popularity as the worth, none has a higher
    weighted recall, and with what is beyond chance, none a higher NDCG beyond chance.

    Parameters
    ----------
    questions : Questions
    worth : ndarray
        `(items,)`.
    k : int
    """
    question, item = questions.answer_question, questions.answer_item
    best = largest_of_groups(question, worth[item], k, item)
    return padded(question[best], item[best], (len(questions), k))

"""The ceiling: lists of the answers themselves, of all that a model can score."""

from __future__ import annotations

import numpy as np

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
    order = np.lexsort((item, -worth[item], question))
    question, item = question[order], item[order]
    rank = np.arange(len(question)) - np.searchsorted(question, question)
    ranked = np.full((len(questions), k), -1, dtype=np.int64)
    ranked[question[rank < k], rank[rank < k]] = item[rank < k]
    return ranked

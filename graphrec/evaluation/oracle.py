"""The ceiling: lists of the answers themselves, as far as any ranking of what was known could hold them."""

from __future__ import annotations

import numpy as np

from graphrec.evaluation.questions import Questions

ORACLE = "oracle (the answers, of what is known)"
"""On the leaderboard."""


def answer_lists(questions: Questions, known: np.ndarray, bought: np.ndarray, k: int) -> np.ndarray:
    """List the known answers of each question, the rarest first, `(questions, k) int64`, -1 beyond.

    No ranking has a higher recall, NDCG or weighted recall at any cut.

    Parameters
    ----------
    questions : Questions
    known : ndarray
        `(answers,) bool`: answers that a ranking could hold.
    bought : ndarray
        `(items,)`: popularity.
    k : int
    """
    question, item = questions.answer_question[known], questions.answer_item[known]
    order = np.lexsort((item, bought[item], question))
    question, item = question[order], item[order]
    rank = np.arange(len(question)) - np.searchsorted(question, question)
    ranked = np.full((len(questions), k), -1, dtype=np.int64)
    ranked[question[rank < k], rank[rank < k]] = item[rank < k]
    return ranked

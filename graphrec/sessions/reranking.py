"""Reranking by session, for many at once: candidates with their scores -> their order after what a shopper did."""

from __future__ import annotations

import numpy as np

from graphrec.sessions.fitting import candidate_log_probabilities
from graphrec.sessions.session_lstm import SessionLstm
from graphrec.sessions.sessions import SessionMatrix

LEAST_SCORE = 1e-12
"""Score that stands for none in a logarithm."""


def pool_size(k: int, steps: int) -> int:
    """Say how many candidates are reranked for a list of k: a session may take as many out as it has steps.

    Parameters
    ----------
    k : int
    steps : int
        Events of the session; without any there is nothing to rerank by.
    """
    return max(5 * k, 50) + steps if steps else k


def reranked_order(
    model: SessionLstm, weight: float, sessions: SessionMatrix, item: np.ndarray, score: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""Order the candidates of each session, the best first.

    .. math:: \log \mathrm{score}(j) + w \log P(j \mid s)

    Ties are broken by code.

    Parameters
    ----------
    model : SessionLstm
    weight : float
        `rerank.weight`.
    sessions : SessionMatrix
        None of them empty.
    item : ndarray
        `(sessions, candidates) int64` codes, -1 where there is none: these come last.
    score : ndarray
        `(sessions, candidates) float64`.

    Returns
    -------
    order : ndarray
        `(sessions, candidates) int64` places.
    total : ndarray
        `(sessions, candidates) float64`, the log-score by which they are ordered, place by place as given.
    """
    likely = candidate_log_probabilities(model, sessions, np.maximum(item, 0))
    total = np.where(item >= 0, np.log(np.maximum(score, LEAST_SCORE)) + weight * likely, -np.inf)
    return np.lexsort((item, -total), axis=1), total

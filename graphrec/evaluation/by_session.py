"""Lists that know what the shopper did before: the LSTM's reranking, and the rule that repeats the last item."""

from __future__ import annotations

import numpy as np
import torch

from graphrec.baselines import TrainingData, popularity_order, repeat_last
from graphrec.compute.ragged import offsets
from graphrec.evaluation.exam import History
from graphrec.model import Model
from graphrec.sessions import SessionMatrix, candidate_log_probabilities

_POOL = 50
"""Candidates of each query that are reranked, as many as `Recommender.recommend` takes for ten."""
_AT_ONCE = 512


def repeated(data: TrainingData, query: np.ndarray, history: History, k: int) -> np.ndarray:
    """List what was touched last, then the most popular, `(questions, k) int64`."""
    return repeat_last(history.question, history.item, query, popularity_order(data.held), k)


def reranked(model: Model, query: np.ndarray, history: History, k: int) -> np.ndarray:
    """Rerank the complements of each question by its session, `(questions, k) int64`.

    Parameters
    ----------
    model : Model
    query : ndarray
        `(questions,) int64`.
    history : History
        Questions without one keep their order.
    k : int
    """
    items, scores = _pools(model, query)
    sessions = _sessions(history, len(query), model.config.rerank.max_length)
    with_history = np.flatnonzero(sessions.length.numpy())
    # A list is not in the order of its scores: without a session it stays in its own.
    total = np.tile(-np.arange(items.shape[1], dtype=np.float64), (len(items), 1))
    total[with_history] = np.log(np.maximum(scores[with_history], 1e-12))
    blocks = np.array_split(with_history, max(1, len(with_history) // _AT_ONCE)) if len(with_history) else []
    for block in blocks:
        likely = candidate_log_probabilities(
            model.session_model, sessions.rows(torch.from_numpy(block)), np.maximum(items[block], 0)
        )
        total[block] += model.config.rerank.weight * likely
    order = np.argsort(-np.where(items >= 0, total, -np.inf), axis=1, kind="stable")[:, :k]
    return np.take_along_axis(items, order, axis=1)


def _pools(model: Model, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank the candidates of each question, `(questions, pool)` codes and scores."""
    codes, place = np.unique(query, return_inverse=True)
    ranking = model.rank(model.carts(list(codes[:, None])), _POOL)
    items = np.full((len(codes), _POOL), -1, dtype=np.int64)
    scores = np.zeros((len(codes), _POOL))
    items[ranking.query, ranking.rank - 1] = ranking.item
    scores[ranking.query, ranking.rank - 1] = ranking.score
    return items[place], scores[place]


def _sessions(history: History, questions: int, longest: int) -> SessionMatrix:
    """Lay out the last events of each question's session, the oldest first."""
    steps = np.bincount(history.question, minlength=questions)
    start, length = offsets(steps)[:-1], np.minimum(steps, longest)
    # The history is latest first: its place `length - 1 - column` is the column from the oldest on.
    column = length[:, None] - 1 - np.arange(longest)
    real = column >= 0
    place = np.where(real, start[:, None] + column, 0)
    items, kinds = (np.append(values, 0)[place] for values in (history.item, history.kind))
    return SessionMatrix(
        torch.from_numpy(np.where(real, items, 0)),
        torch.from_numpy(np.where(real, kinds, 0)),
        torch.from_numpy(length.astype(np.int64)),
    )

"""Lists that know what the shopper did before: those of `Recommender.recommend`."""

from __future__ import annotations

import numpy as np
import torch

from graphrec.compute.ragged import offsets
from graphrec.evaluation.question_sets import History
from graphrec.events import VIEW
from graphrec.model import Model
from graphrec.sessions import SessionMatrix, pool_size, reranked_order

_AT_ONCE = 512


def recommended(model: Model, query: np.ndarray, history: History, k: int) -> np.ndarray:
    """Answer each question as `Recommender.recommend` does with its session, `(questions, k) int64`.

    Parameters
    ----------
    model : Model
    query : ndarray
        `(questions,) int64`.
    history : History
        What was carted is not listed; questions without a history get the list of their query.
    k : int
    """
    length = np.bincount(history.question, minlength=len(query))
    sessions = _sessions(history, len(query), model.config.rerank.max_length)
    taken = history.kind != VIEW
    keys = history.question[taken] * len(model.catalogue) + history.item[taken]
    ranked = np.full((len(query), k), -1, dtype=np.int64)
    # Sessions of one length are answered together: so many candidates are reranked as their length says.
    for steps in np.unique(length):
        asked = np.flatnonzero(length == steps)
        for rows in np.array_split(asked, len(asked) // _AT_ONCE + 1):
            item, score = _pools(model, query[rows], pool_size(k, int(steps)))
            if steps:
                out = np.isin(rows[:, None] * len(model.catalogue) + item, keys)
                item = np.where(out, -1, item)
                of_rows = sessions.rows(torch.from_numpy(rows))
                order, _ = reranked_order(model.session_model, model.config.rerank.weight, of_rows, item, score)
                item = np.take_along_axis(item, order, axis=1)
            ranked[rows] = item[:, :k]
    return ranked


def _pools(model: Model, query: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Rank the candidates of each question, `(questions, size)` codes and scores."""
    codes, place = np.unique(query, return_inverse=True)
    ranking = model.rank(model.carts(list(codes[:, None])), size)
    items = np.full((len(codes), size), -1, dtype=np.int64)
    scores = np.zeros((len(codes), size))
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

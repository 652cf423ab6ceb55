"""Sessions are laid out as they were, and the LSTM learns what follows what."""

import numpy as np
import pytest
import torch

from graphrec.compute.run import Run
from graphrec.config import RerankConfig
from graphrec.sessions import (
    SessionItems,
    SessionMatrix,
    candidate_log_probabilities,
    fit_session_model,
    session_matrix,
)


def step(session, minute, item, kind="view"):
    return {"session": session, "time": f"2024-01-01 10:{minute:02d}", "item": item, "kind": kind}


def test_sessions_keep_their_order_and_their_end(make_events):
    rows = [step(1, 2, "c"), step(1, 0, "a"), step(1, 1, "b", "cart"), step(2, 5, "a"), step(2, 6, "a")]
    matrix = session_matrix(make_events(rows), max_length=2, max_sessions=10, seed=0)
    assert matrix.items.tolist() == [[1, 2]]  # the last two of session 1; session 2 never moved
    assert matrix.kinds.tolist() == [[1, 0]]


def test_a_session_that_stands_still_at_its_end_is_left_out(make_events):
    rows = [step(1, 0, "a"), step(1, 1, "b"), step(1, 2, "b"), step(1, 3, "b"), step(2, 0, "a"), step(2, 1, "b")]
    events = make_events(rows)
    assert len(session_matrix(events, max_length=3, max_sessions=9, seed=0)) == 1
    assert len(session_matrix(events, max_length=4, max_sessions=9, seed=0)) == 2


def walks(follows, rng, sessions=1500, length=6):
    items = np.zeros((sessions, length), dtype=np.int64)
    items[:, 0] = rng.integers(0, 20, sessions)
    for place in range(1, length):
        items[:, place] = follows(items[:, place - 1])
    kinds = torch.zeros((sessions, length), dtype=torch.long)
    return SessionMatrix(torch.from_numpy(items), kinds, torch.full((sessions,), length))


@pytest.mark.parametrize(("planted", "low", "high"), [(True, 0.9, 1.0), (False, 0.0, 0.35)])
def test_next_items_are_found_where_they_are_planted_only(planted, low, high):
    rng = np.random.default_rng(0)

    def follows(item):
        return (item + 7) % 20 if planted else rng.integers(0, 20, len(item))

    embeddings = np.random.default_rng(1).standard_normal((20, 16)).astype(np.float32)
    types, prices = np.zeros(20, dtype=np.int64), np.zeros((20, 3), dtype=np.float32)
    items = SessionItems(embeddings, types, prices, np.ones(20), 1)
    config = RerankConfig(hidden=32, batch=64, epochs=4, negatives=64, learning_rate=0.01)
    model, _ = fit_session_model(items, walks(follows, rng), walks(follows, rng, 200), config, Run(0))
    hits = 0
    for start in range(20):
        session = SessionMatrix.of_one(np.array([(start + 1) % 20, start]), np.zeros(2, dtype=np.int64), 1)
        likely = candidate_log_probabilities(model, session, np.arange(20)[None])[0]
        assert np.exp(likely).sum() == pytest.approx(1)
        hits += likely.argmax() == (start + 7) % 20
    assert low <= hits / 20 <= high

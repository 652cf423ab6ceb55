"""What the session LSTM reads of an event, each told apart by it alone, and that its probabilities are no artefact."""

import numpy as np
import pytest
import torch

from graphrec.compute.run import Run
from graphrec.config import RerankConfig
from graphrec.sessions import SessionItems, SessionMatrix, candidate_log_probabilities, fit_session_model

STARTS, ENDS = 3, 6
"""Items 0 to 2 begin a session, items 3 to 8 end it."""
ITEMS = STARTS + ENDS
CONFIG = {"hidden": 16, "batch": 64, "epochs": 6, "negatives": 32, "learning_rate": 0.02}


def steps(items, kinds):
    """Lay out sessions of as many events as there are columns."""
    items, kinds = (torch.from_numpy(np.asarray(rows, dtype=np.int64)) for rows in (items, kinds))
    return SessionMatrix(items, kinds, torch.full((len(items),), items.shape[1]))


def fitted(sessions, popularity=None, types=None, prices=None, **settings):
    """Train on sessions over items of which those that begin have one embedding."""
    embeddings = np.random.default_rng(1).standard_normal((ITEMS, 12)).astype(np.float32)
    embeddings[:STARTS] = embeddings[0]
    items = SessionItems(
        embeddings,
        np.zeros(ITEMS, dtype=np.int64) if types is None else types,
        np.zeros((ITEMS, 3), dtype=np.float32) if prices is None else prices,
        np.ones(ITEMS) if popularity is None else popularity,
        STARTS,
    )
    held_out = sessions.rows(torch.arange(100))
    return fit_session_model(items, sessions, held_out, RerankConfig(**(CONFIG | settings)), Run(0))


def after(model, begin, kind, candidates):
    """Ask for the log-probabilities of candidates after a session of one event."""
    session = SessionMatrix.of_one(np.array([begin]), np.array([kind]), 1)
    return candidate_log_probabilities(model, session, candidates[None])[0]


@pytest.mark.parametrize("told_by", ["kinds", "prices", "types"])
def test_each_thing_that_is_known_of_an_event_can_tell_what_comes_next(told_by):
    tells = np.random.default_rng(0).integers(0, STARTS, 1_000)
    begins, kinds = (tells, np.zeros_like(tells)) if told_by != "kinds" else (np.zeros_like(tells), tells)
    prices, types = np.zeros((ITEMS, 3), dtype=np.float32), np.zeros(ITEMS, dtype=np.int64)
    if told_by == "prices":
        prices[:STARTS, 0] = [-2.0, 0.0, 2.0]
    if told_by == "types":
        types[:STARTS] = np.arange(STARTS)
    sessions = steps(np.stack([begins, STARTS + tells], axis=1), np.stack([kinds, np.zeros_like(kinds)], axis=1))
    model, _ = fitted(sessions, types=types, prices=prices)
    for told in range(STARTS):
        begin, kind = (told, 0) if told_by != "kinds" else (0, told)
        likely = after(model, begin, kind, np.arange(ITEMS))
        assert likely.argmax() == STARTS + told


def test_what_is_a_negative_often_is_as_likely_as_it_is_met():
    """The next item is drawn by popularity alone: its probability must be its share, popular as it is."""
    rng = np.random.default_rng(0)
    share = np.array([0.7, 0.14, 0.07, 0.04, 0.03, 0.02])
    ends = STARTS + rng.choice(ENDS, 1_500, p=share)
    sessions = steps(np.stack([np.zeros_like(ends), ends], axis=1), np.zeros((len(ends), 2)))
    popularity = np.concatenate([[1_500.0, 0.0, 0.0], 1_500 * share])
    model, _ = fitted(sessions, popularity, epochs=4, negatives=128)
    likely = np.exp(after(model, 0, 0, np.arange(STARTS, ITEMS)))
    np.testing.assert_allclose(likely, share, atol=0.1)


def test_negatives_are_drawn_by_the_power_that_is_set():
    sessions = steps(np.random.default_rng(0).integers(0, ITEMS, (400, 3)), np.zeros((400, 3)))
    popularity = np.arange(ITEMS) ** 2.0
    curves = {fitted(sessions, popularity, negative_power=power, epochs=1)[1] for power in (0.0, 0.75, 1.0)}
    assert len(curves) == 3

"""Neighbours of sessions: equal to the plain loops of the papers, on sessions drawn at random."""

import math

import numpy as np
import pytest

from graphrec.sessions.neighbours import SessionIndex, stan, v_sknn, vstan
from tests.sessions.small_sessions import session_log

ITEMS = 30


@pytest.fixture(scope="module")
def sessions():
    rng = np.random.default_rng(0)
    return [rng.integers(0, ITEMS, rng.integers(1, 9)).tolist() for _ in range(220)]


def last_place(session):
    return {item: len(session) - 1 - place for place, item in enumerate(session)}


def by_loops(earlier, session, neighbours, recent, seen, shared, item_decay):
    own, length = last_place(session), len(session)
    sharing = [number for number, one in enumerate(earlier) if own.keys() & set(one)]
    compared = sorted(sharing, reverse=True)[:recent]
    similarity = {
        number: sum(seen(own[item], length) for item in own.keys() & set(earlier[number]))
        / math.sqrt(len(set(earlier[number])))
        for number in compared
    }
    best = sorted(compared, key=lambda number: (-similarity[number], -number))[:neighbours]
    scores = np.zeros(ITEMS)
    for number in best:
        back = min(own[item] for item in own.keys() & set(earlier[number]))
        place = last_place(earlier[number])
        met = next(place[item] for item in own if own[item] == back)
        for item, at in place.items():
            near = 1.0 if item_decay is None else math.exp(-abs(at - met) / item_decay)
            scores[item] += similarity[number] * shared(back, length) * near
    return scores


@pytest.mark.parametrize(
    ("rule", "seen", "shared", "item_decay"),
    [
        (v_sknn(15, 40), lambda b, n: (n - b) / n, lambda b, n: 1 / (b + 1), None),
        (stan(15, 40, 1.5, 0.9), lambda b, n: math.exp(-b / 1.5), lambda b, n: 1.0, 0.9),
        (vstan(15, 40, 1.5, 0.9, 2.0), lambda b, n: math.exp(-b / 1.5), lambda b, n: math.exp(-b / 2.0), 0.9),
    ],
    ids=["V-SKNN", "STAN", "VSTAN"],
)
def test_the_scores_are_those_of_plain_loops(sessions, rule, seen, shared, item_decay):
    earlier, later = sessions[:200], sessions[200:]
    scores = SessionIndex.of(session_log(earlier), ITEMS).scores(session_log(later), rule).toarray()
    wanted = [by_loops(earlier, one, 15, 40, seen, shared, item_decay) for one in later]
    np.testing.assert_allclose(scores, wanted, rtol=1e-9)


def test_a_session_of_new_items_has_no_neighbours_and_one_of_nothing_neither(sessions):
    index = SessionIndex.of(session_log(sessions), ITEMS + 2)
    assert index.scores(session_log([[ITEMS], [], [ITEMS + 1, ITEMS]]), v_sknn(10, 20)).nnz == 0
    assert index.scores(session_log([]), v_sknn(10, 20)).shape == (0, ITEMS + 2)


def test_only_the_latest_sessions_are_compared():
    index = SessionIndex.of(session_log([[0, 1], [0, 2], [0, 3]]), 4)
    assert index.scores(session_log([[0]]), v_sknn(5, 2)).toarray()[0].nonzero()[0].tolist() == [0, 2, 3]
    assert index.scores(session_log([[0]]), v_sknn(1, 5)).toarray()[0].nonzero()[0].tolist() == [0, 3]

"""Which steps of later sessions are asked about, worked out by hand."""

import numpy as np

from graphrec.evaluation.next_items.metrics import coverage, mean_popularity, metrics_of_ranks, ranks
from graphrec.evaluation.next_items.steps import asked_steps, cold_steps
from tests.sessions.small_sessions import session_log

LATER = session_log([[0, 1, 9, 1], [2], [9, 3, 0, 0], [9, 9]])
KNOWN = np.array([True] * 9 + [False])


def seen_of(steps):
    log = steps.seen
    return [log.item[a:b].tolist() for a, b in zip(log.start[:-1], log.start[1:], strict=True)]


def test_steps_to_known_items_are_asked_by_the_known_items_before_them():
    steps = asked_steps(LATER, KNOWN, most=10, seed=0)
    assert seen_of(steps) == [[0], [0, 1], [3], [3, 0]]
    assert steps.target.tolist() == [1, 1, 0, 0]
    assert steps.last.tolist() == [False, True, False, True]
    assert len(np.unique(steps.session)) == 2


def test_steps_to_items_that_nobody_had_touched_are_asked_apart():
    steps = cold_steps(LATER, KNOWN, most=10, seed=0)
    assert seen_of(steps) == [[0, 1]]
    assert steps.target.tolist() == [9]


def test_at_most_so_many_sessions_are_drawn():
    steps = asked_steps(LATER, KNOWN, most=1, seed=0)
    assert len(np.unique(steps.session)) == 1


def test_the_parts_of_the_steps():
    steps = asked_steps(session_log([[0, 1, 0, *range(9), 0]]), KNOWN, most=10, seed=0)
    parts = steps.segments(10)
    assert parts["new to the session"].nonzero()[0].tolist() == [0, *range(4, 11)]
    assert (parts["seen before"] == ~parts["new to the session"]).all()
    assert parts["first step"].nonzero()[0].tolist() == [0]
    assert parts["long sessions"].nonzero()[0].tolist() == [9, 10, 11]
    assert parts["last item"].nonzero()[0].tolist() == [11]


def test_metrics_of_a_rank():
    lists = np.array([[4, 7, 2], [4, 7, -1], [4, 7, 2]])
    rank = ranks(lists, np.array([4, 2, 2]))
    assert rank.tolist() == [1, 0, 3]
    found = metrics_of_ranks(rank)
    assert found["recall@5"].tolist() == [1, 0, 1]
    np.testing.assert_allclose(found["precision@5"], [0.2, 0, 0.2])
    np.testing.assert_allclose(found["mrr@20"], [1, 0, 1 / 3])
    np.testing.assert_allclose(found["ndcg@10"], [1, 0, 0.5])
    assert metrics_of_ranks(np.array([7]))["recall@5"].tolist() == [0]


def test_whole_lists():
    lists = np.array([[4, 7, 2], [4, -1, -1]])
    assert coverage(lists, np.ones(6, dtype=bool)) == 0.5
    assert mean_popularity(lists, np.arange(10)) == (4 + 7 + 2 + 4) / 4

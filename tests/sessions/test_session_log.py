"""Sessions as flat arrays, on values worked out by hand."""

import numpy as np

from graphrec.sessions.session_log import DistinctItems
from tests.sessions.small_sessions import session_log

LOG = session_log([[17, 4, 9], [4], [8, 8, 4, 8]])


def items(log):
    return [log.item[a:b].tolist() for a, b in zip(log.start[:-1], log.start[1:], strict=True)]


def test_what_stands_before_an_event_is_a_session_of_its_own():
    assert items(LOG.prefixes(np.array([0, 2, 3, 7]))) == [[], [17, 4], [], [8, 8, 4]]
    assert LOG.prefixes(np.array([7])).kind.tolist() == LOG.kind[4:7].tolist()


def test_sessions_are_cut_to_their_last_events_and_taken_in_the_order_asked_for():
    assert items(LOG.last(2)) == [[4, 9], [4], [4, 8]]
    assert items(LOG.rows(np.array([2, 0]))) == [[8, 8, 4, 8], [17, 4, 9]]


def test_each_item_of_a_session_is_found_where_it_stands_last():
    once = DistinctItems.of(LOG)
    found = list(zip(once.session.tolist(), once.item.tolist(), once.back.tolist(), strict=True))
    assert found == [(0, 4, 1), (0, 9, 0), (0, 17, 2), (1, 4, 0), (2, 4, 1), (2, 8, 0)]

"""What followed an item, on sessions worked out by hand."""

import numpy as np

from graphrec.sessions.transitions import after_the_last, association_rules, sequential_rules
from tests.sessions.small_sessions import session_log

LOG = session_log([[0, 1, 2, 0], [1, 2]])


def test_what_follows_sooner_counts_more():
    rules = sequential_rules(LOG, 4, steps=2).toarray()
    wanted = np.zeros((4, 4))
    wanted[0, 1], wanted[0, 2] = 1, 1 / 2
    wanted[1, 2], wanted[1, 0] = 1 + 1, 1 / 2
    wanted[2, 0] = 1
    np.testing.assert_allclose(rules, wanted)
    assert sequential_rules(LOG, 4, steps=3).toarray()[0, 0] == 1 / 3


def test_pairs_of_a_session_count_both_ways():
    rules = association_rules(LOG, 4, longest=10).toarray()
    np.testing.assert_array_equal(rules, rules.T)
    assert rules[0, 1] == 2 and rules[1, 2] == 2 and rules[0, 0] == 0
    assert association_rules(LOG, 4, longest=2).toarray()[0, 1] == 0


def test_a_session_is_followed_by_what_followed_its_last_item():
    rules = sequential_rules(LOG, 4, steps=2)
    found = after_the_last(session_log([[2, 0], [3]]), rules).toarray()
    np.testing.assert_allclose(found, rules.toarray()[[0, 3]])

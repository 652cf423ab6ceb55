"""The order of a list's places."""

import numpy as np

from graphrec.lists.variety import varied


def test_the_lowest_places_give_way_to_other_types():
    query = np.repeat([0, 1], [14, 3])
    types = np.array([5] * 9 + [6, 5, 7, 8, 5] + [1, 1, 2])
    # The type 7 stands twelfth and comes in; the ninth of type 5 gives way, the one item of type 6 does not.
    expected = [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 8, 10, 12, 13, 14, 15, 16]
    assert varied(query, types, 3).tolist() == expected


def test_one_type_is_relevance_alone():
    query, types = np.zeros(12, dtype=np.int64), np.array([1] * 11 + [2])
    assert varied(query, types, 1).tolist() == list(range(12))


def test_lists_that_are_varied_anyway_and_no_lists_stay_as_they_are():
    types = np.array([1, 2, 3, 1, 1, 1, 1, 1, 1, 1, 4, 5])
    assert varied(np.zeros(12, dtype=np.int64), types, 3).tolist() == list(range(12))
    assert varied(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 3).tolist() == []

"""Scores -> lists: ties, what is left out, short lists, and lists that repeat a session."""

import numpy as np
import pytest
from scipy import sparse

from graphrec.baselines import popularity_order, rank_codes, ranked, ranking, repeat_last
from graphrec.baselines.sparse_rows import top_per_row

BOUGHT = np.array([5, 9, 5, 7, 1])


def test_ties_and_what_has_no_score_go_by_popularity_then_by_code():
    order = ranked(np.array([[0, 0, 0, 0, 2.0], [-np.inf, -3, -np.inf, -np.inf, -3]]), BOUGHT, np.array([3, 3]), 5)
    np.testing.assert_array_equal(order, [[4, 1, 0, 2, -1], [1, 4, 0, 2, -1]])
    np.testing.assert_array_equal(popularity_order(BOUGHT), [1, 3, 0, 2, 4])


def test_a_larger_score_beats_any_popularity():
    found = np.array([[1e6, 0.1, 0.3, 0.2, 1e6 + 1]])
    np.testing.assert_array_equal(ranked(found, BOUGHT, np.array([1]), 2), [[4, 0]])


def test_the_last_bits_of_a_score_decide_no_rank():
    found = np.array([[0, 0, 1, 1 - 4e-10, 0]])
    np.testing.assert_array_equal(ranked(found, BOUGHT, np.array([0]), 2), [[3, 2]])


def test_a_row_keeps_its_largest_entries_and_of_equals_the_popular():
    matrix = sparse.csr_array(np.array([[2.0, 2, 1, 2, 0], [0, 0, 0, 0, 1], [1, 0, 0, 3, 2]]))
    kept = top_per_row(matrix, 2, np.array([1, 5, 9, 5, 5]))
    np.testing.assert_array_equal(kept.toarray(), [[0, 2, 0, 2, 0], [0, 0, 0, 0, 1], [0, 0, 0, 3, 2]])


def test_what_is_excluded_is_not_in_the_answer_and_short_lists_are_padded():
    excluded = sparse.csr_array(np.array([[True, False, True, False, False], [False] * 5]))
    found = np.array([[9.0, 1, 8, 2, 3], [9.0, 1, 8, 2, 3]])
    order = ranked(found, BOUGHT, np.array([4, 4]), 6, excluded)
    np.testing.assert_array_equal(order, [[3, 1, -1, -1, -1, -1], [0, 2, 3, 1, -1, -1]])


@pytest.mark.parametrize("exclude", [False, True])
def test_blocks_answer_as_single_rows_do_and_score_every_different_query_once(monkeypatch, exclude):
    monkeypatch.setattr(ranking, "_MOST_ROWS", 3)
    generator = np.random.default_rng(0)
    table, bought = generator.integers(0, 4, (20, 20)).astype(np.float64), generator.integers(0, 9, 20)
    query = generator.integers(0, 20, 50)
    excluded = sparse.csr_array(generator.random((50, 20)) < 0.3) if exclude else None
    asked = []

    def score(codes):
        asked.extend(codes)
        return table[codes]

    found = rank_codes(score, bought, query, 15, excluded)
    assert sorted(asked) == sorted(set(query))
    for row, code in enumerate(query):
        left_out = None if excluded is None else excluded[[row]]
        np.testing.assert_array_equal(found[[row]], ranked(table[[code]], bought, np.array([code]), 15, left_out))
        if exclude:
            assert not set(found[row]) & set(excluded[[row]].indices)


def test_no_query_no_lists():
    assert rank_codes(lambda query: np.zeros((len(query), 5)), BOUGHT, np.zeros(0, np.int64), 3).shape == (0, 3)


def test_repeat_last_lists_the_latest_first_then_the_popular():
    history = [(0, 4), (0, 2), (0, 4), (0, 0), (2, 3), (2, 1), (2, 0), (2, 2)]
    question, item = np.array(history).T
    found = repeat_last(question, item, np.array([2, 1, 4]), popularity_order(BOUGHT), 3)
    np.testing.assert_array_equal(found, [[4, 0, 1], [3, 0, 2], [3, 1, 0]])
    everything = repeat_last(question, item, np.array([2, 1, 4]), popularity_order(BOUGHT), 6)
    np.testing.assert_array_equal(everything[0], [4, 0, 1, 3, -1, -1])

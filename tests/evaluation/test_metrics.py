"""Each metric against a value worked out by hand."""

import numpy as np
import pytest

from graphrec.evaluation import METRICS, hit_matrix

# Query 0: answers {1, 2, 3}; list 1 9 3 8 -> hits at ranks 1 and 3.
# Query 1: answers {5}; list 9 8 7 (short) -> none.
RANKED = np.array([[1, 9, 3, 8], [9, 8, 7, -1]])
ANSWER_QUERY, ANSWER_ITEM = np.array([0, 0, 0, 1]), np.array([1, 2, 3, 5])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("hit_rate", [1, 0]),
        ("precision", [2 / 4, 0]),
        ("recall", [2 / 3, 0]),
        ("ndcg", [(1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3) + 1 / np.log2(4)), 0]),
        ("mrr", [1, 0]),
    ],
)
def test_by_hand(name, values):
    hits = hit_matrix(RANKED, ANSWER_QUERY, ANSWER_ITEM)
    np.testing.assert_allclose(METRICS[name](hits, np.array([3, 1])), values)


def test_padding_is_never_a_hit():
    ranked = np.array([[-1, -1], [-1, -1]])
    hits = hit_matrix(ranked, np.array([0, 1]), np.array([0, 0]))
    assert not hits.any()


def test_reciprocal_rank_counts_the_first_hit():
    hits = np.array([[False, False, True, True]])
    assert METRICS["mrr"](hits, np.array([2]))[0] == pytest.approx(1 / 3)

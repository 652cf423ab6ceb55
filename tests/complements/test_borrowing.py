"""What items borrow from their look-alikes, worked out by hand."""

import numpy as np
import pytest
from scipy import sparse

from graphrec.complements import Borrowed

A, B, C, D = range(4)
TOGETHER = sparse.csr_array(np.array([[0, 3, 1, 0], [3, 0, 0, 2], [1, 0, 0, 0], [0, 2, 0, 0]], dtype=float))
BOUGHT = np.array([4, 5, 1, 2])
LIKENESS = np.zeros((4, 4))
LIKENESS[D, A], LIKENESS[D, C], LIKENESS[C, B] = 0.5, 0.25, 0.1


@pytest.fixture
def borrowed():
    """Let d borrow from a and c, a from nobody, and a product that is in no log from b."""
    of_queries = np.vstack([LIKENESS[[D, A]], [0, 0.2, 0, 0]])
    matrices = (sparse.csr_array(m) for m in (of_queries, LIKENESS.T))
    return Borrowed.of(*matrices, TOGETHER, BOUGHT, np.array([D, A, -1]))


def test_a_query_borrows_what_its_look_alikes_were_bought_with(borrowed):
    # d: half of a's three with b and one with c, a quarter of c's one with a. The new one: a fifth of b's.
    expected = [[0.25, 1.5, 0.5, 0], [0, 0, 0, 0], [0.6, 0, 0, 0.4]]
    np.testing.assert_allclose(borrowed.by_query.toarray(), expected)
    np.testing.assert_allclose(borrowed.lenders_bought, [0.5 * 4 + 0.25 * 1, 0, 0.2 * 5])


def test_a_candidate_borrows_how_often_the_query_was_bought_with_its_look_alikes(borrowed):
    # d was bought with b twice, and c looks like b; a with c once and b three times, of whom d and c borrow.
    expected = [[0, 0, 0.2, 0], [0, 0, 0.3, 0.25], [0, 0, 0, 0]]
    np.testing.assert_allclose(borrowed.by_candidate.toarray(), expected)


def test_pairs_are_looked_up_and_the_largest_are_candidates(borrowed):
    owner, item = np.array([0, 0, 1, 2]), np.array([B, C, D, A])
    columns = borrowed.columns(owner, item)
    np.testing.assert_allclose(columns["borrowed_by_query"], [1.5, 0.5, 0, 0.6])
    np.testing.assert_allclose(columns["borrowed_by_candidate"], [0, 0.2, 0.25, 0])
    np.testing.assert_allclose(columns["lenders_bought"], [2.25, 2.25, 0, 1.0])
    pairs = zip(*(part.tolist() for part in borrowed.candidates(1)), strict=True)
    assert sorted(pairs) == [(0, B), (0, C), (1, C), (2, A)]
    assert len(borrowed.candidates(0)[0]) == 0

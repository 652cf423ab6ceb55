"""What items borrow from their look-alikes, worked out by hand."""

import numpy as np
import pytest
from scipy import sparse

from graphrec.complements.neighbours.borrowing import Borrowed

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


def test_the_largest_of_each_row_are_what_a_sort_of_all_finds():
    generator = np.random.default_rng(0)
    values = generator.random((40, 3000)) * (generator.random((40, 3000)) < 0.1)
    values[:, :5] = 0.25  # of equal entries the smaller column comes first
    side = sparse.csr_array(values)
    nothing = sparse.csr_array(values.shape)
    owner, item = Borrowed(side, nothing, np.zeros(40)).candidates(30)
    expected = np.argsort(-values.round(7), axis=1, kind="stable")[:, :30]
    np.testing.assert_array_equal(owner, np.repeat(np.arange(40), 30))
    found = item.reshape(40, 30)
    np.testing.assert_allclose(np.take_along_axis(values, found, 1), np.take_along_axis(values, expected, 1), rtol=1e-4)
    assert (np.sort(found, axis=1) == np.sort(expected, axis=1)).mean() > 0.99

"""Walks on a graph of five items, by hand: a - b 2, a - c 1, b - d 1, c - d 3; e has one link, with d."""

import numpy as np
import pytest
from scipy import sparse

from graphrec.complements.counts.walks import WalkedGraph, Walks

A, B, C, D, E = range(5)


@pytest.fixture(scope="module")
def graph():
    links = {(A, B): 2.0, (A, C): 1.0, (B, D): 1.0, (C, D): 3.0, (D, E): 1.0}
    weights = np.zeros((5, 5))
    for (left, right), weight in links.items():
        weights[left, right] = weights[right, left] = weight
    return WalkedGraph.of(sparse.csr_array(weights))


def test_a_walk_of_two_steps_takes_each_by_its_weight(graph):
    two_step = Walks.of(graph, np.array([A, E])).two_step.toarray()
    # From a to b 2/3, whence back to a 2/3 and to d 1/3; to c 1/3, whence back 1/4 and to d 3/4.
    from_a = [2 / 3 * 2 / 3 + 1 / 3 * 1 / 4, 0, 0, 2 / 3 * 1 / 3 + 1 / 3 * 3 / 4, 0]
    # From e to d, whence to b 1/5, c 3/5 and back 1/5.
    np.testing.assert_allclose(two_step, [from_a, [0, 1 / 5, 3 / 5, 0, 1 / 5]])


def test_a_walk_of_three_steps_goes_on_from_two(graph):
    three_step = Walks.of(graph, np.array([E])).three_step.toarray()
    # To b 1/5, whence to a 2/3 and d 1/3; to c 3/5, whence to a 1/4 and d 3/4; to e 1/5, whence to d.
    to_a, to_d = 1 / 5 * 2 / 3 + 3 / 5 * 1 / 4, 1 / 5 * 1 / 3 + 3 / 5 * 3 / 4 + 1 / 5
    np.testing.assert_allclose(three_step, [[to_a, 0, 0, to_d, 0]])


def test_neighbours_that_two_share_count_by_their_degree(graph):
    common = Walks.of(graph, np.array([A, B])).common.toarray()
    # a and d share b and c, of two links each; b and c share a of two and d of three; b and e share d.
    two, three = 1 / np.log(2), 1 / np.log(3)
    np.testing.assert_allclose(common, [[2 * two, 0, 0, 2 * two, 0], [0, two + three, two + three, 0, three]])


def test_a_product_of_no_log_leads_nowhere_and_spoils_no_other(graph):
    walks = Walks.of(graph, np.array([-1, E]))
    assert walks.two_step[[0]].nnz == walks.common[[0]].nnz == 0
    owner, _ = walks.candidates(9)
    assert owner.tolist() == [1] * 5
    columns = walks.columns(np.array([0, 1, 1, 1]), np.array([C, C, A, E]))
    np.testing.assert_allclose(columns["two_step"], [0, 3 / 5, 0, 1 / 5])
    np.testing.assert_allclose(columns["common"], [0, 1 / np.log(3), 0, 1 / np.log(3)])


def test_the_likeliest_ends_are_candidates(graph):
    owner, item = Walks.of(graph, np.array([E, A])).candidates(1)
    # Of two steps, then of three.
    assert (owner.tolist(), item.tolist()) == ([0, 1, 0, 1], [C, A, D, C])


def test_without_walks_there_is_no_candidate_and_no_evidence():
    walks = Walks.none(2, 5)
    assert len(walks.candidates(3)[0]) == 0
    columns = walks.columns(np.array([0, 1]), np.array([B, C]))
    assert columns["two_step"].tolist() == columns["common"].tolist() == [0, 0]

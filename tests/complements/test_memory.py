"""What the counts say of pairs that were never bought together."""

import numpy as np
import pytest

from graphrec.complements import Memory
from graphrec.config import GraphConfig
from graphrec.graph import Sales, build_graph


@pytest.fixture
def graph(make_events):
    """Build two blocks, items a-d and e-h: all pairs of a block were bought twice, but a and b never."""
    blocks = ("abcd", "efgh")
    pairs = [(x, y) for block in blocks for x in block for y in block if x < y and (x, y) != ("a", "b")]
    rows = [{"session": f"{x}{y}{n}", "item": item} for x, y in pairs for n in range(2) for item in (x, y)]
    return build_graph(make_events(rows, default_kind="purchase"), GraphConfig())


def test_pairs_of_a_block_are_expected_though_never_bought_together(graph):
    memory = Memory.of(graph, np.zeros(8, dtype=np.int64), 1, Sales(np.ones(8), np.zeros((8, 0))), (1, 2), 0)
    a, b, e = 0, 1, 4
    (_, never), (one_alone, across) = memory.expected(np.array([a, a]), np.array([b, e]))
    # One direction cannot tell the two blocks apart, or knows one of them alone.
    assert one_alone == pytest.approx(memory.left[a, 0] * memory.right[e, 0])
    # The first factor of a block is its degrees: a and b were bought 4 times with others, all of the block 20 times.
    assert never == pytest.approx(4 * 4 / 20)
    assert abs(across) < 1e-6


def test_types_of_complements_are_drawn_to_those_of_the_type(graph):
    types = np.array([0, 0, 1, 1, 2, 2, 2, 2])
    memory = Memory.of(graph, types, 3, Sales(np.ones(8), np.zeros((8, 0))), (2,), 0)
    # Item a was bought four times with types c, d: 4 of 4 with type 1. Items of type 0: 8 of 8.
    overall = np.array([8, 12, 24]) + 0.5
    overall = overall / overall.sum()
    by_type = (8 + 50 * overall[1]) / (8 + 50)
    own, of_type = memory.type_shares(np.array([0, -1, -1]), np.array([0, 0, -1]), np.array([1, 1, 1]))
    assert of_type[:2] == pytest.approx(by_type)
    assert own[0] == pytest.approx((4 + 50 * by_type) / (4 + 50))
    assert own[1] == pytest.approx(by_type)  # a product that nobody has seen has counts of its type alone
    assert of_type[2] == pytest.approx(overall[1])  # of an unknown type: what is bought with anything
    np.testing.assert_allclose(memory.type_transition.sum(axis=1), 1)


def test_arrays_bring_it_back(graph):
    types, sales = np.zeros(8, dtype=np.int64), Sales(np.arange(8) + 0.5, np.full((8, 2), 1 / 8))
    memory = Memory.of(graph, types, 1, sales, (2,), 0)
    again = Memory.from_arrays(graph, types, 1, (2,), memory.arrays())
    for name in ("left", "right", "type_transition"):
        np.testing.assert_array_equal(getattr(memory, name), getattr(again, name))
    np.testing.assert_array_equal(memory.sales.popularity, again.sales.popularity)
    np.testing.assert_array_equal(memory.sales.trend, again.sales.trend)

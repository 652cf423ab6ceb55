"""What the counts say of pairs that were never bought together."""

from itertools import pairwise

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


def typed(graph):
    """Remember a shop in which a and b are of type 0, c and d of type 1, the others of type 2; e sells best."""
    popularity = np.array([4.0, 4, 4, 4, 20, 4, 4, 4])
    types = np.array([0, 0, 1, 1, 2, 2, 2, 2])
    return Memory.of(graph, types, 3, Sales(popularity, np.zeros((8, 0))), (2,), 0)


def test_an_item_is_likelier_by_what_the_type_was_bought_with(graph):
    memory = typed(graph)
    # With type 0 c and d were bought four times each, of 8 in all, and make up 4 of 48 purchases each.
    share = 4 / 48
    likelier = (4 + 50 * share) / (58 * share)
    never = 50 / 58
    uplift = memory.type_uplift(np.array([0, 0, 0, -1]), np.array([2, 3, 4, 2]))
    assert uplift.tolist() == pytest.approx([likelier, likelier, never, 1.0])
    assert likelier > 1 > never


def test_each_type_has_the_items_that_it_is_bought_with_beyond_what_anyone_buys(graph):
    # Type 0 is bought with c and d alone; type 1 with a and b four times and with c and d twice, of 12, of which any
    # such item should have had one; type 2 with its four items six times each, of 24, of which e should have had ten.
    edges, items = typed(graph).best_of_types(3)
    by_type = [items[start:end].tolist() for start, end in pairwise(edges)]
    assert by_type == [[2, 3], [0, 1, 2], [5, 6, 7]]
    edges, items = typed(graph).best_of_types(1)
    assert (edges.tolist(), items.tolist()) == ([0, 1, 2, 3], [2, 0, 5])
    assert len(typed(graph.without_complements()).best_of_types(3)[1]) == 0


def test_arrays_bring_it_back(graph):
    types, sales = np.zeros(8, dtype=np.int64), Sales(np.arange(8) + 0.5, np.full((8, 2), 1 / 8))
    memory = Memory.of(graph, types, 1, sales, (2,), 0)
    again = Memory.from_arrays(graph, types, 1, (2,), memory.arrays())
    for name in ("left", "right", "type_transition"):
        np.testing.assert_array_equal(getattr(memory, name), getattr(again, name))
    np.testing.assert_array_equal(memory.sales.popularity, again.sales.popularity)
    np.testing.assert_array_equal(memory.sales.trend, again.sales.trend)

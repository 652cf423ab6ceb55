"""Counts, support, lift and direction against values worked out by hand."""

import numpy as np
import pytest

from graphrec.config import CoPurchaseConfig, CoViewConfig, GraphConfig
from graphrec.errors import EventsError, GraphError
from graphrec.graph import build_graph, require_complements, require_learnable


def line(session, item, kind, minute=0):
    return {"session": session, "item": item, "kind": kind, "time": f"2024-01-01 10:{minute:02d}:00"}


# Four baskets: {a, b}, {a, b}, {a, c}, {d}. In the first, a is bought a minute before b.
LOG = [
    line(1, "a", "view", 0), line(1, "b", "view", 1), line(1, "c", "view", 2),
    line(1, "a", "purchase", 3), line(1, "b", "purchase", 4),
    line(2, "a", "purchase"), line(2, "b", "purchase"),
    line(3, "a", "purchase"), line(3, "c", "purchase"),
    line(4, "d", "purchase"),
]  # fmt: skip


@pytest.fixture
def graph(make_events):
    return build_graph(make_events(LOG), GraphConfig())


def codes(graph_items, *names):
    return [list(graph_items).index(name) for name in names]


def test_evidence_is_what_the_hand_counts(graph):
    a, b, c, d = range(4)
    evidence = graph.evidence(a, b)
    assert (evidence.bought_together, evidence.support, evidence.bought_first) == (2, 0.5, 1)
    assert evidence.lift == pytest.approx(2 * 4 / (3 * 2))
    assert graph.evidence(b, a).bought_first == 0
    assert graph.evidence(a, c).lift == pytest.approx(1 * 4 / (3 * 1))
    assert graph.evidence(a, d).bought_together == 0
    assert graph.baskets == 4
    np.testing.assert_array_equal(graph.bought, [3, 2, 1, 1])


def test_order_within_a_session_directs_the_weight(graph):
    a, b = 0, 1
    weights = graph.evidence_columns(np.array([a, b]), np.array([b, a]))["weight"]
    # a -> b counts both baskets; b -> a counts the unordered one whole and the reverse one by its share.
    np.testing.assert_allclose(weights, [2.0, 1.0 + CoPurchaseConfig().reverse_weight])


def test_similar_pairs_are_viewed_together_and_at_most_one_bought(graph):
    a, b, c = 0, 1, 2
    pairs = set(zip(graph.similar.rows.tolist(), graph.similar.indices.tolist(), strict=True))
    assert pairs == {(a, c), (c, a), (b, c), (c, b)}  # a and b were both bought
    np.testing.assert_array_equal(graph.similar.columns["count"], 1)


@pytest.fixture
def mostly_co_viewed(make_events):
    """Pairs p, q and x, y were both viewed together 20 times; p, q were bought 20 times, x, y once."""
    rows = [line(100, "x", "purchase"), line(100, "y", "purchase")]
    for session in range(20):
        rows += [line(session, "x", "view"), line(session, "y", "view"), line(session, "x", "purchase")]
    for session in range(30, 50):
        rows += [line(session, "p", "purchase"), line(session, "q", "purchase")]
        rows += [line(session, "p", "view"), line(session, "q", "view")]
    for session in range(60, 80):
        rows += [line(session, "z", "view"), line(session, "y", "purchase")]
    return make_events(rows)


def test_a_pair_that_is_mostly_co_viewed_is_no_complement(mostly_co_viewed):
    graph = build_graph(mostly_co_viewed, GraphConfig())
    p, q, x, y = codes(["p", "q", "x", "y", "z"], "p", "q", "x", "y")
    assert graph.evidence(x, y).bought_together == 0
    assert graph.evidence(p, q).bought_together == 20
    assert graph.substitutes_removed == 1


def test_how_much_more_viewed_than_bought_a_substitute_is_can_be_set(mostly_co_viewed):
    config = GraphConfig(co_purchase=CoPurchaseConfig(substitute_ratio=1_000))
    assert build_graph(mostly_co_viewed, config).substitutes_removed == 0


@pytest.mark.parametrize("similar", [CoViewConfig(), CoViewConfig(length_power=0.5)])
def test_without_similar_links_the_complements_are_the_same(mostly_co_viewed, similar):
    config = GraphConfig(co_view=similar)
    both, alone = build_graph(mostly_co_viewed, config), build_graph(mostly_co_viewed, config, similar=False)
    assert len(both.similar) and not len(alone.similar)
    assert alone.similar_sources == ()
    assert alone.substitutes_removed == both.substitutes_removed == 1
    ours, theirs = alone.arrays(), both.arrays()
    for name in ("viewed", "bought", "totals", *(name for name in theirs if name.startswith("complement."))):
        np.testing.assert_array_equal(ours[name], theirs[name])


def test_long_sessions_count_by_their_last_items(make_events):
    rows = [line(1, f"i{n}", "purchase", n) for n in range(6)]
    config = GraphConfig(co_purchase=CoPurchaseConfig(max_basket_items=3))
    graph = build_graph(make_events(rows), config)
    assert set(graph.complement.rows.tolist()) == {3, 4, 5}
    looks = [line(1, f"i{n}", "view", n) for n in range(6)]
    graph = build_graph(make_events(looks), GraphConfig(co_view=CoViewConfig(max_session_items=2)))
    assert set(graph.similar.rows.tolist()) == {4, 5}


def test_top_k_keeps_the_heaviest(make_events):
    rows = []
    for times, other in ((3, "b"), (2, "c"), (1, "d")):
        for n in range(times):
            rows += [line(f"{other}{n}", "a", "purchase"), line(f"{other}{n}", other, "purchase")]
    config = GraphConfig(co_purchase=CoPurchaseConfig(top_k=2))
    graph = build_graph(make_events(rows), config)
    first = slice(graph.complement.indptr[0], graph.complement.indptr[1])
    np.testing.assert_array_equal(graph.complement.indices[first], [1, 2])
    # d was cut from a's row, but is found from its own end.
    assert graph.evidence(0, 3).bought_together == 1


def test_repeated_lines_of_a_basket_count_once(make_events):
    rows = [line(1, "a", "purchase"), line(1, "a", "purchase"), line(1, "b", "purchase")]
    assert build_graph(make_events(rows), GraphConfig()).evidence(0, 1).bought_together == 1


def test_min_count_drops_rare_pairs(make_events):
    config = GraphConfig(co_purchase=CoPurchaseConfig(min_count=2), co_view=CoViewConfig(min_count=2))
    graph = build_graph(make_events(LOG), config)
    assert graph.evidence(0, 1).bought_together == 2
    assert graph.evidence(0, 2).bought_together == 0
    assert len(graph.similar) == 0


def test_what_cannot_be_learned_from_is_refused(make_events):
    with pytest.raises(EventsError, match="no purchases"):
        require_learnable(make_events([line(1, "a", "view"), line(1, "b", "view")]))
    with pytest.raises(EventsError, match="hold one item"):
        require_learnable(make_events([line(1, "a", "purchase"), line(2, "a", "purchase")]))
    alone = build_graph(make_events([line(1, "a", "purchase"), line(2, "b", "purchase")]), GraphConfig())
    with pytest.raises(GraphError, match="no two items were bought together in 2 baskets"):
        require_complements(alone)

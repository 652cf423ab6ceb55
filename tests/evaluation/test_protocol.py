"""Questions about later baskets, and the counts that every model has to beat."""

import numpy as np
import pytest

from graphrec.config import GraphConfig, load_config
from graphrec.evaluation import basket_queries, co_purchase_ranker, evaluate, popularity_ranker
from graphrec.events import load_events, split_at
from graphrec.graph import build_graph
from tests.conftest import CONFIGS, needs_data


def day(session, date, *items):
    return [{"session": session, "time": f"2024-01-{date:02d}", "item": item} for item in items]


LOG = [
    *day(1, 1, "a", "b"),
    *day(2, 2, "a", "b"),
    *day(3, 3, "a", "c"),
    *day(4, 9, "a", "b"),
    *day(5, 9, "new", "new2"),
]


def test_queries_are_known_items_and_answers_the_rest_of_the_basket(make_events):
    train, test = split_at(make_events(LOG, default_kind="purchase"), "2024-01-05")
    queries = basket_queries(train, test, seed=0)
    assert len(queries.query) == 1  # the basket of new items has nothing known to ask by
    assert {queries.query[0], queries.answer_item[0]} == {0, 1}


def test_baselines_rank_as_the_hand_does(make_events):
    graph = build_graph(make_events(LOG[:6], default_kind="purchase"), GraphConfig())
    a, b, c = 0, 1, 2
    np.testing.assert_array_equal(co_purchase_ranker(graph)(np.array([a, c]), 2), [[b, c], [a, b]])
    np.testing.assert_array_equal(popularity_ranker(graph)(np.array([a, b]), 2), [[b, c], [a, c]])


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cut", "popularity", "count"),
    [
        ("tafeng", "2001-02-14", (0.232, 0.063), (0.278, 0.078)),
        ("online_retail", "2011-11-01", (0.332, 0.060), (0.650, 0.201)),
    ],
)
def test_baselines_agree_with_what_was_measured_elsewhere(name, cut, popularity, count):
    config = load_config(CONFIGS / f"{name}.yaml")
    train, test = split_at(load_events(config), cut)
    graph = build_graph(train, config.graph)
    queries = basket_queries(train, test, seed=0)
    for ranker, (hit_rate, ndcg) in ((popularity_ranker(graph), popularity), (co_purchase_ranker(graph), count)):
        measured = evaluate(ranker, queries, 10)
        assert measured["hit_rate"] == pytest.approx(hit_rate, abs=0.02)
        assert measured["ndcg"] == pytest.approx(ndcg, abs=0.01)

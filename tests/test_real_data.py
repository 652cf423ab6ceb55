"""Whole fits on real logs, small enough for CI: lists are full, and not worse than the counts they rest on."""

import pytest

from graphrec import Recommender, load_config, load_events
from graphrec.evaluation import basket_queries, co_purchase_ranker, evaluate, popularity_ranker, recommender_ranker
from graphrec.events import split_at
from tests.conftest import CONFIGS, needs_data

FAST = [
    "encoder.epochs=1",
    "encoder.pairs_per_epoch=30000",
    "complements.epochs=2",
    "complements.pairs_per_epoch=50000",
    "rerank.epochs=1",
    "rerank.max_sessions=5000",
]


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize(("name", "cut"), [("online_retail", "2011-11-01"), ("tafeng", "2001-02-14")])
def test_lists_beat_popularity_and_hold_what_counts_hold(name, cut):
    config = load_config(CONFIGS / f"{name}.yaml", FAST)
    train, test = split_at(load_events(config), cut)
    recommender = Recommender.fit(train, config)
    queries, graph = basket_queries(train, test, seed=0), recommender.model.graph
    ours = evaluate(recommender_ranker(recommender), queries, 10)
    counts = evaluate(co_purchase_ranker(graph), queries, 10)
    assert ours["ndcg"] > 1.2 * evaluate(popularity_ranker(graph), queries, 10)["ndcg"]
    assert ours["ndcg"] > 0.97 * counts["ndcg"]


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize("name", ["tianchi", "rees46"])
def test_sparse_logs_give_full_lists(name):
    config = load_config(CONFIGS / f"{name}.yaml", FAST)
    recommender = Recommender.fit(load_events(config), config)
    lists = recommender.recommend_all(10)
    assert len(lists) == 10 * len(recommender.items)
    assert lists["source"].isin(["observed", "predicted"]).mean() > 0.9

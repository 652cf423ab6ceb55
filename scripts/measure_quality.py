"""Fit on the days before a cut and ask about the baskets after it, beside the counts that any model has to beat.

python scripts/measure_quality.py configs/tafeng.yaml 2001-02-14
"""

import argparse

from graphrec import Recommender, load_config, load_events
from graphrec.evaluation import basket_queries, co_purchase_ranker, evaluate, popularity_ranker, recommender_ranker
from graphrec.events import split_at
from graphrec.progress import Bars

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config")
    parser.add_argument("test_from", help="first day of the held-out baskets")
    parser.add_argument("-k", type=int, default=10)
    asked = parser.parse_args()
    config = load_config(asked.config)
    train, test = split_at(load_events(config), asked.test_from)
    recommender = Recommender.fit(train, config, Bars())
    queries, graph = basket_queries(train, test, config.seed), recommender.model.graph
    rankers = {
        "popularity": popularity_ranker(graph),
        "co-purchase count": co_purchase_ranker(graph),
        "graphrec": recommender_ranker(recommender),
    }
    print(f"{len(queries.query):,} queries, k = {asked.k}")
    for name, ranker in rankers.items():
        values = evaluate(ranker, queries, asked.k)
        print(f"{name:<18}", "  ".join(f"{metric} {value:.4f}" for metric, value in values.items()))

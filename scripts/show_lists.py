"""Print what a model says of three products, of a cold one, and of a shopper's session."""

import sys

import numpy as np

from graphrec import Recommender
from graphrec.cli.terminal import print_cards

if __name__ == "__main__":
    recommender = Recommender.load(sys.argv[1])
    graph, types = recommender.model.graph, recommender.model.type_codes
    popular = np.argsort(-graph.bought, kind="stable")
    # One product each of the three types that sell most, one that nobody touched, one shopper who looked around.
    _, first = np.unique(types[popular], return_index=True)
    best = [recommender.items[code] for code in popular[np.sort(first)[:3]]]
    print_cards(recommender, best, "bought together with")
    untouched = np.flatnonzero((graph.bought == 0) & (graph.viewed == 0))
    if len(untouched):
        print_cards(recommender, [recommender.items[untouched[0]]], "no event has touched this one")
    session = [s.item for s in recommender.similar_items(best[1], 2)]
    print_cards(recommender, [best[0]], "the first list again, reranked for a shopper who looked at", session)

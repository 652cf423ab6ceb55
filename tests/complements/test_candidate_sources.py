"""Where candidates come from: each source is heard, and no query is its own complement."""

import dataclasses

import numpy as np
import pytest

from graphrec.complements import Memory
from graphrec.config import GraphConfig
from graphrec.graph import Sales, build_graph
from graphrec.retrieval import BandedIndex, ExactIndex

POPULAR = 50


@pytest.fixture(scope="module")
def asked(recommender):
    model = recommender.model
    codes = np.argsort(-model.graph.bought, kind="stable")[100:130]
    return codes, collected(model, model.queries(codes))


def collected(model, queries):
    return model.candidates.collect(queries, model.candidates.rows(queries), 30, 3, POPULAR)


def items_of(found, row):
    return found.item[found.owner == row]


def test_every_source_contributes_and_the_query_never(recommender, asked):
    model, (codes, found) = recommender.model, asked
    settings = model.config.complements
    predicted = 0
    for row, code in enumerate(codes):
        items = set(items_of(found, row).tolist())
        edges = slice(*model.graph.complement.indptr[code : code + 2])
        observed = set(model.graph.complement.indices[edges].tolist())
        expected = np.argsort(-(model.memory.right @ model.memory.left[code]))[: settings.expected_candidates // 2]
        popular = set(model.memory.best_first[0][:POPULAR].tolist())
        given = (observed | set(expected.tolist()) | popular) - {int(code)}
        assert given <= items
        assert code not in items
        predicted += len(items - observed - popular)
    assert predicted
    assert len(np.unique(found.owner * model.graph.items + found.item)) == len(found.item)
    assert (found.prior > 0).all() and (found.prior <= 1).all()


def test_a_product_in_no_log_is_asked_by_its_embedding_its_look_alikes_and_by_what_sells_best(recommender, asked):
    model, (codes, _) = recommender.model, asked
    queries = dataclasses.replace(model.queries(codes[:2]), item=np.full(2, -1))
    found = collected(model, queries)
    popular = model.memory.best_first[0][:POPULAR]
    for row in range(2):
        look_alikes = model.memory.bought_together[queries.likeness[[row]].indices].indices
        edges, of_types = model.memory.best_of_types(model.config.complements.type_candidates)
        kind = queries.type_code[row]
        beyond = of_types[edges[kind] : edges[kind + 1]]
        assert len(beyond) and np.isin([*popular, *beyond], items_of(found, row)).all()
        others = np.setdiff1d(items_of(found, row), [*popular, *look_alikes, *beyond])
        # The likeliest types, and as many that are likelier here than anywhere.
        likely = model.predictor.type_probabilities(queries.embedding[[row]])[0]
        orders = (likely, likely - model.memory.type_transition[-1])
        named = {int(code) for order in orders for code in np.argsort(-order, kind="stable")[:3]}
        assert set(model.type_codes[others].tolist()) == named


def test_counts_expect_what_is_bought_with_the_same_others(make_events):
    """Items a and b were never bought together, but both with c and d: the counts expect them, e to h are elsewhere."""
    blocks = ("abcd", "efgh")
    pairs = [(x, y) for block in blocks for x in block for y in block if x < y and (x, y) != ("a", "b")]
    rows = [{"session": f"{x}{y}{n}", "item": item} for x, y in pairs for n in range(2) for item in (x, y)]
    graph = build_graph(make_events(rows, default_kind="purchase"), GraphConfig())
    memory = Memory.of(graph, np.zeros(8, dtype=np.int64), 1, Sales(np.ones(8), np.zeros((8, 0))), (2,), 0)
    for index in (ExactIndex(memory.right), BandedIndex.lay_out(memory.right)):
        positions, products = index.search(memory.left[:1], 4)
        # c and d were bought 6 times with others, a and b 4 times, of 20 in all: 4 * 6 / 20 and 4 * 4 / 20 baskets.
        assert {*positions[0][:2].tolist()} == {2, 3} and {*positions[0][2:].tolist()} == {0, 1}
        np.testing.assert_allclose(products[0], [1.2, 1.2, 0.8, 0.8])

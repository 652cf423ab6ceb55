"""Where candidates come from: each source is heard, and no query is its own complement."""

import dataclasses

import numpy as np
import pytest

from graphrec.complements import Memory, QueryRows, collect_candidates, describe_pairs
from graphrec.complements.sources import CANDIDATE_SOURCES
from graphrec.config import ComplementsConfig, GraphConfig
from graphrec.graph import Sales, build_graph
from graphrec.retrieval import BandedIndex, ExactIndex
from tests.conftest import completing

POPULAR = ComplementsConfig().popular_candidates


@pytest.fixture(scope="module")
def asked(recommender):
    model = recommender.model
    codes = np.argsort(-model.graph.bought, kind="stable")[100:130]
    return codes, collect_candidates(model.snapshot, model.snapshot.known.queries(codes))


def items_of(found, row):
    return found.item[found.owner == row]


def test_every_source_contributes_and_the_query_never(recommender, asked):
    model, (codes, found) = recommender.model, asked
    settings, memory = model.config.complements, model.snapshot.memory
    predicted = 0
    for row, code in enumerate(codes):
        items = set(items_of(found, row).tolist())
        edges = slice(*model.graph.complement.indptr[code : code + 2])
        observed = set(model.graph.complement.indices[edges].tolist())
        expected = np.argsort(-(memory.right @ memory.left[code]))[: settings.expected_candidates // 2]
        popular = set(memory.best_first[0][:POPULAR].tolist())
        given = (observed | set(expected.tolist()) | popular) - {int(code)}
        assert given <= items
        assert code not in items
        predicted += len(items - observed - popular)
    assert predicted
    assert len(np.unique(found.owner * model.graph.items + found.item)) == len(found.item)
    assert (found.prior > 0).all() and (found.prior <= 1).all()


def test_a_product_in_no_log_is_asked_by_its_embedding_its_look_alikes_and_by_what_sells_best(recommender, asked):
    model, (codes, _) = recommender.model, asked
    snapshot, memory = model.snapshot, model.snapshot.memory
    queries = dataclasses.replace(snapshot.known.queries(codes[:2]), item=np.full(2, -1))
    found = collect_candidates(snapshot, queries)
    popular = memory.best_first[0][:POPULAR]
    for row in range(2):
        look_alikes = memory.bought_together[queries.likeness[[row]].indices].indices
        edges, of_types = snapshot.best_of_types
        kind = queries.type_code[row]
        beyond = of_types[edges[kind] : edges[kind + 1]]
        assert len(beyond) and np.isin([*popular, *beyond], items_of(found, row)).all()
        others = np.setdiff1d(items_of(found, row), [*popular, *look_alikes, *beyond])
        # The likeliest types, and as many that are likelier here than anywhere.
        likely = snapshot.predictor.type_probabilities(queries.embedding[[row]])[0]
        orders = (likely, likely - memory.type_transition[-1])
        named = {int(code) for order in orders for code in np.argsort(-order, kind="stable")[:3]}
        assert set(model.type_codes[others].tolist()) == named


FEW = {
    "expected_candidates": 10,
    "borrowed_candidates": 3,
    "walk_candidates": 3,
    "type_candidates": 3,
    "candidates_per_type": 3,
    "popular_candidates": 10,
}
"""So few that each source names something that no other does."""


def pairs_of(model, codes, sources=tuple(CANDIDATE_SOURCES)):
    """Name the pairs that some sources collect."""
    snapshot = completing(model, **FEW, sources=sources).snapshot
    found = collect_candidates(snapshot, snapshot.known.queries(codes))
    return set(zip(found.owner.tolist(), found.item.tolist(), strict=True))


@pytest.fixture(scope="module")
def named(recommender, asked):
    """What each source names alone."""
    return {name: pairs_of(recommender.model, asked[0], (name,)) for name in CANDIDATE_SOURCES}


@pytest.mark.parametrize("left_out", CANDIDATE_SOURCES)
def test_without_a_source_what_it_names_alone_is_missing_and_nothing_else(recommender, asked, named, left_out):
    others = [name for name in CANDIDATE_SOURCES if name != left_out]
    rest = set.union(*(named[name] for name in others))
    assert named[left_out] - rest, "the source names nothing that no other does: its loss would not be seen"
    assert pairs_of(recommender.model, asked[0]) == rest | named[left_out]
    assert pairs_of(recommender.model, asked[0], tuple(others)) == rest


def test_pairs_that_are_given_are_known_as_when_they_are_collected(recommender, asked):
    snapshot, (codes, found) = recommender.model.snapshot, asked
    queries = snapshot.known.queries(codes)
    chosen = slice(None, None, 7)
    rows = QueryRows.of(snapshot, queries)
    given = describe_pairs(snapshot, queries, rows, found.owner[chosen], found.item[chosen])
    np.testing.assert_array_equal(given.item, found.rows(chosen).item)
    np.testing.assert_allclose(given.prior, found.rows(chosen).prior, rtol=1e-9)
    assert set(given.facts) == set(found.facts)
    for name, values in found.rows(chosen).facts.items():
        np.testing.assert_array_equal(given.facts[name], values, err_msg=name)


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

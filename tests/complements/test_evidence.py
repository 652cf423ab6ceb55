"""What is known of a candidate, worked out by hand on three items."""

import numpy as np
import pytest
from scipy import sparse

from graphrec.complements import COUNT, POSTERIOR, Borrowed, KnownItems, Memory, QueryItems, candidate_features
from graphrec.config import GraphConfig
from graphrec.graph import build_graph

A, B, C = range(3)
PRIOR = np.array([0.2, 0.1, 0.3])
TWO_STEP, THREE_STEP, COMMON = np.array([[0.4, 0.0, 0.1], [0.2, 0.3, 0.0], [1.5, 0.2, 0.0]])


def line(session, minute, item):
    return {"session": session, "time": f"2024-01-01 10:{minute:02d}", "item": item}


@pytest.fixture
def features(make_events):
    """Describe a -> b and a -> c, and b as a candidate of a product of a's type that nobody has seen.

    Of four baskets two hold a and b, first one and then the other, or at once; one a and c; one c alone. What the
    low rank expects of a is 1.5 baskets with b and none with c. a is of type 0, b and c are of type 1.
    """
    rows = [line(1, 0, "a"), line(1, 1, "b"), line(2, 0, "a"), line(2, 0, "b"), line(3, 0, "a"), line(3, 0, "c")]
    graph = build_graph(make_events([*rows, line(4, 0, "c")], default_kind="purchase"), GraphConfig())
    arrays = {
        "popularity": np.array([3.5, 2.5, 2.5]),
        "trend": np.array([[0.5], [0.2], [0.3]]),
        "left": np.array([[0.5], [1.0], [0.0]]),
        "right": np.array([[1.0], [3.0], [-2.0]]),
    }
    memory = Memory.from_arrays(graph, np.array([0, 1, 1]), 2, (1,), arrays)
    price = np.array([[2.0, 0.0, 0.0], [2.5, 0.0, 0.0], [0.5, 0.0, 1.0]])
    # b looks like c to one half; the product that nobody has seen like a to a quarter.
    likeness = sparse.csr_array(np.array([[0, 0, 0], [0, 0, 0.5], [0, 0, 0]]))
    known = KnownItems(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), price, likeness)
    places, of_queries = np.array([[1.0, 0.0], [0.0, 1.0]]), sparse.csr_array(np.array([[0, 0, 0], [0.25, 0, 0]]))
    queries = QueryItems(np.array([A, -1]), places, np.array([0, 0]), price[[A, C]], of_queries)
    item = np.array([B, C, B])
    borrowed = Borrowed.of(of_queries, known.lends_to, memory.bought_together, graph.bought, queries.item)
    evidence = {
        **graph.evidence_columns(np.array([A, A, A]), item),
        **borrowed.columns(np.array([0, 0, 1]), item),
        "two_step": TWO_STEP,
        "three_step": THREE_STEP,
        "common": COMMON,
        "lenders_sell": known.lenders_sell(graph.bought)[item],
    }
    return candidate_features(memory, known, queries, np.array([0, 0, 1]), item, PRIOR, evidence)


POPULARITY = np.array([2.5, 2.5, 2.5]) / 8.5
"""b and c were both bought twice, a three times, and half a purchase is added to each."""
BY_TYPE = (3 + 50 * 0.5) / (3 + 50)
"""Items of type 0 were bought three times with type 1, which half of all pairs lead to."""
OWN = (3 + 50 * BY_TYPE) / (3 + 50)

FACTS = {
    "times bought together": np.log(np.array([2, 1, 0]) + 0.1),
    "share of the item's baskets": np.log(np.array([2.01, 1.01, 0.01]) / [4, 4, 1]),
    "weight": np.log(np.array([2, 1, 0]) + 0.03),
    "share of the item's weight": np.log(np.array([2.003, 1.003, 0.003]) / [4, 4, 1]),
    "lift": np.log(np.array([2 * 4 / (3 * 2), 1 * 4 / (3 * 2), 0]) + 0.1),
    "order": np.log([1.5 / 0.5, 1, 1]),
    "expected by the low rank": np.log(np.array([1.5, 0, 0]) + 1e-4),
    "share in the types of the item's complements": np.log(np.array([OWN, OWN, BY_TYPE]) * 0.5 + 1e-7),
    "share in the types of its type's complements": np.log(np.full(3, BY_TYPE * 0.5) + 1e-7),
    "chance by the networks": np.log(PRIOR + 1e-7),
    "posterior": np.log(np.array([(2 + 30 * 0.2) / 33, (1 + 30 * 0.1) / 33, 0.3]) + 1e-7),
    "popularity": np.log(POPULARITY),
    "trend, of pairs never bought": [0, 0, np.log(0.2 + 1e-7)],
    "rise, of pairs never bought": [0, 0, np.log(0.2 + 1e-7) - np.log(POPULARITY[2])],
    "baskets of the item": np.log([4, 4, 1]),
    "cosine of the embeddings": [0.6, 0, 0.8],
    "cosine of the baskets": np.array([2, 1, 0]) / np.sqrt([12, 12, 3]),
    "price apart": [0.5, 1.5, 2.0],
    "price missing": [0, 1, 0],
    "never bought": [0, 0, 0],
    "borrowed by the query, of pairs never bought": [0, 0, np.log(0.25 * 2 + 0.03)],
    "its share of the lenders' baskets": [0, 0, np.log((0.25 * 2 + 0.003) / (0.25 * 3 + 1))],
    "borrowed by the candidate": [0, 0, np.log(0.03)],
    "its share of the query's baskets": [0, 0, np.log(0.003)],
    "what the candidate's look-alikes sell": [0, 0, np.log(2 + 0.5)],
    # Of the three pairs with type 0 two are b's, one is c's.
    "likelier by the query's type": np.log((np.array([2, 1, 2]) + 50 * POPULARITY) / (53 * POPULARITY)),
    "walk of two steps": np.log(TWO_STEP + 1e-6),
    # a has pairs of weight 3; b of 1.1, since a was bought before it once, and c of 1.
    "the walk back": np.log(TWO_STEP * [3, 3, 0] / (np.array([1.1, 1, 1.1]) + 1) + 1e-6),
    "walk of three steps": np.log(THREE_STEP + 1e-6),
    "shared neighbours": np.log(COMMON + 1e-2),
}


def test_the_facts_are_what_the_hand_works_out(features):
    assert len(features) == 3 and np.isfinite(features).all()
    # Wherever they stand: columns may be added.
    near = {name: np.isclose(features, np.array(fact)[:, None], rtol=1e-6) for name, fact in FACTS.items()}
    assert [name for name in FACTS if not near[name].all(axis=0).any()] == []


def test_the_posterior_and_the_count_stand_where_they_are_looked_for(features):
    np.testing.assert_allclose(features[:, POSTERIOR], FACTS["posterior"], rtol=1e-6)
    np.testing.assert_allclose(features[:, COUNT], FACTS["times bought together"], rtol=1e-6)

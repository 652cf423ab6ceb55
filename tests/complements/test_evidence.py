"""What is known of a candidate, worked out by hand on three items."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from graphrec.complements import KnownItems, Memory, QueryItems, QueryRows, Snapshot, describe_pairs
from graphrec.complements.evidence import EVIDENCE, PairsInView, describe
from graphrec.config import GraphConfig, parse_config
from graphrec.graph import build_graph
from graphrec.retrieval import ExactIndex

A, B, C = range(3)
PRIOR = np.array([0.2, 0.1, 0.3])
TWO_STEP, THREE_STEP, COMMON = np.array([[0.4, 0.0, 0.1], [0.2, 0.3, 0.0], [1.5, 0.2, 0.0]])


def line(session, minute, item):
    return {"session": session, "time": f"2024-01-01 10:{minute:02d}", "item": item}


LOG = [name for name in EVIDENCE if name != "networks"]
"""What is seen of a candidate without networks to ask."""


@pytest.fixture
def pairs(make_events):
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
    types = np.array([0, 1, 1])
    known = KnownItems(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), types, price, likeness)
    places, of_queries = np.array([[1.0, 0.0], [0.0, 1.0]]), sparse.csr_array(np.array([[0, 0, 0], [0.25, 0, 0]]))
    queries = QueryItems(np.array([A, -1]), places, np.array([0, 0]), price[[A, C]], of_queries)
    owner, item = np.array([0, 0, 1]), np.array([B, C, B])
    # The networks and where walks lead are given below.
    config = parse_config({"complements": {"trend_days": [1], "evidence": LOG}}, "test")
    snapshot = Snapshot(None, None, memory, known, ExactIndex(memory.right), config)
    looked_up = describe_pairs(snapshot, queries, QueryRows.of(snapshot, queries), owner, item)
    walked = {"two_step": TWO_STEP, "three_step": THREE_STEP, "common": COMMON}
    candidates = replace(looked_up, prior=PRIOR, facts={**looked_up.facts, **walked})
    return PairsInView(snapshot, queries, candidates)


POPULARITY = np.array([2.5, 2.5, 2.5]) / 8.5
"""b and c were both bought twice, a three times, and half a purchase is added to each."""
BY_TYPE = (3 + 50 * 0.5) / (3 + 50)
"""Items of type 0 were bought three times with type 1, which half of all pairs lead to."""
OWN = (3 + 50 * BY_TYPE) / (3 + 50)

FACTS = {
    "count": np.log(np.array([2, 1, 0]) + 0.1),
    "count share": np.log(np.array([2.01, 1.01, 0.01]) / [4, 4, 1]),
    "weight": np.log(np.array([2, 1, 0]) + 0.03),
    "weight share": np.log(np.array([2.003, 1.003, 0.003]) / [4, 4, 1]),
    "lift": np.log(np.array([2 * 4 / (3 * 2), 1 * 4 / (3 * 2), 0]) + 0.1),
    "bought first": np.log([1.5 / 0.5, 1, 1]),
    "expected, rank 1": np.log(np.array([1.5, 0, 0]) + 1e-4),
    "expected share, rank 1": np.log((np.array([1.5, 0, 0]) + 1e-5) / [4, 4, 1]),
    "by the query's types": np.log(np.array([OWN, OWN, BY_TYPE]) * 0.5 + 1e-7),
    "by the type's types": np.log(np.full(3, BY_TYPE * 0.5) + 1e-7),
    "prior": np.log(PRIOR + 1e-7),
    "posterior": np.log(np.array([(2 + 30 * 0.2) / 33, (1 + 30 * 0.1) / 33, 0.3]) + 1e-7),
    "popularity": np.log(POPULARITY),
    "sells, 1 days": [0, 0, np.log(0.2 + 1e-7)],
    "rises, 1 days": [0, 0, np.log(0.2 + 1e-7) - np.log(POPULARITY[2])],
    "query's baskets": np.log([4, 4, 1]),
    # All that a was bought with weighs 3.
    "query's pairs": np.log([4, 4, 1]),
    "cosine of embeddings": [0.6, 0, 0.8],
    "cosine of baskets": np.array([2, 1, 0]) / np.sqrt([12, 12, 3]),
    "price gap": [0.5, 1.5, 2.0],
    "no price": [0, 1, 0],
    "never sold": [0, 0, 0],
    "lent to the query": [0, 0, np.log(0.25 * 2 + 0.03)],
    "lent share of the query": [0, 0, np.log((0.25 * 2 + 0.003) / (0.25 * 3 + 1))],
    "lent to the candidate": [0, 0, np.log(0.03)],
    "lent share of the candidate": [0, 0, np.log(0.003)],
    "look-alikes sell": [0, 0, np.log(2 + 0.5)],
    # Of the three pairs with type 0 two are b's, one is c's.
    "one type": [0, 0, 0],
    "type uplift": np.log((np.array([2, 1, 2]) + 50 * POPULARITY) / (53 * POPULARITY)),
    "two steps": np.log(TWO_STEP + 1e-6),
    # a has pairs of weight 3; b of 1.1, since a was bought before it once, and c of 1.
    "two steps back": np.log(TWO_STEP * [3, 3, 0] / (np.array([1.1, 1, 1.1]) + 1) + 1e-6),
    "three steps": np.log(THREE_STEP + 1e-6),
    "shared neighbours": np.log(COMMON + 1e-2),
}


def test_the_columns_are_what_the_hand_works_out(pairs):
    described = describe(pairs, list(EVIDENCE))
    assert described.features.dtype == np.float64 and np.isfinite(described.features).all()
    assert set(described.names) == set(FACTS) and len(described.names) == len(FACTS)
    for name, column in zip(described.names, described.features.T, strict=True):
        np.testing.assert_allclose(column, FACTS[name], rtol=1e-6, err_msg=name)


def test_the_posterior_stands_first_whatever_is_seen_beside_it(pairs):
    assert describe(pairs, list(EVIDENCE)).names[0] == describe(pairs, ["price"]).names[0] == "posterior"


@pytest.mark.parametrize("left_out", EVIDENCE)
def test_without_a_name_its_columns_are_not_seen_and_all_others_are(pairs, left_out):
    whole, own = describe(pairs, list(EVIDENCE)), describe(pairs, [left_out])
    rest = describe(pairs, [name for name in EVIDENCE if name != left_out])
    assert set(own.names[1:]) and set(rest.names) == set(whole.names) - set(own.names[1:])
    places = [whole.names.index(name) for name in rest.names[1:]]
    np.testing.assert_array_equal(rest.features[:, 1:], whole.features[:, places])


def test_where_counts_are_not_seen_the_posterior_is_what_the_networks_say(pairs):
    without = describe(pairs, [name for name in EVIDENCE if name != "counts"])
    np.testing.assert_allclose(without.features[:, 0], np.log(PRIOR + 1e-7))

"""Where candidates come from: what was bought with an item, what the low rank expects, bestsellers, the networks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import sparse

from graphrec.complements import KnownItems, Memory, Snapshot, collect_candidates
from graphrec.complements.networks import ComplementIndex, ComplementPredictor, EmbeddingRegressor, TypeTransition
from graphrec.complements.sources import CANDIDATE_SOURCES
from graphrec.config import GraphConfig, parse_config
from graphrec.graph import Sales, build_graph
from graphrec.retrieval import ExactIndex

A, B, C, D, E, F, G, H, NEW = range(9)
ITEMS, TYPES = 9, 3


@pytest.fixture
def snapshot_of(make_events):
    """Two blocks, a-d and e-h: all pairs of a block were bought twice, but a and b never; i was never bought.

    The networks are as they begin, so that what they predict has nothing to do with the blocks.
    """
    blocks = ("abcd", "efgh")
    pairs = [(x, y) for block in blocks for x in block for y in block if x < y and (x, y) != ("a", "b")]
    rows = [{"session": f"{x}{y}{n}", "item": item} for x, y in pairs for n in range(2) for item in (x, y)]
    looked = [{"session": "i", "item": "i", "kind": "view"}]
    graph = build_graph(make_events([*({**row, "kind": "purchase"} for row in rows), *looked]), GraphConfig())
    types = np.arange(ITEMS) % TYPES
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.nn.functional.normalize(torch.randn((ITEMS, 4), generator=generator)).numpy()
    torch.manual_seed(0)
    predictor = ComplementPredictor.of(TypeTransition(4, 8, TYPES), EmbeddingRegressor(4, 8, TYPES, 6), 0.1)
    popularity = graph.bought + 0.5
    index = ComplementIndex.of(predictor, embeddings, popularity, types)
    memory = Memory.of(graph, types, TYPES, Sales(popularity, np.zeros((ITEMS, 0))), (2,), 0)

    def make(expected, look_alikes=(), borrowed=0, given_links=False, of_types=0, walks=None, popular=0, predicted=0):
        """Make a shop with so many candidates of each kind; `predicted` of each type, 0 keeps the networks out."""
        rows, lenders = np.array([*look_alikes, (0, 0)]).T
        weights = np.array([0.5] * len(look_alikes) + [0.0])
        likeness = sparse.csr_array(sparse.coo_array((weights, (rows, lenders)), shape=(ITEMS, ITEMS)))
        known = KnownItems(embeddings, types, np.zeros((ITEMS, 3)), likeness)
        settings = {
            "sources": [name for name in CANDIDATE_SOURCES if predicted or name != "predicted"],
            "expected_candidates": expected,
            "borrowed_candidates": borrowed,
            "type_candidates": of_types,
            "walk_candidates": walks,
            "popular_candidates": popular,
            "candidates_per_type": max(predicted, 1),
            "types": TYPES,
        }
        config = parse_config({"complements": settings, "events": {"reader": "links"} if given_links else {}}, "test")
        return Snapshot(predictor, index, memory, known, ExactIndex(memory.right), config)

    return make


def queries_of(snapshot, codes):
    """Look up items; a code of -1 is a product of no log and of no type."""
    codes = np.array(codes)
    types = np.where(codes < 0, -1, snapshot.known.type_codes[codes])
    return replace(snapshot.known.queries(codes), type_code=types)


def candidates_of(snapshot, *codes):
    """Give the candidates of each query, with their probabilities."""
    found = collect_candidates(snapshot, queries_of(snapshot, codes))
    assert (np.diff(found.owner * ITEMS + found.item) > 0).all(), "a candidate stands twice"
    assert (found.item != np.array(codes)[found.owner]).all(), "a query completes itself"
    return [
        dict(zip(found.item[found.owner == n].tolist(), found.prior[found.owner == n].tolist(), strict=True))
        for n in range(len(codes))
    ]


def test_items_bought_with_the_same_others_are_candidates(snapshot_of):
    # The low rank expects most of a with c and d, then with a itself and with b; of e with f, g, h and itself.
    (of_a, of_e) = candidates_of(snapshot_of(expected=4), A, E)
    assert set(of_a) == {B, C, D}
    assert set(of_e) == {F, G, H}
    # Without it a has only what it was bought with.
    assert set(candidates_of(snapshot_of(expected=1), A)[0]) == {C, D}


def test_bestsellers_are_candidates_of_all_but_themselves(snapshot_of):
    # c to h were bought six times, a and b four times; of equals the lower code sells best.
    of_a, of_c, of_g, of_new = candidates_of(snapshot_of(expected=1, popular=3), A, C, G, -1)
    assert set(of_a) == {C, D, E}
    assert set(of_c) == {A, B, D, E}
    assert set(of_g) == {C, D, E, F, H}
    assert set(of_new) == {C, D, E}


def test_what_sells_these_days_is_a_candidate_beside_what_always_did(snapshot_of):
    snapshot = snapshot_of(expected=1, popular=1)
    trend = np.zeros((ITEMS, 1))
    trend[F] = 1.0
    memory = replace(snapshot.memory, sales=replace(snapshot.memory.sales, trend=trend))
    assert set(candidates_of(replace(snapshot, memory=memory), NEW)[0]) == {C, F}


def test_what_look_alikes_were_bought_with_are_candidates(snapshot_of):
    # Nobody bought i, which looks like a; e looks like i, whom it can lend nothing.
    of_new, of_c = candidates_of(snapshot_of(1, [(NEW, A), (E, NEW)], borrowed=9), NEW, C)
    assert set(of_new) == {C, D}
    # And i completes what a completes: c was bought with a, b and d.
    assert set(of_c) == {A, B, D, NEW}
    assert set(candidates_of(snapshot_of(1, [(NEW, A)]), NEW)[0]) == set()


def test_walks_of_two_steps_lead_to_candidates_where_they_are_asked_for(snapshot_of):
    # From a over c or d to each other and to b; of given links walks are asked for without being named.
    for walking in (snapshot_of(1, walks=3), snapshot_of(1, given_links=True)):
        of_a, of_new = candidates_of(walking, A, -1)
        assert set(of_a) == {B, C, D}
        assert set(of_new) == set()
    assert set(candidates_of(snapshot_of(1), A)[0]) == {C, D}
    assert set(candidates_of(snapshot_of(1, given_links=True, walks=0), A)[0]) == {C, D}


def test_what_a_type_is_bought_with_beyond_what_anyone_buys_is_a_candidate(snapshot_of):
    # With a, d and g, of type 0, c was bought four times and a and b twice, though they sell less than the others;
    # with b, e and h f and g four times; with c, f and i all twice, of whom a and b sell least.
    snapshot = snapshot_of(expected=1, of_types=2)
    of_a, of_b, of_new = candidates_of(snapshot, A, B, NEW)
    assert set(of_a) == {C, D}, "a and c are the best of its type, c and d were bought with it"
    assert set(of_b) == {C, D, F, G}
    assert set(of_new) == {A, B}
    # A product of no log has a type, or none and then no such candidates.
    queries = replace(queries_of(snapshot, [-1, -1]), type_code=np.array([1, -1]))
    found = collect_candidates(snapshot, queries)
    assert (found.owner.tolist(), found.item.tolist()) == ([0, 0], [F, G])


def test_the_networks_name_the_items_of_the_likeliest_types(snapshot_of):
    snapshot = snapshot_of(expected=1, predicted=ITEMS)
    settings = snapshot.config.complements.model_copy(update={"types": 1})
    snapshot = replace(snapshot, config=snapshot.config.model_copy(update={"complements": settings}))
    likeliest = snapshot.predictor.type_probabilities(snapshot.known.embeddings[[NEW]])[0].argmax()
    members = set(np.flatnonzero(snapshot.known.type_codes == likeliest).tolist())
    assert members - {NEW} <= set(candidates_of(snapshot, NEW)[0])
    # Asked for one of each type, they name no second one.
    one_each = list(candidates_of(snapshot_of(expected=1, predicted=1), NEW)[0])
    assert one_each and len(set(snapshot.known.type_codes[one_each])) == len(one_each)


def test_a_candidate_is_as_likely_however_it_was_found(snapshot_of):
    given = candidates_of(snapshot_of(expected=4, popular=3), A, NEW, E)
    everything = candidates_of(snapshot_of(expected=4, popular=3, predicted=ITEMS), A, NEW, E)
    for few, all_of_them, query in zip(given, everything, (A, NEW, E), strict=True):
        assert set(all_of_them) == set(range(ITEMS)) - {query}
        assert few == pytest.approx({item: all_of_them[item] for item in few})
        assert 0 < sum(all_of_them.values()) < 1  # the rest is the query's own


def test_of_a_product_in_no_log_nothing_was_counted(snapshot_of):
    snapshot = snapshot_of(expected=4, popular=9, walks=9, predicted=ITEMS)
    counted = snapshot.memory.graph.evidence_columns
    found = collect_candidates(snapshot, queries_of(snapshot, [A, -1]))
    new = found.owner == 1
    assert found.item[new].tolist() == list(range(ITEMS))
    for name, of_a in counted(np.full(ITEMS, A), np.arange(ITEMS)).items():
        # The first item of the catalogue has counts with these candidates, which are none of the new product's.
        assert of_a.any() or name in ("first", "later"), "the log has no times, so that nothing came first"
        assert not found.facts[name][new].any(), name
        np.testing.assert_array_equal(found.facts[name][~new], of_a[found.item[~new]])
    for name in ("two_step", "three_step", "common"):
        assert found.facts[name][~new].any() and not found.facts[name][new].any(), name

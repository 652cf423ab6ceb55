"""Where candidates come from: what was bought with an item, what the low rank expects, bestsellers, the networks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import sparse

from graphrec.complements import (
    ComplementPredictor,
    EmbeddingRegressor,
    KnownItems,
    Memory,
    TypeTransition,
    log_popularity_in_type,
)
from graphrec.config import ComplementsConfig, GraphConfig
from graphrec.graph import Sales, build_graph
from graphrec.retrieval import CandidateSource, ComplementIndex, ExactIndex

A, B, C, D, E, F, G, H, NEW = range(9)
ITEMS, TYPES = 9, 3


@pytest.fixture
def source_of(make_events):
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
    popularity = log_popularity_in_type(graph.bought + 0.5, types, TYPES)
    index = ComplementIndex.lay_out(predictor.places(embeddings), popularity, types, TYPES, 0.1)
    memory = Memory.of(graph, types, TYPES, Sales(graph.bought + 0.5, np.zeros((ITEMS, 0))), (2,), 0)
    prices = np.zeros((ITEMS, 3))

    def make(expected, look_alikes=(), borrowed=0, given_links=False, of_types=0, walks=None):
        rows, lenders = np.array([*look_alikes, (0, 0)]).T
        weights = np.array([0.5] * len(look_alikes) + [0.0])
        likeness = sparse.csr_array(sparse.coo_array((weights, (rows, lenders)), shape=(ITEMS, ITEMS)))
        known = KnownItems(embeddings, prices, likeness)
        config = ComplementsConfig(
            expected_candidates=expected,
            borrowed_candidates=borrowed,
            type_candidates=of_types,
            walk_candidates=walks,
        )
        return CandidateSource(predictor, index, memory, known, config, ExactIndex(memory.right), given_links)

    return make


def queries_of(source, codes):
    codes = np.array(codes)
    types = np.where(codes < 0, -1, source.memory.type_codes[codes])
    return replace(source.known.queries(codes, source.memory.type_codes), type_code=types)


def candidates_of(source, *codes, per_type=1, types=0, popular=0):
    """Give the candidates of each query, with their probabilities; `types=0` keeps the networks out."""
    queries = queries_of(source, codes)
    found = source.collect(queries, source.rows(queries), per_type, types, popular)
    assert (np.diff(found.owner * ITEMS + found.item) > 0).all(), "a candidate stands twice"
    assert (found.item != np.array(codes)[found.owner]).all(), "a query completes itself"
    return [
        dict(zip(found.item[found.owner == n].tolist(), found.prior[found.owner == n].tolist(), strict=True))
        for n in range(len(codes))
    ]


def test_items_bought_with_the_same_others_are_candidates(source_of):
    # The low rank expects most of a with c and d, then with a itself and with b; of e with f, g, h and itself.
    (of_a, of_e) = candidates_of(source_of(expected=4), A, E)
    assert set(of_a) == {B, C, D}
    assert set(of_e) == {F, G, H}
    # Without it a has only what it was bought with.
    assert set(candidates_of(source_of(expected=1), A)[0]) == {C, D}


def test_bestsellers_are_candidates_of_all_but_themselves(source_of):
    # c to h were bought six times, a and b four times; of equals the lower code sells best.
    of_a, of_c, of_g, of_new = candidates_of(source_of(expected=1), A, C, G, -1, popular=3)
    assert set(of_a) == {C, D, E}
    assert set(of_c) == {A, B, D, E}
    assert set(of_g) == {C, D, E, F, H}
    assert set(of_new) == {C, D, E}


def test_what_sells_these_days_is_a_candidate_beside_what_always_did(source_of):
    source = source_of(expected=1)
    trend = np.zeros((ITEMS, 1))
    trend[F] = 1.0
    memory = replace(source.memory, sales=replace(source.memory.sales, trend=trend))
    assert set(candidates_of(replace(source, memory=memory), NEW, popular=1)[0]) == {C, F}


def test_what_look_alikes_were_bought_with_are_candidates(source_of):
    # Nobody bought i, which looks like a; e looks like i, whom it can lend nothing.
    of_new, of_c = candidates_of(source_of(1, [(NEW, A), (E, NEW)], borrowed=9), NEW, C)
    assert set(of_new) == {C, D}
    # And i completes what a completes: c was bought with a, b and d.
    assert set(of_c) == {A, B, D, NEW}
    assert set(candidates_of(source_of(1, [(NEW, A)]), NEW)[0]) == set()


def test_walks_of_two_steps_lead_to_candidates_where_they_are_asked_for(source_of):
    # From a over c or d to each other and to b; of given links walks are asked for without being named.
    for walking in (source_of(1, walks=3), source_of(1, given_links=True)):
        of_a, of_new = candidates_of(walking, A, -1)
        assert set(of_a) == {B, C, D}
        assert set(of_new) == set()
    assert set(candidates_of(source_of(1), A)[0]) == {C, D}
    assert set(candidates_of(source_of(1, given_links=True, walks=0), A)[0]) == {C, D}


def test_what_a_type_is_bought_with_beyond_what_anyone_buys_is_a_candidate(source_of):
    # With a, d and g, of type 0, c was bought four times and a and b twice, though they sell less than the others;
    # with b, e and h f and g four times; with c, f and i all twice, of whom a and b sell least.
    source = source_of(expected=1, of_types=2)
    of_a, of_b, of_new = candidates_of(source, A, B, NEW)
    assert set(of_a) == {C, D}, "a and c are the best of its type, c and d were bought with it"
    assert set(of_b) == {C, D, F, G}
    assert set(of_new) == {A, B}
    # A product of no log has a type, or none and then no such candidates.
    queries = replace(queries_of(source, [-1, -1]), type_code=np.array([1, -1]))
    found = source.collect(queries, source.rows(queries), 1, 0, 0)
    assert (found.owner.tolist(), found.item.tolist()) == ([0, 0], [F, G])


def test_the_networks_name_the_items_of_the_likeliest_types(source_of):
    source = source_of(expected=1)
    likeliest = source.predictor.type_probabilities(source.known.embeddings[[NEW]])[0].argmax()
    members = set(np.flatnonzero(source.memory.type_codes == likeliest).tolist())
    assert members - {NEW} <= set(candidates_of(source, NEW, per_type=ITEMS, types=1)[0])


def test_a_candidate_is_as_likely_however_it_was_found(source_of):
    source = source_of(expected=4)
    given = candidates_of(source, A, NEW, E, popular=3)
    everything = candidates_of(source, A, NEW, E, per_type=ITEMS, types=TYPES, popular=3)
    for few, all_of_them, query in zip(given, everything, (A, NEW, E), strict=True):
        assert set(all_of_them) == set(range(ITEMS)) - {query}
        assert few == pytest.approx({item: all_of_them[item] for item in few})
        assert 0 < sum(all_of_them.values()) < 1  # the rest is the query's own

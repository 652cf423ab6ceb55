"""Similar links for a log without views."""

import numpy as np

from graphrec.config import GraphConfig
from graphrec.graph import build_graph, substitutes_without_views
from graphrec.graph.nearest import nearest_in_type


def test_nearest_stay_within_the_type_and_never_name_themselves():
    vectors = np.random.default_rng(0).standard_normal((60, 5)).astype(np.float32)
    types = np.repeat([0, 1, -1], 20)
    left, right, similarity = nearest_in_type(vectors, types, 3)
    assert (types[left] == types[right]).all()
    assert (left != right).all()
    assert set(left.tolist()) == set(range(40))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit[:20] @ unit[:20].T
    np.fill_diagonal(cosine, -np.inf)
    for item in range(20):
        np.testing.assert_allclose(np.sort(similarity[left == item]), np.sort(cosine[item])[-3:], rtol=1e-5)


def test_items_bought_with_the_same_others_are_linked(make_events):
    # Two teas, each bought with honey and with milk but never with the other; a soap that goes with towels.
    rows, session = [], 0
    for first in ("tea-1", "tea-2"):
        for second in ("honey", "milk"):
            for _ in range(5):
                session += 1
                rows += [{"session": session, "item": first}, {"session": session, "item": second}]
    for _ in range(10):
        session += 1
        rows += [{"session": session, "item": "soap"}, {"session": session, "item": "towel"}]
    events = make_events(rows, default_kind="purchase")
    graph = build_graph(events, GraphConfig())
    items = list(events.catalogue.items)
    nothing_known = np.zeros((len(items), 4), dtype=np.float32)
    config = GraphConfig().co_view.model_copy(update={"nearest_k": 1, "context_dim": 4})
    linked = substitutes_without_views(graph, nothing_known, np.zeros(len(items), dtype=np.int64), config, seed=0)
    pairs = {(items[a], items[b]) for a, b in zip(linked.similar.rows, linked.similar.indices, strict=True)}
    assert ("tea-1", "tea-2") in pairs
    assert ("honey", "tea-1") not in pairs  # bought together more often than chance
    assert linked.similar_sources == ("catalogue", "shared contexts")

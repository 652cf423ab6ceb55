"""One leak of each sort is planted, and each is caught; what is fitted as it should be has none."""

from dataclasses import replace

import numpy as np
import pytest

from graphrec.errors import EventsError
from graphrec.evaluation.fit_graphrec import of_model
from graphrec.evaluation.leaks import (
    find_leaks,
    require_no_leaks,
    sessions_on_both_sides,
    windows_on_both_sides,
)
from graphrec.events import load_events
from graphrec.graph import build_graph
from tests.conftest import knowing


def with_graph(model, graph):
    """Let a model have counted something else."""
    return knowing(model, memory=replace(model.snapshot.memory, graph=graph))


def test_an_honest_fit_has_no_leaks(planted):
    leaks = find_leaks(planted.recommender.model, planted.split)
    assert leaks == []
    require_no_leaks(leaks)


def test_test_edges_in_the_graph_are_caught(planted):
    whole = load_events(planted.split.config)
    model = planted.recommender.model
    assert len(whole.catalogue) == len(model.catalogue)
    leaking = with_graph(model, build_graph(whole, model.config.graph))
    found = find_leaks(leaking, planted.split)
    # What was bought later counts twice: in the pairs, and in how often items were bought.
    assert len(found) == 2 and all("before the cut" in leak.found for leak in found)
    with pytest.raises(EventsError, match="no test edge or its reverse"):
        require_no_leaks(found)


def test_one_reversed_test_edge_is_caught(planted):
    model, pairs = planted.recommender.model, planted.recommender.model.graph.complement
    counts = planted.materials.data.counts
    source = int(np.flatnonzero(np.diff(pairs.indptr))[0])
    never = np.setdiff1d(np.arange(model.graph.items), [*counts[[source]].indices, source])[0]
    indices = pairs.indices.copy()
    indices[pairs.indptr[source]] = never
    leaking = with_graph(model, replace(model.graph, complement=replace(pairs, indices=indices)))
    # Asked as `evaluate` asks, which must hear of every rule.
    (found,) = find_leaks(leaking, planted.split)
    assert "1 of" in found.found


def test_windows_of_one_session_on_both_sides_are_caught(planted):
    assert sessions_on_both_sides(planted.split) == []
    # Three windows of each session, dealt out at random: the protocol of the tutorials.
    session = np.repeat(np.arange(100), 3)
    dealt = np.random.default_rng(0).random(300) < 0.2
    assert "trained on" in windows_on_both_sides(session[~dealt], session[dealt])[0].found
    by_session = session < 80
    assert windows_on_both_sides(session[by_session], session[~by_session]) == []


def test_a_session_cut_in_two_is_caught(planted):
    frame = planted.split.train.frame
    test = planted.split.test.copy()
    with_sibling = test.iloc[:1].assign(session=_a_training_session(planted))
    assert len(frame)
    leaking = replace(planted.split, test=with_sibling)
    assert len(sessions_on_both_sides(leaking)) == 1
    assert find_leaks(planted.recommender.model, leaking) == sessions_on_both_sides(leaking)


def _a_training_session(planted):

    with planted.split.train.connections.duckdb() as engine:
        return engine.fetch(planted.split.train.table(engine).select("session").limit(1))["session"].iloc[0]


@pytest.mark.parametrize("part", ["purchases", "prices", "scale"])
def test_statistics_of_all_dates_are_caught(planted, part):
    model = planted.recommender.model
    graph, frame, features = model.graph, model.catalogue.frame, model.features
    leaking = {
        "purchases": with_graph(model, replace(graph, bought=graph.bought + 1)),
        "prices": replace(model, catalogue=replace(model.catalogue, frame=frame.assign(price=frame["price"] * 1.1))),
        "scale": replace(model, features=replace(features, price=features.price * 1.1)),
    }[part]
    found = find_leaks(leaking, planted.split)
    assert len(found) == 1
    said = {"purchases": "more often", "prices": "another price", "scale": "scale of prices"}[part]
    assert said in found[0].found


def test_lists_of_a_model_ask_the_model(planted):
    fitted = of_model(planted.recommender.model)
    codes = np.arange(20)
    lists = fitted.complements(codes, 10, None)
    asked = planted.recommender.recommend_many([planted.recommender.items[code] for code in codes], 10)
    np.testing.assert_array_equal(lists.ravel(), planted.recommender.model.catalogue.codes(asked["complement"]))

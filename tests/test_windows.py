"""Later stretches of a log, and what they hold as answers."""

import numpy as np
import pytest

from graphrec.config import ComplementConfig, GraphConfig
from graphrec.graph import build_graph
from graphrec.windows import answers_of, as_if_new, stretches


def day(number, *items):
    return [{"session": number, "time": f"2024-01-{number:02d}", "item": item} for item in items]


def test_stretches_follow_each_other_and_each_has_the_log_before_it(make_events):
    events = make_events([row for n in range(1, 21) for row in day(n, "a", "b")], default_kind="purchase")
    cuts = stretches(events, 0.4, 4)
    assert [before.facts.sessions for before, _ in cuts] == [12, 14, 16, 18]
    assert [window.facts.sessions for _, window in cuts] == [2, 2, 2, 2]
    for before, window in cuts:
        assert before.facts.last < window.facts.first


def test_hidden_items_are_new_to_every_stretch_and_sold_in_it(make_events):
    names = [f"{n:02d}" for n in range(20)]
    events = make_events([row for n in range(1, 21) for row in day(n, *names)], default_kind="purchase")
    cuts = stretches(events, 0.4, 4)
    new = as_if_new(cuts, 0.1, 0, whole_sessions=False)
    for (before, window), (known, same) in zip(new, cuts, strict=True):
        assert (before.facts.per_item == 0).sum() == 2
        assert before.facts.sessions == known.facts.sessions
        np.testing.assert_array_equal(window.facts.per_item, same.facts.per_item)
    hidden = {tuple(np.flatnonzero(before.facts.per_item == 0)) for before, _ in new}
    assert len(hidden) == 1, "an item that is new to a later stretch must be new to the earlier ones"
    assert all((before.facts.per_item > 0).all() for before, _ in as_if_new(cuts, 0.0, 0, whole_sessions=False))


def test_links_of_a_hidden_item_are_hidden_whole(make_events):
    links = [(x, y) for x in "abcdefghij" for y in "abcdefghij" if x < y]
    rows = [row for n, link in enumerate(links * 2) for row in day(n % 28 + 1, *link)]
    rows = [{**row, "session": number // 2} for number, row in enumerate(rows)]
    cuts = stretches(make_events(rows, default_kind="purchase"), 0.4, 2)
    before, _ = as_if_new(cuts, 0.1, 0, whole_sessions=True)[0]
    assert (before.facts.per_item == 0).sum() == 1
    assert build_graph(before, GraphConfig()).baskets < build_graph(cuts[0][0], GraphConfig()).baskets


def test_answers_weigh_one_over_the_other_items_whatever_the_graph_prunes(make_events):
    rows = [*day(1, "a", "b", "c"), *day(2, "a", "b")]
    config = GraphConfig(complement=ComplementConfig(min_count=5, top_k=1, half_life_days=1, reverse_weight=0))
    answers = answers_of(make_events(rows, default_kind="purchase"), config)
    pairs = [(0, 1), (1, 0), (0, 2), (1, 2)]
    weight = answers.evidence_columns(*np.array(pairs).T)["weight"]
    assert weight.tolist() == pytest.approx([1.5, 1.5, 0.5, 0.5])


def test_answers_hold_substitutes_too_if_they_were_bought_together(make_events):
    looks = [{"session": n, "item": item, "kind": "view"} for n in range(20) for item in "xy"]
    others = [{"session": n + 20, "item": item, "kind": "purchase"} for n in range(20) for item in "xyz"[n % 2 :: 2]]
    bought = [{"session": 99, "item": item, "kind": "purchase"} for item in "xy"]
    events = make_events([*looks, *others, *bought])
    assert build_graph(events, GraphConfig()).evidence(0, 1).bought_together == 0
    assert answers_of(events, GraphConfig()).evidence(0, 1).bought_together == 1

"""Later stretches of a log, and what they hold as answers."""

import numpy as np
import pytest

from graphrec.config import ComplementConfig, GraphConfig
from graphrec.graph import build_graph
from graphrec.windows import answers_of, stretches


def day(number, *items):
    return [{"session": number, "time": f"2024-01-{number:02d}", "item": item} for item in items]


def test_stretches_follow_each_other_and_each_has_the_log_before_it(make_events):
    events = make_events([row for n in range(1, 21) for row in day(n, "a", "b")], default_kind="purchase")
    cuts = stretches(events, 0.4, 4)
    assert [before.facts.sessions for before, _ in cuts] == [12, 14, 16, 18]
    assert [window.facts.sessions for _, window in cuts] == [2, 2, 2, 2]
    for before, window in cuts:
        assert before.facts.last < window.facts.first


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

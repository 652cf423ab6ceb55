"""Later folds of a log, and what they hold as answers."""

import numpy as np
import pytest

from graphrec.complements.folds import answers_of, as_if_new, held_out_links, temporal_folds
from graphrec.config import CoPurchaseConfig, GraphConfig
from graphrec.graph import build_graph


def day(number, *items):
    return [{"session": number, "time": f"2024-01-{number:02d}", "item": item} for item in items]


def test_folds_follow_each_other_and_each_has_the_log_before_it(make_events):
    events = make_events([row for n in range(1, 21) for row in day(n, "a", "b")], default_kind="purchase")
    cuts = temporal_folds(events, 0.4, 4)
    assert [before.facts.sessions for before, _ in cuts] == [12, 14, 16, 18]
    assert [fold.facts.sessions for _, fold in cuts] == [2, 2, 2, 2]
    for before, fold in cuts:
        assert before.facts.last < fold.facts.first


def test_hidden_items_are_new_to_every_fold_and_sold_in_it(make_events):
    names = [f"{n:02d}" for n in range(20)]
    events = make_events([row for n in range(1, 21) for row in day(n, *names)], default_kind="purchase")
    cuts = temporal_folds(events, 0.4, 4)
    new = as_if_new(cuts, 0.1, 0, whole_sessions=False)
    for (before, fold), (known, same) in zip(new, cuts, strict=True):
        assert (before.facts.per_item == 0).sum() == 2
        assert before.facts.sessions == known.facts.sessions
        np.testing.assert_array_equal(fold.facts.per_item, same.facts.per_item)
    hidden = {tuple(np.flatnonzero(before.facts.per_item == 0)) for before, _ in new}
    assert len(hidden) == 1, "an item that is new to a later fold must be new to the earlier ones"
    assert all((before.facts.per_item > 0).all() for before, _ in as_if_new(cuts, 0.0, 0, whole_sessions=False))


def test_links_of_a_hidden_item_are_hidden_whole(make_events):
    links = [(x, y) for x in "abcdefghij" for y in "abcdefghij" if x < y]
    rows = [row for n, link in enumerate(links * 2) for row in day(n % 28 + 1, *link)]
    rows = [{**row, "session": number // 2} for number, row in enumerate(rows)]
    cuts = temporal_folds(make_events(rows, default_kind="purchase"), 0.4, 2)
    before, _ = as_if_new(cuts, 0.1, 0, whole_sessions=True)[0]
    assert (before.facts.per_item == 0).sum() == 1
    assert build_graph(before, GraphConfig()).baskets < build_graph(cuts[0][0], GraphConfig()).baskets


def links(count):
    """Link items n and n + 1, one after another, without times."""
    return [{"session": n, "item": f"{item:02d}"} for n in range(count) for item in (n, n + 1)]


def linked(events):
    """Give the links that a fold holds."""
    return {tuple(sorted(items)) for items in events.frame.groupby("session")["item"].apply(tuple)}


def test_held_out_links_are_disjoint_and_each_part_has_all_others(make_events):
    events = make_events(links(20), default_kind="purchase")
    cuts = held_out_links(events, 0.4, 4)
    known, held = [linked(before) for before, _ in cuts], [linked(part) for _, part in cuts]
    everything = linked(events)
    assert [len(part) for part in held] == [2, 2, 2, 2]
    assert len(set.union(*held)) == 8, "a link is held out twice"
    for rest, part in zip(known, held, strict=True):
        assert rest == everything - part
    # The later links that another part holds out are known, which a cut in time would not have.
    assert all(max(everything) in rest for rest in known[:-1])


def test_several_parts_are_left_out_at_once(make_events):
    events = make_events(links(20), default_kind="purchase")
    # Two positions hold a link.
    assert linked(events.leaving_out(4, 8)) == linked(events) - {(2, 3), (3, 4)}
    twice = events.leaving_out(4, 8).leaving_out(10, 12)
    assert linked(twice) == linked(events) - {(2, 3), (3, 4), (5, 6)}
    assert linked(twice.between(since=6, until=14)) == {(4, 5), (6, 7)}
    assert linked(events.between(since=6).leaving_out(10, 12)) == linked(events.between(since=6)) - {(5, 6)}
    assert len({part.fingerprint() for part in (events, twice, events.leaving_out(4, 8))}) == 3


def test_answers_weigh_one_over_the_other_items_whatever_the_graph_prunes(make_events):
    rows = [*day(1, "a", "b", "c"), *day(2, "a", "b")]
    config = GraphConfig(co_purchase=CoPurchaseConfig(min_count=5, top_k=1, half_life_days=1, reverse_weight=0))
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

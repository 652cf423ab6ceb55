"""Sessions by pauses, and the time split."""

import numpy as np

from graphrec.events import split_latest


def line(user, time, item="a"):
    return {"user": user, "time": f"2024-01-01 {time}", "item": item}


def test_a_pause_longer_than_the_gap_begins_a_session(make_events):
    rows = [line(1, "10:00"), line(1, "10:30"), line(1, "11:01"), line(2, "10:05")]
    events = make_events(rows, default_kind="view")
    # user 1: 10:00 and 10:30 (a pause of exactly 30 minutes is no longer than the gap), then 11:01; user 2 alone
    assert events.frame["session"].tolist() == [0, 0, 1, 2]
    assert events.frame["time"].dt.hour.tolist() == [10, 10, 10, 11]
    short = make_events(rows, default_kind="view", session_gap_minutes=10)
    assert short.frame["session"].nunique() == 4


def test_row_order_does_not_matter(make_events):
    rows = [line(1, "10:00"), line(1, "10:20"), line(1, "12:00"), line(2, "09:00")]
    straight = make_events(rows, default_kind="view").frame["session"].tolist()
    mixed = make_events(rows[::-1], default_kind="view").frame["session"].tolist()
    assert straight == mixed


def test_split_latest_cuts_by_time_or_by_session_number(make_events):
    rows = [{"session": s, "item": "a", "time": f"2024-01-{s:02d}"} for s in range(1, 21)]
    train, held_out = split_latest(make_events(rows, default_kind="purchase"), 0.2)
    assert len(held_out) == 4
    assert train.frame["time"].max() < held_out.frame["time"].min()
    untimed = make_events([{"session": s, "item": f"i{s}"} for s in range(20)], default_kind="purchase")
    train, held_out = split_latest(untimed, 0.25)
    assert np.intersect1d(train.frame["item"], held_out.frame["item"]).size == 0
    assert len(held_out) == 5


def test_the_events_of_one_kind_alone(make_events):
    kinds = {"a": "view", "b": "cart", "c": "purchase", "d": "view", "e": "purchase"}
    events = make_events([line(1, f"10:0{n}", item) | {"kind": kinds[item]} for n, item in enumerate(kinds)])
    bought = events.only("purchase")
    assert [events.catalogue.items[code] for code in bought.frame["item"]] == ["c", "e"]
    assert (len(events), len(bought), bought.count("view")) == (5, 2, 0)
    assert len(bought.between(until=events.facts.last)) == 1
    assert not bought.counts_daily

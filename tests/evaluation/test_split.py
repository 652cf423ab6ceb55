"""The split: what is known at the cut, what came after, and that nothing crosses it."""

import numpy as np
import pandas as pd
import pytest

from graphrec.config import parse_config
from graphrec.errors import EventsError
from graphrec.evaluation import basket_lines, every_item, make_question_sets, one_random_item, split_log
from graphrec.evaluation.leaks import sessions_on_both_sides
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.questions import never_together, ordered_pairs, popularity_bands, sign_test, some_baskets
from graphrec.evaluation.split import HeldOut
from graphrec.events import load_events

COLUMNS = {name: name for name in ("session", "time", "item", "kind", "price", "title")}


def line(session, time, item, kind="purchase", price=1.0, title="old name"):
    values = (session, f"2024-01-{time}", item, kind, price, title)
    return dict(zip(("session", "time", "item", "kind", "price", "title"), values, strict=True))


LOG = [
    *(line(1, "01", item) for item in "ab"),
    *(line(2, "02", item) for item in "abc"),
    line(3, "09 10:00", "a", "view"),
    line(3, "10 10:00", "b"),  # a session that is open at the cut
    *(line(4, "11", item, price=7.0, title="new name") for item in ("a", "b", "new")),
    line(5, "12 10:00", "c", "view"),
    line(5, "12 10:01", "b", "cart"),
    *(line(5, "12 11:00", item) for item in "ac"),
]


@pytest.fixture
def split(tmp_path):
    def cut(rows, **sections):
        pd.DataFrame(rows).to_csv(tmp_path / "log.csv", index=False)
        raw = {"events": {"path": str(tmp_path / "log.csv"), "columns": COLUMNS}, "split": {"test_from": "2024-01-10"}}
        return split_log(parse_config(raw | sections, "test"))

    return cut


def names(split, codes):
    return [split.train.catalogue.items[code] for code in codes]


def test_items_are_known_as_they_were_at_the_cut(split):
    # Later rows that would outvote the earlier ones.
    cut = split([*LOG, *(line(n, "13", "a", price=9.0, title="new name") for n in range(6, 16))])
    frame = cut.train.catalogue.frame.set_index("item")
    assert frame.loc["a", ["title", "price"]].tolist() == ["old name", 1.0]
    # What came later is known by its own row, and is cold.
    assert frame.loc["new", ["title", "price"]].tolist() == ["new name", 7.0]
    assert names(cut, np.flatnonzero(cut.cold)) == ["new"]


def test_sessions_are_asked_about_that_began_after_the_cut(split):
    cut = split(LOG)
    assert len(cut.train) == 6
    assert set(names(cut, cut.test["item"])) == {"a", "b", "c", "new"}
    assert cut.test["session"].nunique() == 2


def test_what_is_fitted_does_not_hang_on_what_came_later(split):
    before = split(LOG).train
    later = [row for row in LOG if row["time"] >= "2024-01-10"]
    # The same products arrive, with the same rows of their own; everything else after the cut is another.
    changed = [row | {"price": 99.0, "title": "another", "kind": "view"} for row in later if row["item"] != "new"]
    after = split([*LOG[:6], *changed, line(9, "20", "new", price=7.0, title="new name")]).train
    assert after.fingerprint() == before.fingerprint()
    pd.testing.assert_frame_equal(after.catalogue.frame, before.catalogue.frame)
    moved = split([LOG[0] | {"price": 50.0}, *LOG[1:]]).train
    assert moved.fingerprint() != before.fingerprint()


def test_questions_are_known_items_and_answers_the_rest_of_the_basket(split):
    cut = split(LOG)
    data = Materials(cut).data
    sets = make_question_sets(cut, data, seed=0)
    assert len(sets.known) == 2
    asked = {
        (a, b)
        for a, b in zip(
            names(cut, sets.every.query[sets.every.answer_question]),
            names(cut, sets.every.answer_item),
            strict=True,
        )
    }
    assert asked == {("a", "b"), ("a", "new"), ("b", "a"), ("b", "new"), ("a", "c"), ("c", "a")}
    assert names(cut, sets.cold_queries.query) == ["new"]
    assert set(names(cut, sets.cold_targets.query)) == {"a", "b"}
    assert len(sets.novel) == 0  # a, b and a, c were bought together before
    # Session 5 viewed c, then carted b, before it bought.
    touched = set(names(cut, sets.history.item))
    assert "b" in touched and touched <= {"b", "c"}


def test_a_log_without_times_is_cut_by_session_number(split, tmp_path):
    rows = pd.DataFrame([{"session": s, "item": item} for s in range(20) for item in (f"i{s % 3}", f"j{s % 3}")])
    rows.to_csv(tmp_path / "untimed.csv", index=False)
    raw = {
        "events": {
            "path": str(tmp_path / "untimed.csv"),
            "columns": {"session": "session", "item": "item"},
            "default_kind": "purchase",
        },
        "split": {"test_share": 0.25},
    }
    cut = split_log(parse_config(raw, "test"))
    assert len(cut.train) == 30 and len(cut.test) == 10
    assert "no times" in cut.in_words()


def test_hidden_items_are_new_to_the_training_log(split):
    cut = split(LOG, split={"test_from": "2024-01-10", "hidden_items": 0.4})
    hidden = set(names(cut, np.flatnonzero(cut.cold))) - {"new"}
    assert len(hidden) == 1
    assert hidden <= set(names(cut, cut.test["item"]))


@pytest.mark.parametrize("day", ["2030-01-01", "2024-01-01"])
def test_a_cut_that_leaves_a_side_empty_is_refused(split, day):
    with pytest.raises(EventsError, match="leaves one side empty"):
        split(LOG, split={"test_from": day})


def test_a_part_is_asked_about_as_if_nothing_came_after_it(split):
    until = pd.Timestamp("2024-01-12 10:01")
    held_out = HeldOut(pd.Timestamp("2024-01-11"), until)
    cut = split_log(split(LOG).config, held_out=held_out)
    # Session 5 is open at the end: of it the first view is known, and nothing after.
    assert len(cut.train) == 7 and cut.train.facts.last < held_out.since
    assert names(cut, cut.test["item"]) == ["a", "b", "new", "c"]
    assert cut.test["time"].max() < until
    assert str(until) in cut.in_words()
    later = split_log(split([*LOG[:10], line(5, "12 11:00", "arrived")]).config, held_out=held_out)
    assert later.train.fingerprint() == cut.train.fingerprint()
    assert list(later.train.catalogue.items) == list(cut.train.catalogue.items)


def test_shoppers_are_known_of_the_events_after_the_cut(tmp_path):
    rows = [{"user": u, "item": i, "time": f"2024-01-{d:02}"} for d, u in ((1, "x"), (2, "y"), (9, "x")) for i in "ab"]
    pd.DataFrame(rows).to_csv(tmp_path / "log.csv", index=False)
    events = {"path": str(tmp_path / "log.csv"), "columns": {"user": "user", "item": "item", "time": "time"}}
    raw = {"events": events | {"default_kind": "purchase"}, "split": {"test_from": "2024-01-02"}}
    shoppers = split_log(parse_config(raw, "test")).test.groupby("session")["user"].agg(["nunique", "min"])
    assert shoppers["nunique"].tolist() == [1, 1] and shoppers["min"].nunique() == 2


@pytest.fixture
def links(tmp_path):
    """Random pairs of forty products, both ways, and how to cut them."""
    rng = np.random.default_rng(0)
    pairs = {tuple(sorted(rng.choice(40, 2, replace=False))) for _ in range(300)}
    both = [(a, b) for a, b in pairs] + [(b, a) for a, b in pairs]
    links = pd.DataFrame([{"src": f"p{a}", "dst": f"p{b}", "rel": "also_bought"} for a, b in both])
    links.to_parquet(tmp_path / "links.parquet")
    raw = {
        "events": {"reader": "links", "path": str(tmp_path / "links.parquet")},
        "split": {"hidden_items": 0.1, "test_share": 0.2},
    }
    return parse_config(raw, "test"), len(pairs)


def pairs_of(split):
    return set(split.test.groupby("basket")["item"].agg(lambda items: tuple(sorted(set(items)))))


def test_parts_of_the_links_are_held_out_apart_and_all_else_is_known(links):
    config, pairs = links
    whole = load_events(config)
    starts = [whole.session_start(1 - share) for share in (0.2, 0.4, 0.6)]
    held_out = [HeldOut(starts[0]), HeldOut(starts[1], starts[0], 1), HeldOut(starts[2], starts[1], 2)]
    cuts = [split_log(config, held_out=one) for one in held_out]
    assert split_log(config).train.fingerprint() == cuts[0].train.fingerprint()
    hidden = [set(names(cut, np.flatnonzero(cut.cold))) for cut in cuts]
    assert [len(items) for items in hidden] == [4, 4, 4] and len(set.union(*hidden)) == 12
    for cut in cuts:
        trained = Materials(cut).data.counts
        assert all(trained[a, b] == 0 and trained[b, a] == 0 for a, b in pairs_of(cut))
        assert len(pairs_of(cut)) + trained.nnz / 2 == pairs  # nothing is lost between
        assert sessions_on_both_sides(cut) == []
    without = config.model_copy(update={"split": config.split.model_copy(update={"hidden_items": 0.0})})
    tests = [pairs_of(split_log(without, held_out=one)) for one in held_out]
    assert sum(map(len, tests)) == len(set.union(*tests)) == round(0.6 * pairs)


def test_what_is_hidden_stays_hidden_when_more_is(links):
    events = load_events(links[0])
    first = events.hiding(np.array([3]), whole_sessions=True)
    both = first.hiding(np.array([5]), whole_sessions=True)
    assert first.facts.per_item[5] > 0
    assert both.facts.per_item[[3, 5]].tolist() == [0, 0]


def test_links_are_held_out_with_their_reverse(links):
    config, pairs = links
    cut = split_log(config)
    held_out = cut.test.groupby("basket")["item"].agg(lambda items: tuple(sorted(set(items))))
    trained = Materials(cut).data.counts
    assert all(trained[a, b] == 0 and trained[b, a] == 0 for a, b in held_out)
    assert len(held_out) + trained.nnz / 2 == pairs
    data = Materials(cut).data
    sets = make_question_sets(cut, data, 0)
    # Each product once, with all its held-out links.
    assert len(np.unique(sets.known.query)) == len(sets.known)
    known_ends = sum(data.bought[end] > 0 for pair in held_out for end in pair)
    assert len(sets.known.answer_item) == known_ends
    hidden = np.flatnonzero(cut.cold)
    assert len(hidden) == 4
    assert set(sets.cold_queries.query) == set(hidden) & set(cut.test["item"])
    assert trained[hidden].nnz == 0


def lines(*baskets):
    return pd.DataFrame([(b, i, pd.Timestamp(t)) for b, i, t in baskets], columns=["basket", "item", "time"])


def test_baskets_of_one_item_or_of_too_many_are_not_asked_about():
    rows = [(1, 0, 2), (2, 0, 2), (2, 1, 2), *((3, item, 2) for item in range(101)), (2, 1, 0)]
    frame = pd.DataFrame(rows, columns=["basket", "item", "kind"]).assign(time=pd.Timestamp("2024-01-01"))
    assert basket_lines(frame, 10, 0)[["basket", "item"]].to_numpy().tolist() == [[2, 0], [2, 1]]


def test_one_item_or_every_item():
    frame = lines((0, 1, "2024"), (0, 2, "2024"), (0, 3, "2024"), (5, 1, "2024"), (5, 4, "2024"))
    known = np.array([0, 1, 1, 1, 0], dtype=bool)
    one, every = one_random_item(frame, known, 0), every_item(frame, known)
    assert len(one) == 2 and one.query[1] == 1
    assert every.query.tolist() == [1, 2, 3, 1]
    assert every.answers.tolist() == [2, 2, 2, 1]
    assert every.answer_item.tolist() == [2, 3, 1, 3, 1, 2, 4]
    assert every.of(every.query == 1).answer_item.tolist() == [2, 3, 4]
    assert every.only(every.answer_item == 4).query.tolist() == [1]
    assert len(some_baskets(frame, 1, 0)["basket"].unique()) == 1


def test_pairs_that_were_never_together(split):
    cut = split(LOG)
    data = Materials(cut).data
    sets = make_question_sets(cut, data, 0)
    new = names(cut, sets.every.answer_item[never_together(sets.every, data.counts)])
    assert set(new) == {"new"}


def test_bands_hold_equal_shares_of_the_purchases():
    assert popularity_bands(np.array([6, 1, 1, 1, 3]), 2).tolist() == [1, 0, 0, 0, 0]
    assert popularity_bands(np.array([3, 3, 3, 3]), 4).tolist() == [0, 1, 2, 3]


def test_only_orders_that_chance_would_not_give_are_asked_about():
    critical = sign_test(20)
    assert critical[5] == 6 and critical[6] == 6 and critical[20] == 15  # five of five may be chance; 15 of 20 is not
    often = [(b, i, f"2024-01-01 10:0{i}") for b in range(6) for i in (0, 1)]
    rare = [(b + 50, i, f"2024-01-01 10:0{i}") for b in range(5) for i in (2, 3)]
    pairs = ordered_pairs(lines(*often, *rare), np.ones(4, dtype=bool), sign_test())
    assert (pairs.first.tolist(), pairs.then.tolist()) == ([0], [1])

"""The tutorials' protocol rewards padding by construction; the honest one never counts it."""

import numpy as np
import pytest

from graphrec.compute.progress import Silent
from graphrec.config import load_config
from graphrec.errors import EventsError
from graphrec.evaluation.studies.next_item_lstm import fit_lstm, ranked_by_lstm
from graphrec.evaluation.studies.seed_protocol import seed_protocol
from graphrec.evaluation.studies.session_steps import PADDING, session_steps, window_steps
from graphrec.events import load_events
from tests.conftest import CONFIGS, needs_data


def visit(user, day, *items, kind="cart"):
    return [
        {
            "user": f"u{user}",
            "time": f"2024-{1 + day // 28:02d}-{1 + day % 28:02d} 10:{at:02d}:00",
            "item": i,
            "kind": kind,
        }
        for at, i in enumerate(items)
    ]


@pytest.fixture
def pairs_log(make_events):
    """Each of 200 visitors takes one item twice, then the one that goes with it: a a b, c c d or e e f."""
    rows = [row for user in range(200) for row in visit(user, user, *("aab", "ccd", "eef")[user % 3])]
    return make_events(rows)


def test_windows_are_the_beginnings_of_padded_rows(make_events):
    log = make_events([*visit(0, 0, *"aab"), *visit(1, 1, *"ab"), *visit(2, 2, *["c"] * 29), *visit(3, 3, *"bbbb")])
    steps = window_steps(log.frame, seed=0)
    a, b = (log.catalogue.codes([name])[0] + 1 for name in "ab")
    # The visitors of two and of 29 events are left out.
    np.testing.assert_array_equal(steps.items, [[0] * 25 + [a, a, b], [0] * 24 + [b] * 4])
    assert (steps.learned.astype(int) + steps.checked + steps.asked == 1).all()


def test_the_trivial_rule_by_hand(make_events):
    """Of the 27 steps of 25 paddings and a a b, the rule misses two: the one to the first a, and the one to b."""
    steps = window_steps(make_events([row for user in range(300) for row in visit(user, user, *"aab")]).frame, seed=0)
    right = steps.items[:, 1:] == steps.items[:, :-1]
    np.testing.assert_array_equal(right, np.isin(np.arange(27), [24, 26], invert=True)[None].repeat(300, axis=0))
    assert (steps.last() == steps.answers()).mean() == pytest.approx(25 / 27, abs=0.02)
    assert steps.asked.mean() == pytest.approx(0.2, abs=0.02)


def test_what_padding_gives_is_gone_when_asked_honestly(pairs_log):
    found = seed_protocol(pairs_log, 0, Silent())
    assert (found.visitors, found.windows) == (200, 200 * 27)
    assert found.padding_share == pytest.approx(24 / 27, abs=0.02)
    assert found.trivial == pytest.approx(25 / 27, abs=0.02)
    assert found.trivial_real == pytest.approx(1 / 3, abs=0.07)
    assert found.shared_share == 1
    # The 30 latest visits ask once each, from the item to its partner; popularity names one of three partners.
    assert (found.honest_sessions, found.honest_queries, found.honest_unseen) == (30, 30, 0)
    assert found.honest_trivial == 0 and found.honest_revisit == 0
    assert found.honest_popularity == pytest.approx(1 / 3)
    assert found.honest_popularity_10 == 1


def test_the_network_learns_what_is_planted_and_not_what_is_dealt_out(make_events):
    """Eight items with a partner each, a visit of two a user; then the partners dealt out."""

    def hit_rate(partner):
        rows = [row for user in range(330) for row in visit(user, user, "abcdefgh"[user % 8], partner(user))]
        log = make_events(rows)
        steps = session_steps(log.frame, seed=0)
        model = fit_lstm(steps, len(log.catalogue), 40, 0, "test", Silent())
        return (ranked_by_lstm(model, steps, 1, padding_counts=False)[:, 0] == steps.answers()).mean()

    dealt = np.random.default_rng(0).choice(list("stuvwxyz"), 330)
    assert hit_rate(lambda user: "stuvwxyz"[user % 8]) > 0.9
    assert hit_rate(lambda user: dealt[user]) < 0.4


def test_an_honest_list_holds_neither_padding_nor_the_last_item(pairs_log):
    steps = session_steps(pairs_log.frame, seed=0)
    assert (steps.answers() != PADDING).all() and (steps.last() != PADDING).all()
    assert (steps.answers() != steps.last()).all()
    # A network that was taught to foretell padding and repetitions names them first where it may.
    windows = window_steps(pairs_log.frame, seed=0)
    model = fit_lstm(windows, len(pairs_log.catalogue), 3, 0, "test", Silent())
    listed = ranked_by_lstm(model, windows, 1, padding_counts=True)
    assert (listed == PADDING).mean() > 0.8
    windowed = ranked_by_lstm(model, steps, 7, padding_counts=True)
    assert (windowed == PADDING).any(axis=1).all() and (windowed == steps.last()[:, None]).any(axis=1).all()
    honest = ranked_by_lstm(model, steps, 5, padding_counts=False)
    assert (honest != PADDING).all() and (honest != steps.last()[:, None]).all()


def test_training_lies_before_all_questions(make_events):
    """A session that is open at the cut, here the 17th, is on neither side."""
    rows = [row for day in range(20) for row in visit(day, day, "a", "b")]
    rows[33]["time"] = "2024-01-18 10:01:00"
    log = make_events([row | {"session": place // 2} for place, row in enumerate(rows)])
    steps = session_steps(log.frame, seed=0)
    np.testing.assert_array_equal(np.flatnonzero(steps.asked.any(axis=1)), [17, 18, 19])
    np.testing.assert_array_equal(np.flatnonzero((steps.learned | steps.checked).any(axis=1)), np.arange(16))


def test_the_honest_rules_by_hand(make_events):
    """Seventeen visits go from a to b, then three from a to b and back.

    Popularity names b after a, and after b, which it leaves out there, a; the item before is right on the way back.
    """
    visits = ["ab"] * 17 + ["aba"] * 3
    found = seed_protocol(
        make_events([row for day, items in enumerate(visits) for row in visit(day, day, *items)]), 0, Silent()
    )
    assert (found.visitors, found.honest_queries, found.honest_unseen) == (3, 6, 0.5)
    assert (found.honest_trivial, found.honest_revisit, found.honest_popularity) == (0, 0.5, 1)


def test_equal_seeds_give_equal_figures(pairs_log):
    assert seed_protocol(pairs_log, 3, Silent()) == seed_protocol(pairs_log, 3, Silent())


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"user": "u", "item": "a", "kind": "cart"}] * 2, "has no times"),
        (visit(0, 0, "a", "b"), "visitors of 3 to 28 carts and purchases"),
        (visit(0, 0, "a", "b", "c", kind="view"), "visitors of 3 to 28 carts and purchases"),
        (visit(0, 0, "a", "b", "c"), "no step to train on or none to ask"),
    ],
)
def test_a_log_that_cannot_be_asked_is_refused_in_one_line(make_events, rows, said):
    with pytest.raises(EventsError, match=said):
        seed_protocol(make_events([row | {"session": row["user"]} for row in rows]), 0, Silent())


@needs_data
@pytest.mark.slow
def test_the_trivial_rule_gets_what_the_tutorials_report():
    steps = window_steps(load_events(load_config(CONFIGS / "retailrocket.yaml")).frame, seed=0)
    assert len(steps.items) == 5866
    assert (steps.items[:, 1:] == steps.items[:, :-1]).mean() == pytest.approx(0.845, abs=0.0005)
    assert (steps.last() == steps.answers()).mean() == pytest.approx(0.845, abs=0.005)

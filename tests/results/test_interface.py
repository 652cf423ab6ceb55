"""Ids and sessions as codes, and what is refused."""

import pandas as pd
import pytest

from graphrec.errors import EventsError, GraphrecWarning, UnknownItem
from graphrec.events import KINDS, Catalogue
from graphrec.results import LIST_COLUMNS
from graphrec.results.interface import at_least_one, ids_of, known_codes, session_codes, session_steps

CATALOGUE = Catalogue.from_frame(pd.DataFrame({"item": ["7", "a", "b"]}))


def test_ids_become_distinct_codes_in_their_order():
    assert known_codes(CATALOGUE, ids_of(["b", 7, "b"]), "raise").tolist() == [2, 0]
    assert known_codes(CATALOGUE, ids_of(7), "raise").tolist() == [0]


def test_unknown_ids_are_named_or_skipped():
    with pytest.raises(UnknownItem, match="'x', 'y'"):
        known_codes(CATALOGUE, ["x", "a", "y"], "raise")
    with pytest.warns(GraphrecWarning, match="skipped unknown items: x, y"):
        assert known_codes(CATALOGUE, ["x", "a", "y"], "skip").tolist() == [1]
    with pytest.raises(UnknownItem, match="'x'"):
        known_codes(CATALOGUE, ["x"], "skip")
    with pytest.warns(GraphrecWarning, match="x"):
        assert known_codes(CATALOGUE, ["x"], "skip", empty_is_error=False).tolist() == []
    with pytest.raises(EventsError, match="query is empty"):
        known_codes(CATALOGUE, [], "skip")


def test_a_bare_step_is_a_view_and_repeated_steps_stay():
    assert session_steps(["a", ("b", "cart")]) == [("a", "view"), ("b", "cart")]
    codes, kinds = session_codes(CATALOGUE, ["a", (7, "purchase"), "a"], "raise")
    assert codes.tolist() == [1, 0, 1]
    assert [KINDS[kind] for kind in kinds] == ["view", "purchase", "view"]
    with pytest.warns(GraphrecWarning, match="x"):
        codes, kinds = session_codes(CATALOGUE, [("x", "cart"), "b"], "skip")
    assert (codes.tolist(), kinds.tolist()) == ([2], [KINDS.index("view")])
    with pytest.raises(EventsError, match="'steal'"):
        session_codes(CATALOGUE, [("unknown", "view"), ("a", "steal")], "raise")
    assert len(session_codes(CATALOGUE, [], "raise")[0]) == 0


def test_nothing_is_not_listed():
    assert at_least_one(1) == 1
    with pytest.raises(EventsError, match="k is 0"):
        at_least_one(0)


def test_the_columns_of_lists_are_those_that_others_read():
    assert LIST_COLUMNS == (
        "item", "complement", "rank", "score", "uplift", "source", "bought_together", "lift", "item_type",
        "complement_type",
    )  # fmt: skip

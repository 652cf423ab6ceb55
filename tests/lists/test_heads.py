"""A list is the head of a longer one, whatever it is filled with, and an item has one rank whoever is asked."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graphrec import Recommender
from graphrec.complements import collect_candidates
from tests.conftest import completing, knowing, listing

ANSWER = ["item", "complement", "rank", "score", "source"]
SHORT = {
    "what was bought with it": {"sources": ("bought_with",)},
    "five bestsellers": {"sources": ("bestsellers",), "popular_candidates": 5},
    "nothing": {"sources": ("bestsellers",), "popular_candidates": 0},
}
"""Candidates so few that lists of fifty need filling."""


def assert_heads(recommender: Recommender, *lengths: int) -> None:
    """Export lists of rising lengths and hold each against the head of the last."""
    *shorter, longest = (recommender.recommend_all(k)[ANSWER] for k in lengths)
    for k, lists in zip(lengths, shorter, strict=False):
        assert (lists.groupby("item").size() == min(k, len(recommender.items) - 1)).all()
        head = longest[longest["rank"] <= k].reset_index(drop=True)
        pd.testing.assert_frame_equal(lists, head, check_exact=True)


def filled(recommender: Recommender) -> pd.DataFrame:
    """Give the places of lists of fifty that no candidate of their item holds."""
    model, lists = recommender.model, recommender.recommend_all(50)
    codes = np.arange(len(model.catalogue))
    found = collect_candidates(model.snapshot, model.snapshot.known.queries(codes))
    left, right = (model.catalogue.codes(lists[name]) for name in ("item", "complement"))
    named = np.isin(left * len(codes) + right, found.owner * len(codes) + found.item)
    return lists[~named]


def test_ten_are_the_head_of_fifty_and_of_more(recommender):
    assert_heads(recommender, 1, 10, 50, 300)


@pytest.mark.parametrize("few", SHORT.values(), ids=SHORT)
@pytest.mark.parametrize("min_types", [1, 9])
def test_ten_are_the_head_of_fifty_and_of_more_where_lists_are_filled(recommender, few, min_types):
    asked = Recommender(listing(completing(recommender.model, **few), min_types=min_types))
    fill = filled(asked)
    assert fill["item"].nunique() > 0.9 * len(asked.items) and (fill["source"] == "fallback").all()
    assert_heads(asked, 1, 10, 50, 100, 300)


@pytest.mark.parametrize("few", [{}, *SHORT.values()], ids=["as fitted", *SHORT])
def test_who_is_asked_with_an_item_changes_no_list(recommender, few):
    asked = Recommender(completing(recommender.model, **few))
    bestsellers = np.argsort(-recommender.model.graph.bought, kind="stable")
    items = [asked.items[code] for code in (*bestsellers[:5], *bestsellers[::60])]
    together = asked.recommend_many(items, 60)
    for position, item in enumerate(items):
        alone = asked.recommend_many([item], 60)
        rows = together[together["query"] == position].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone[ANSWER], rows[ANSWER], check_exact=True)


def test_a_bestseller_that_met_no_other_is_completed_by_what_it_need_not_have_met(recommender):
    """All that fills its list first should have met it: however short a list is, that stands behind what should not."""
    model = completing(recommender.model, **SHORT["nothing"])
    best = int(model.snapshot.memory.popular[0])
    baskets = model.snapshot.memory.sales.baskets(model.graph.bought > 0)
    should_have_met = baskets[best] * baskets >= model.graph.baskets
    assert should_have_met.sum() > 100
    for k in (10, 100):
        answers = Recommender(model).recommend(model.catalogue.frame["item"][best], k)
        assert not should_have_met[model.catalogue.codes([answer.item for answer in answers])].any()


def test_types_that_come_late_are_in_no_short_list_because_a_longer_one_was_filled_further(recommender):
    """The 160 bestsellers are of one type, so that only a list that is filled far holds another."""
    known = recommender.model.snapshot.known
    best = np.argsort(-recommender.model.snapshot.memory.popularity, kind="stable")[:160]
    types = known.type_codes.copy()
    types[best] = 0
    model = knowing(recommender.model, known=replace(known, type_codes=types))
    asked = Recommender(completing(model, **SHORT["five bestsellers"]))
    assert_heads(asked, 10, 50, 300)
    assert asked.recommend_all(300).groupby("item")["complement_type"].nunique().min() > 1


@pytest.mark.parametrize("few", [{}, *SHORT.values()], ids=["as fitted", *SHORT])
def test_explain_tells_the_rank_of_the_list(recommender, few):
    asked = Recommender(completing(recommender.model, **few))
    best = int(recommender.model.snapshot.memory.popular[0])
    for item in (asked.items[best], *asked.items[::250]):
        for answer in asked.recommend(item, 50)[::7]:
            told = asked.explain(item, answer.item)
            assert (told.rank, told.source) == (answer.rank, answer.source)

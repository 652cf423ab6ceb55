"""The trade-off between accuracy and rare answers: lists at several discounts, and what is read off the curves."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graphrec.evaluation.baselines import rank_codes, rank_codes_at_discounts
from graphrec.evaluation.contenders import of_model
from graphrec.evaluation.diversity import share_with_types
from graphrec.evaluation.tradeoff import COUNTS, highest_at, points_above, rare_at_counts, tradeoff_in_words

DISCOUNTS = (0.0, 0.5, 1.0)


def curve(model, *points):
    return pd.DataFrame([(model, n, *point) for n, point in enumerate(points)]).set_axis(
        ["model", "setting", "ndcg", "weighted_recall"], axis=1
    )


def test_what_a_curve_reaches_is_read_between_its_points():
    falling = curve("a", (0.4, 0.1), (0.2, 0.3), (0.1, 0.35))
    assert highest_at(falling, 0.4) == pytest.approx(0.1)
    assert highest_at(falling, 0.3) == pytest.approx(0.2)  # half way from .1 to .3
    assert highest_at(falling, 0.05) == pytest.approx(0.35)
    assert np.isnan(highest_at(falling, 0.5))
    # A curve may first rise: its best point at or above the floor counts.
    assert highest_at(curve("b", (0.3, 0.1), (0.35, 0.2), (0.25, 0.3)), 0.3) == pytest.approx(0.25)


def test_models_are_compared_where_they_are_as_accurate_as_plain_counts():
    points = pd.concat(
        [
            curve(COUNTS, (0.3, 0.1), (0.2, 0.4)),
            curve("graphrec", (0.4, 0.1), (0.2, 0.3)),
            curve("graphrec without memory", (0.4, 0.9), (0.3, 0.9)),
            curve("lift", (0.1, 0.5), (0.1, 0.6)),
        ]
    )
    reached = rare_at_counts(points)
    assert reached["graphrec"] == pytest.approx(0.2) and reached[COUNTS] == pytest.approx(0.1)
    assert np.isnan(reached["lift"])
    assert rare_at_counts(points[points["model"] != COUNTS]).empty
    facts = tradeoff_in_words(points, "graphrec")
    assert "2.00 times as much" in facts["rare answers"] and "without memory" not in str(facts)
    assert "above 1 of the 4 points" in facts["trade-off"]  # the first of plain counts
    above = points_above(points[points["model"] != "graphrec without memory"], "graphrec")
    assert above["model"].tolist() == [COUNTS, "lift", "lift"]


def test_a_list_holds_three_types_or_not():
    types = np.array([0, 0, 1, 2, 3])
    ranked = np.array([[0, 2, 3, 4], [0, 1, 2, -1], [-1, -1, -1, -1], [0, 1, 2, 3]])
    assert share_with_types(ranked, types, 3) == 0.5
    assert share_with_types(ranked, types, 2) == 0.75


def scorer(values):
    return lambda query: values[query]


def test_scores_are_divided_by_popularity_by_hand():
    # Popularity and half a purchase: 99.5 + .5 = 100, 10, 1 and 1; items 4, 5 have no score.
    bought = np.array([99.5, 9.5, 0.5, 0.5, 5.0, 6.0])
    values = np.array([[0.0, 40.0, 5.0, 0.0, 0.0, 0.0]] * 6)
    values[:, 0] = 100.0
    values[:, 3] = 4.0
    lists = rank_codes_at_discounts(scorer(values), bought, np.array([4]), 5, DISCOUNTS, ratio=True)
    assert lists[:, 0].tolist() == [
        [0, 1, 2, 3, 5],  # 100, 40, 5, 4
        [1, 0, 2, 3, 5],  # 100 / 10, 40 / 3.2, 5, 4
        [2, 1, 3, 0, 5],  # 1, 4, 5, 4: of equals the one that stands first in the plain list
    ]


def test_without_a_discount_the_lists_are_the_plain_ones():
    rng = np.random.default_rng(0)
    bought = rng.integers(0, 50, 60)
    counts = rng.poisson(0.5, (60, 60)).astype(float)
    products = rng.standard_normal((60, 60))
    products[:, :10] = -np.inf
    query = np.arange(60)
    for values, ratio in ((counts, True), (products, False)):
        plain = rank_codes(scorer(values), bought, query, 20)
        lists = rank_codes_at_discounts(scorer(values), bought, query, 20, DISCOUNTS, ratio)
        np.testing.assert_array_equal(lists[0], plain)
        listed = [bought[one[:, :5]].mean() for one in lists]
        assert listed[0] > listed[1] > listed[2] or (not ratio and listed[0] > listed[2])


def test_products_that_are_stretched_or_moved_give_the_same_curve():
    rng = np.random.default_rng(1)
    bought, values, query = rng.integers(0, 50, 40), rng.standard_normal((40, 40)), np.arange(40)
    one, other = (
        rank_codes_at_discounts(scorer(v), bought, query, 10, (0.3, 1.0), ratio=False) for v in (values, 7 * values - 3)
    )
    assert (one == other).mean() > 0.98  # the query itself is out, which the last digits see


def test_one_scoring_ranks_as_a_model_of_each_discount_does(planted):
    model, codes = planted.recommender.model, np.arange(40)
    lists, sources = of_model(model).discounted(codes, 10, DISCOUNTS, None)
    for discount, found in zip(DISCOUNTS, lists, strict=True):
        settings = model.config.complements.model_copy(update={"popularity_discount": discount})
        changed = replace(model, config=model.config.model_copy(update={"complements": settings}))
        np.testing.assert_array_equal(found, of_model(changed).complements(codes, 10, None))
    np.testing.assert_allclose(sources.sum(axis=1), 1)
    popularity = [model.graph.bought[found].mean() for found in lists]
    assert popularity[0] > popularity[1] > popularity[2]


def test_what_scores_by_popularity_alone_has_one_list():
    bought = np.random.default_rng(0).integers(0, 50, 80)
    values = np.broadcast_to(bought.astype(float), (80, 80))
    lists = rank_codes_at_discounts(scorer(values), bought, np.arange(20), 10, DISCOUNTS, ratio=True)
    assert (lists == lists[0]).all()

"""Gains beyond chance by hand, what is chosen by them, and when a difference is taken for one."""

import numpy as np
import pytest

from graphrec.complements.calibration import calibration_error
from graphrec.complements.specificity import (
    UNTRIED,
    Order,
    choose_specificity,
    discounted_gains,
    surely_better,
)
from tests.complements.test_ranker import labelled


def test_gains_by_hand():
    # Two baskets held the query; the first candidate is bought by half of all, the second by few.
    lists = labelled([0, 2], np.zeros((2, 1)), [1.0, 0.5], total=[2.0], chance=[0.5, 0.05])
    plain, beyond = discounted_gains(lists, np.array([1.0, 2.0]))
    assert plain.tolist() == pytest.approx([0.5 + 1 / np.log2(3)])
    assert beyond.tolist() == pytest.approx([(0.5 - 0.1) + (1 - 1) / np.log2(3)])


def test_only_ten_places_count():
    lists = labelled([0, 11], np.zeros((11, 1)), np.eye(11)[10], total=[1.0])
    assert discounted_gains(lists, -np.arange(11.0))[0].tolist() == [0]
    assert discounted_gains(lists, np.arange(11.0))[0].tolist() == [1]


def test_what_anyone_buys_is_the_mean_over_queries():
    lists = labelled([0, 2, 3], np.zeros((3, 1)), [1, 1, 1])
    order = Order.of(lists, np.array([0.6, 0.2, 0.4]))
    # Items 0 and 1 in the first list, item 0 in the second; both queries are bought alike.
    assert order.anyone.tolist() == pytest.approx([0.5, 0.1, 0.5])
    assert order.at(1.0).tolist() == pytest.approx([0.1, 0.1, -0.1])


def staple_shop(own_gain, queries=200):
    """Each query has a staple that every basket holds, and eleven candidates of which the last is its own."""
    gain = np.zeros((queries, 12))
    gain[:, 0], gain[:, 11] = 0.9, own_gain
    shares, chance = np.full((queries, 12), 0.02), np.zeros((queries, 12))
    shares[:, 0], shares[:, 11], chance[:, 0] = 0.9, own_gain, 0.9
    lists = labelled(
        np.arange(queries + 1) * 12, np.zeros((queries * 12, 1)), gain.ravel(), np.ones(queries), chance=chance.ravel()
    )
    # Fillers and staple are the same items everywhere, what is a query's own is in no other list.
    item = np.tile(np.arange(12), (queries, 1))
    item[:, 11] = 12 + np.arange(queries)
    lists = type(lists)(**{**vars(lists), "item": item.ravel()})
    return lists, Order.of(lists, shares.ravel())


def test_what_everybody_buys_is_taken_off_as_long_as_the_plain_gain_lasts():
    lists, order = staple_shop(own_gain=0.01)
    # Below .5 the fillers, which are worth .02 to anyone, stand above the query's own.
    assert choose_specificity(lists, order, lists.gain) < 1.0, (
        "taking the staple off would cost nine tenths of the gain"
    )
    lists, order = staple_shop(own_gain=0.95)
    lists = type(lists)(**{**vars(lists), "gain": np.where(lists.chance > 0, 0.05, lists.gain).astype(np.float32)})
    assert choose_specificity(lists, order, lists.gain) >= 0.25


def test_too_few_lists_choose_nothing():
    lists, order = staple_shop(own_gain=0.01, queries=99)
    assert choose_specificity(lists, order, lists.gain) == UNTRIED


@pytest.mark.parametrize(("mean", "queries", "better"), [(0.3, 400, True), (0.0, 400, False), (0.3, 99, False)])
def test_a_difference_must_be_more_than_chance_and_seen_often_enough(mean, queries, better):
    rng = np.random.default_rng(0)
    theirs = rng.standard_normal(queries)
    assert surely_better(theirs + mean + 0.5 * rng.standard_normal(queries), theirs, 0) is better


def test_calibration_error_by_hand():
    # Ten baskets a query. What is thought to be .2 is bought by two of ten, what is thought to be .4 by one.
    lists = labelled([0, 2], np.zeros((2, 1)), [2.0, 1.0], total=[10.0])
    assert calibration_error(lists, np.array([0.2, 0.4])) == pytest.approx(3 / 6)
    assert calibration_error(lists, np.array([0.2, 0.1])) == pytest.approx(0)


def test_an_order_below_the_counts_is_held_against_itself():
    queries, places = 200, 11
    gain, chance, shares = (np.zeros((queries, places)) for _ in range(3))
    # A staple that stands first and is worth nothing beyond chance, nine wrong answers, and the right one last.
    gain[:, 0], gain[:, -1], chance[:, 0] = 0.05, 0.95, 0.9
    shares[:, 0], shares[:, 1:-1], shares[:, -1] = 0.9, 0.05, 0.03
    start = np.arange(queries + 1) * places
    lists = labelled(start, np.zeros((queries * places, 1)), gain.ravel(), np.ones(queries), chance=chance.ravel())
    item = np.where(np.arange(places) == 0, 0, 1 + np.arange(queries * places).reshape(queries, places))
    lists = type(lists)(**{**vars(lists), "item": item.ravel()})
    order = Order.of(lists, shares.ravel())
    for specificity in (0.0, 1.0):
        plain, _ = discounted_gains(lists, order.at(specificity))
        assert plain.sum() < 0.9 * discounted_gains(lists, lists.gain)[0].sum()
    assert choose_specificity(lists, order, lists.gain) > 0


def test_what_chance_brings_is_seldom_taken_for_a_difference():
    rng = np.random.default_rng(0)
    found = [surely_better(rng.standard_normal(120), rng.standard_normal(120), seed) for seed in range(40)]
    assert sum(found) <= 4

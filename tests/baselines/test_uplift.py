"""Lists by what the query changes: by hand, in a shop with a bag in every basket, and as baselines are chosen."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from graphrec.baselines import (
    BASELINES,
    SPECIFICITIES,
    Baseline,
    rank_codes,
    rank_codes_by_uplift,
    scorer_by_uplift,
)
from graphrec.compute.progress import Silent
from graphrec.errors import GraphrecWarning
from graphrec.evaluation.materials import Validation
from graphrec.evaluation.metrics import metrics_beside_chance, row_shares
from graphrec.evaluation.questions import Questions, one_random_item
from graphrec.evaluation.tuning import ends_of_grid, tune
from tests.baselines.conftest import A, B, C, D, E, training_data


def scorer(values):
    return lambda query: values[query]


def test_the_share_of_what_anyone_buys_is_taken_off_by_hand(by_hand):
    # Co-purchases: AB 3, AC 2, BC 1, CD 1: of 14 ends A has 5, B 4, C 4, D 1; nobody has bought E.
    counts = BASELINES["count"].fit(by_hand, {}, 0)
    lists = rank_codes_by_uplift(counts, by_hand, np.array([C]), 4, (0.0, 1.0, 2.0), ratio=True)
    # P(j | C): A 2/4, B 1/4, D 1/4. Plain, B and D are equal, and B is bought more; at 1: A 2/14, B -.5/14, D 2.5/14;
    # at 2: A -3/14, B -4.5/14, D 1.5/14. E was never bought with C, and stays behind.
    assert lists[:, 0].tolist() == [[A, B, D, E], [D, A, B, E], [D, A, B, E]]
    uplift = scorer_by_uplift(counts, by_hand, 2.0, ratio=True)(np.array([C]))[0]
    np.testing.assert_allclose(uplift[[A, B, D]], np.array([-3, -4.5, 1.5]) / 14)
    assert uplift[E] < -1


def test_at_no_specificity_the_lists_are_the_plain_ones():
    rng = np.random.default_rng(0)
    data = training_data([str(n) for n in range(60)], [rng.permutation(60)[:8] for _ in range(200)], [0] * 60)
    products = rng.standard_normal((60, 60))
    products[:, :10] = -np.inf
    query = np.arange(60)
    for values, ratio in ((rng.poisson(0.5, (60, 60)).astype(float), True), (products, False)):
        plain = rank_codes(scorer(values), data.bought, query, 20)
        lists = rank_codes_by_uplift(scorer(values), data, query, 20, (0.0, 1.0), ratio)
        np.testing.assert_array_equal(lists[0], plain)
        assert (lists[1] != plain).any()
        out = sparse.csr_array(np.eye(60, k=1) > 0)
        kept = rank_codes_by_uplift(scorer(values), data, query, 20, (0.0, 1.0), ratio, out)
        np.testing.assert_array_equal(kept[0], rank_codes(scorer(values), data.bought, query, 20, out))
        assert not (kept == query[:, None] + 1).any()


def test_products_that_are_stretched_or_moved_give_the_same_lists():
    rng = np.random.default_rng(1)
    data = training_data([str(n) for n in range(40)], [rng.permutation(40)[:8] for _ in range(200)], [0] * 40)
    values = rng.standard_normal((40, 40))
    one, other = (
        rank_codes_by_uplift(scorer(v), data, np.arange(40), 10, (0.3, 1.0), ratio=False)
        for v in (values, 7 * values - 3)
    )
    np.testing.assert_array_equal(one, other)


STAPLES, PAIRS, HELD = 6, 200, 12
ITEMS = 1 + STAPLES + 2 * PAIRS


def baskets_with_bags(many, seed):
    """Item 0, the bag, in every basket, each of six staples in nine of ten, and twelve pairs, torn in four of ten."""
    rng = np.random.default_rng(seed)
    baskets = []
    for _ in range(many):
        staples = 1 + np.flatnonzero(rng.random(STAPLES) < 0.9)
        first = 1 + STAPLES + 2 * rng.permutation(PAIRS)[:HELD]
        torn = rng.random(HELD)
        baskets.append([0, *staples, *first[torn < 0.8], *(first + 1)[(torn < 0.6) | (torn >= 0.8)]])
    return baskets


def shop_with_bags(many):
    return training_data([str(n) for n in range(ITEMS)], baskets_with_bags(many, 0), [0] * ITEMS)


def questions_about(baskets):
    lines = pd.DataFrame([(number, item) for number, basket in enumerate(baskets) for item in basket])
    return one_random_item(lines.set_axis(["basket", "item"], axis=1), np.ones(ITEMS, dtype=bool), 0)


def test_a_list_of_bags_is_worth_nothing_and_uplift_finds_what_goes_together():
    data, questions = shop_with_bags(3_000), questions_about(baskets_with_bags(3_000, 1))
    counts, chance = BASELINES["count"].fit(data, {}, 0), row_shares(questions, ITEMS)
    lists = rank_codes_by_uplift(counts, data, questions.query, 5, (0.0, 1.0), ratio=True)
    assert (lists[0] <= STAPLES).all()
    plain, uplift = (metrics_beside_chance(ranked, questions, chance, (5,)) for ranked in lists)
    assert plain["ndcg@5"].mean() > 0.85 and uplift["ndcg@5"].mean() < 0.75
    # What is left of the bags is that the item which is asked by is none of the answers.
    assert abs(plain["ndcg_beyond_chance@5"].mean()) < 0.04
    # Of items of pairs, most queries, the other is there in three of four baskets, else in one of twenty.
    assert uplift["hits_beyond_chance@5"][questions.query > STAPLES].mean() > 0.6
    assert uplift["ndcg_beyond_chance@5"].mean() > 0.15


def test_each_point_of_a_grid_is_fitted_once_for_both_forms(by_hand):
    fits = []

    def fit(data, parameters, seed):
        fits.append(parameters["way"])
        values = {1: np.eye(5)[[D, D, D, D, D]], 2: np.eye(5)[[C, C, A, A, A]]}[parameters["way"]]
        return scorer(values)

    baseline = Baseline("by hand", fit, ({"way": 1}, {"way": 2}))
    questions = Questions(np.array([A, B, C]), np.arange(3), np.arange(3), np.array([C, C, A]))
    with pytest.warns(GraphrecWarning, match="by hand, by uplift: specificity 0.25 is the end"):
        plain, by_uplift = tune(baseline, Validation(by_hand, questions, row_shares(questions, 5), None), 0, Silent())
    assert fits == [1, 2]
    assert plain.parameters == by_uplift.parameters == {"way": 2}
    assert plain.specificity == 0 and len(plain.values) == 2 and plain.ends == []
    # All specificities list the same, the first of which is the least: the first of equals wins.
    assert by_uplift.specificity == 0.25 and len(by_uplift.values) == 14 and by_uplift.ends == ["specificity 0.25"]


def test_the_specificity_is_chosen_by_what_is_beyond_chance():
    data, questions = shop_with_bags(2_000), questions_about(baskets_with_bags(1_000, 1))
    validation = Validation(data, questions, row_shares(questions, ITEMS), None)
    plain, by_uplift = tune(BASELINES["count"], validation, 0, Silent())
    assert plain.values[0] > 0.7 and plain.specificity == 0
    assert by_uplift.specificity == SPECIFICITIES[int(np.argmax(by_uplift.values))]
    assert by_uplift.values[0] < max(by_uplift.values) > 0.05


def test_an_end_is_one_of_three_values_or_more():
    tried = [{"a": a, "b": b, "c": 7} for a in (1, 2, 5) for b in (0, 1)]
    assert ends_of_grid({"a": 2, "b": 1, "c": 7}, tried) == []
    assert ends_of_grid({"a": 5, "b": 1, "c": 7}, tried) == ["a 5"]
    assert ends_of_grid({"a": 1, "b": 0, "c": 7}, tried) == ["a 1"]
    # Baskets that do not age are no end of a scale, and ageing fastest is.
    lives = [{"half_life": days} for days in (0, 30, 90)]
    assert ends_of_grid({"half_life": 0}, lives) == [] and ends_of_grid({"half_life": 90}, lives) == ["half_life 90"]


def test_what_scores_by_popularity_alone_says_nothing_of_its_query():
    data = shop_with_bags(500)
    popular = BASELINES["popularity"].fit(data, {}, 0)
    lists = rank_codes_by_uplift(popular, data, np.array([11, 13]), 5, (0.0, 1.0), ratio=True)
    assert (lists[0, 0] == lists[0, 1]).all() and set(lists[0, 0]) <= set(range(1 + STAPLES))

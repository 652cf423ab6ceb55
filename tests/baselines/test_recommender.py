"""Every baseline keeps the contract of recommenders, and finds planted pairs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from graphrec.baselines import BASELINES, BaselineRecommender
from graphrec.baselines.link_graph import not_of_links
from tests.baselines.conftest import A, B, training_data
from tests.recommender_contract import RecommenderContract

PAIRS, NOISE = 12, 6
OF_LOGS = [key for key, baseline in BASELINES.items() if baseline.why_not is not not_of_links]


@pytest.fixture(scope="module")
def planted_pairs():
    """Twelve pairs, each bought together in 40 baskets, half of them with one of six other items; one item is new."""
    generator = np.random.default_rng(7)
    pairs = generator.permutation(np.repeat(np.arange(PAIRS), 40))
    other = generator.integers(2 * PAIRS, 2 * PAIRS + NOISE, len(pairs))
    with_other = generator.random(len(pairs)) < 0.5
    baskets = [
        [2 * pair, 2 * pair + 1, *([more] if also else [])]
        for pair, more, also in zip(pairs, other, with_other, strict=True)
    ]
    items = [f"item {code:02d}" for code in range(2 * PAIRS + NOISE + 1)]
    return training_data(items, baskets, types=np.arange(len(items)))


def fitted(key, data, seed=1):
    baseline = BASELINES[key]
    if baseline.library:
        pytest.importorskip(baseline.library)
    names = [f"type {code}" for code in range(data.types.max() + 1)]
    return BaselineRecommender.fit(baseline, data, baseline.grid[0], names, seed)


@pytest.fixture(scope="module")
def fitted_baselines(planted_pairs):
    known = {}

    def get(key):
        if key not in known:
            known[key] = fitted(key, planted_pairs)
        return known[key]

    return get


def partners_found(recommender, k):
    queries = recommender.items[: 2 * PAIRS]
    frame = recommender.recommend_many(queries, k=k)
    partner = np.array([queries[code ^ 1] for code in range(len(queries))])
    return (frame["complement"] == partner[frame["query"]]).sum() / len(queries)


@pytest.mark.parametrize("key", OF_LOGS)
def test_planted_pairs_are_found_by_all_but_popularity(fitted_baselines, key):
    found = partners_found(fitted_baselines(key), k=1)
    assert found < 0.2 if key == "popularity" else found == 1


@pytest.mark.parametrize("key", BASELINES)
def test_every_grid_point_fits_and_scores_every_item(planted_pairs, key):
    baseline = BASELINES[key]
    if baseline.library:
        pytest.importorskip(baseline.library)
    assert baseline.grid
    assert baseline.why_not(replace(planted_pairs, of_links=key not in OF_LOGS)) is None
    query = np.arange(planted_pairs.items)
    for parameters in baseline.grid if not baseline.slow else baseline.grid[-1:]:
        found = baseline.fit(planted_pairs, parameters, 1)(query)
        assert found.shape == (len(query), len(query))
        assert found.dtype == np.float64
        assert (np.isfinite(found) | np.isneginf(found)).all()


@pytest.mark.parametrize("key", BASELINES)
def test_one_seed_one_list(planted_pairs, fitted_baselines, key):
    again = fitted(key, replace(planted_pairs))
    pd.testing.assert_frame_equal(again.recommend_all(k=5), fitted_baselines(key).recommend_all(k=5))


@pytest.mark.parametrize("key", ["item2vec", "bpr", "als", "node2vec"])
def test_another_seed_is_another_start(planted_pairs, fitted_baselines, key):
    codes = np.arange(4)
    assert not np.allclose(fitted(key, planted_pairs, seed=2).scorer(codes), fitted_baselines(key).scorer(codes))


@pytest.mark.parametrize("key", BASELINES)
class TestBaselines(RecommenderContract):
    @pytest.fixture
    def asked(self, fitted_baselines, key):
        return fitted_baselines(key)


@pytest.mark.parametrize("key", BASELINES)
def test_scores_of_a_baseline_fall_along_its_lists(fitted_baselines, key):
    frame = fitted_baselines(key).recommend_all(k=5)
    assert (frame.groupby("item")["score"].diff().dropna() <= 0).all()


def test_a_cart_is_the_mean_of_its_members_and_shows_its_best_evidence(by_hand):
    first = np.zeros((5, 5), np.float32)
    first[A, B] = 2
    data = replace(by_hand, bought_first=sparse.csr_array(first))
    asked = BaselineRecommender.fit(BASELINES["count"], data, {}, ["zero", "one", "two"], 0)
    # A says B 3/3; C says B 1/2 and D 1/2.
    best, second, third = asked.recommend(["c", "a"], k=3)
    assert (best.item, best.score, best.source) == ("b", 0.75, "observed")
    assert (best.evidence.bought_together, best.evidence.bought_first) == (3, 2)
    assert (best.evidence.support, best.evidence.lift) == pytest.approx((3 / 5, 1.25))
    assert (second.item, second.score, second.evidence.bought_together) == ("d", 0.25, 1)
    assert (third.item, third.score, third.source) == ("e", 0, "fallback")
    row = asked.recommend_many([["c", "a"]], k=3).iloc[0]
    assert (row["item_type"], row["complement_type"]) == ("zero", "one")


def test_what_was_never_bought_together_is_predicted_where_it_has_a_score(by_hand):
    asked = BaselineRecommender.fit(BASELINES["two-step-walk"], by_hand, {"weight": 0.1}, ["zero", "one", "two"], 0)
    sources = {answer.item: answer.source for answer in asked.recommend("a", k=4)}
    assert sources == {"b": "observed", "c": "observed", "d": "predicted", "e": "fallback"}

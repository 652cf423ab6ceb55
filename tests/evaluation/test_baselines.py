"""Every baseline against values worked out by hand, and what all recommenders owe whoever asks them."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from graphrec.errors import EventsError, GraphrecError, GraphrecWarning, UnknownItem
from graphrec.evaluation.baselines import (
    BASELINES,
    BaselineRecommender,
    TrainingData,
    popularity_order,
    rank_codes,
    ranked,
    ranking,
    repeat_last,
)
from graphrec.evaluation.baselines.ease import fit_ease, too_many_items
from graphrec.evaluation.baselines.item_vectors import ItemVectors
from graphrec.evaluation.baselines.libraries import open_library
from graphrec.evaluation.baselines.sparse_rows import top_per_row
from graphrec.events import Catalogue

A, B, C, D, E = range(5)
NONE = -np.inf


def training_data(items, baskets, types, bought=None, age_days=None):
    rows = np.repeat(np.arange(len(baskets)), [len(basket) for basket in baskets])
    lines = (np.ones(len(rows), np.float32), (rows, np.concatenate(baskets)))
    incidence = sparse.csr_array(lines, shape=(len(baskets), len(items)))
    return TrainingData(
        catalogue=Catalogue.from_frame(pd.DataFrame({"item": items})),
        types=np.array(types),
        baskets=incidence,
        age_days=np.zeros(len(baskets)) if age_days is None else np.array(age_days, dtype=np.float64),
        bought=np.bincount(incidence.indices, minlength=len(items)) if bought is None else np.array(bought),
        viewed_together=None,
        bought_first=None,
    )


@pytest.fixture
def by_hand():
    """Five baskets. Pairs: AB 3, AC 2, BC 1, CD 1; baskets that hold A 4, B 3, C 3, D 1; D was once bought alone.

    E has never been bought; it is of D's type.
    """
    return training_data(
        ["a", "b", "c", "d", "e"],
        [[A, B], [A, B], [A, B, C], [A, C], [C, D]],
        types=[0, 1, 1, 2, 2],
        bought=[4, 3, 3, 2, 0],
        age_days=[120, 90, 60, 30, 0],
    )


def scores(data, key, *query, **parameters):
    return BASELINES[key].fit(data, parameters, 0)(np.array(query))


@pytest.mark.parametrize(
    ("key", "parameters", "query", "expected"),
    [
        ("popularity", {}, D, [4, 3, 3, 1, 0]),
        ("count", {}, A, [0, 3, 2, 0, 0]),
        ("count", {}, E, [0, 0, 0, 0, 0]),
        # The basket of three counts half; AB is in it and in two others.
        ("weighted-count", {"power": 1, "half_life": 0}, A, [0, 2.5, 1.5, 0, 0]),
        # The baskets are worth 1/16, 1/8, 1/4, 1/2 and 1 by their age, the third half of that by its length.
        ("weighted-count", {"power": 1, "half_life": 30}, A, [0, 1 / 16 + 1 / 8 + 1 / 8, 1 / 8 + 1 / 2, 0, 0]),
        ("weighted-count", {"power": 0.5, "half_life": 0}, B, [2 + 0.5**0.5, 0, 0.5**0.5, 0, 0]),
        # 5 baskets: 3 * 5 / (4 * 3), 2 * 5 / (4 * 3); D's lone purchase is no basket of two.
        ("lift", {"min_count": 1}, A, [0, 1.25, 10 / 12, 0, 0]),
        ("lift", {"min_count": 1}, D, [0, 0, 5 / 3, 0, 0]),
        ("lift", {"min_count": 3}, A, [0, 1.25, 0, 0, 0]),
        ("shrunk-lift", {"shrink": 10}, A, [0, 1.25 * 3 / 13, 10 / 12 * 2 / 12, 0, 0]),
        # AC and BC met less often than by chance.
        ("npmi", {"min_count": 1}, A, [0, np.log(1.25) / -np.log(3 / 5), 0, 0, 0]),
        ("npmi", {"min_count": 1}, C, [0, 0, 0, np.log(5 / 3) / np.log(5), 0]),
        ("npmi", {"min_count": 2}, C, [0, 0, 0, 0, 0]),
        ("cosine", {"shrink": 0}, A, [0, 3 / 12**0.5, 2 / 12**0.5, 0, 0]),
        ("cosine", {"shrink": 10}, C, [2 / (12**0.5 + 10), 1 / 13, 0, 1 / (3**0.5 + 10), 0]),
        # From A each of four baskets by 1/4, from there each of its items by 1/2 or 1/3.
        ("p3alpha", {"alpha": 1.0}, A, [0, (1 / 2 + 1 / 2 + 1 / 3) / 4, (1 / 3 + 1 / 2) / 4, 0, 0]),
        ("p3alpha", {"alpha": 0.5}, A, [0, (2 / 2**0.5 + 1 / 3**0.5) / 2, (1 / 3**0.5 + 1 / 2**0.5) / 2, 0, 0]),
        ("rp3beta", {"alpha": 1.0, "beta": 0.5}, C, [5 / 6 / 3 / 2, 1 / 3 / 3 / 3**0.5, 0, 1 / 2 / 3, 0]),
        # Types were bought together: 0-1 five times, 1-1 twice (BC and CB), 1-2 once.
        ("type-popularity", {"types": 1}, A, [NONE, 3, 3, NONE, NONE]),
        ("type-popularity", {"types": 1}, B, [4, NONE, NONE, NONE, NONE]),
        ("type-popularity", {"types": 2}, B, [4, 3, 3, NONE, NONE]),
        ("type-popularity", {"types": 1}, E, [NONE, 3, 3, NONE, NONE]),
        # P(1 | 0) = 1, of which B and C hold half each.
        ("type-backoff", {"kappa": 100}, A, [0, 3 + 50, 2 + 50, 0, 0]),
        ("type-backoff", {"kappa": 80}, B, [3 + 80 * 5 / 8, 80 / 4 / 2, 1 + 80 / 4 / 2, 80 / 8, 0]),
        ("type-backoff", {"kappa": 100}, E, [0, 50, 50, 0, 0]),
        # Without views the first step is one of purchases: A -> B 3/5, A -> C 2/5; B -> C 1/4, C -> B 1/4, C -> D 1/4.
        ("two-step-walk", {"weight": 0}, A, [0, 0.6, 0.4, 0, 0]),
        # Back at A after two steps: B -> A 3/4, C -> A 2/4.
        ("two-step-walk", {"weight": 0.1}, A, [0.065, 0.6 + 0.01, 0.4 + 0.015, 0.01, 0]),
        # Of full rank the factorisation is the count itself.
        ("count-svd", {"rank": 32, "power": 0, "factor": 3}, A, [0, 12, 8, 0, 0]),
        ("count-svd", {"rank": 32, "power": 0.5, "factor": 1}, A, [0, 4 + 2**0.5, 2 + 2**0.5, 0, 0]),
    ],
)
def test_scores_are_what_the_hand_works_out(by_hand, key, parameters, query, expected):
    np.testing.assert_allclose(scores(by_hand, key, query, **parameters), [expected], atol=1e-12)


def test_two_step_walk_goes_over_views_and_in_the_order_of_purchase(by_hand):
    first, viewed = np.zeros((2, 5, 5), np.float32)
    first[A, B], first[B, A], first[A, C] = 2, 1, 2
    viewed[A, D] = viewed[D, A] = 3
    data = replace(by_hand, bought_first=sparse.csr_array(first), viewed_together=sparse.csr_array(viewed))
    # From A: to B 2 + 0.1, to C 2. From D, whose baskets tell no order, to C by its count; A views D.
    found = scores(data, "two-step-walk", A, weight=1)
    np.testing.assert_allclose(found, [[0, 2.1 / 4.1, 2 / 4.1 + 1, 0, 0]])


def test_a_lower_rank_expects_what_was_never_bought_together(by_hand):
    found = scores(by_hand, "count-svd", D, rank=1, power=0, factor=1)[0]
    # The first factor of the normalised counts is known: degrees over their sum. D has 1 of 14, A 5, B 4, C 4.
    np.testing.assert_allclose(found, np.array([5, 4, 4, 1, 0]) / 14 + [0, 0, 1, 0, 0])


@pytest.mark.parametrize("ridge", [0.5, 50])
def test_ease_is_the_inverse_of_the_gram_matrix(by_hand, ridge, monkeypatch):
    monkeypatch.setattr("graphrec.evaluation.baselines.ease._BLOCK", 3)
    lines = by_hand.baskets.toarray()[:, :4].astype(np.float64)
    precision = np.linalg.inv(lines.T @ lines + ridge * np.eye(4))
    weight = -precision / np.diag(precision)
    found = scores(by_hand, "ease", D, A, B, **{"lambda": ridge})[:, :4]
    other = np.arange(4) != np.array([[D], [A], [B]])
    np.testing.assert_allclose(found[other], weight[[D, A, B]][other], rtol=1e-4, atol=1e-6)


def test_ease_has_no_opinion_of_what_was_never_bought(by_hand):
    found = scores(by_hand, "ease", E, A, **{"lambda": 5})
    assert (found[0] == NONE).all()
    assert found[1, E] == NONE
    assert np.isfinite(found[1, :E]).all()


def test_ease_says_why_it_cannot(by_hand, monkeypatch):
    assert too_many_items(by_hand) is None
    with pytest.raises(GraphrecError, match="larger lambda"):
        fit_ease(by_hand, {"lambda": -3}, 0)
    monkeypatch.setattr("graphrec.evaluation.baselines.ease._MOST_ITEMS", 3)
    assert "4 bought items" in (too_many_items(by_hand) or "")


def test_bm25_is_the_formula(by_hand):
    pytest.importorskip("implicit")
    rows = by_hand.baskets.toarray().T.astype(np.float64)
    length = 0.8 + 0.2 * rows.sum(axis=1, keepdims=True) / rows.sum(axis=1).mean()
    idf = np.log(5) - np.log1p(rows.sum(axis=0))
    weighted = rows * (1.2 + 1) / (1.2 * length + rows) * idf
    product = weighted @ weighted.T
    np.fill_diagonal(product, 0)
    np.testing.assert_allclose(scores(by_hand, "bm25", *range(5), K1=1.2, B=0.2), product, atol=1e-12)


def test_rules_are_ranked_by_confidence_and_rare_pairs_are_none(by_hand):
    pytest.importorskip("mlxtend")
    np.testing.assert_allclose(
        scores(by_hand, "fpgrowth", A, C, D, min_support=2),
        [[0, 3 / 4, 2 / 4, 0, 0], [2 / 3, 0, 0, 0, 0], [0, 0, 0, 0, 0]],
    )
    assert not scores(by_hand, "fpgrowth", A, min_support=20).any()


def test_item_vectors_are_compared_by_product_with_bias_or_by_cosine():
    vectors = np.array([[1.0, 0.0], [3.0, 4.0], [0.0, 2.0], [5.0, 5.0]])
    candidates = np.array([[9.0, 9.0], [2.0, 0.0], [3.0, 4.0], [7.0, 7.0]])
    known = np.array([True, True, True, False])
    learned = ItemVectors(vectors, candidates, np.array([0.0, 0.5, -1.0, 0.0]), known)
    np.testing.assert_allclose(learned.scorer(cosine=False)(np.array([0])), [[9, 2.5, 2, NONE]])
    np.testing.assert_allclose(learned.scorer(cosine=True)(np.array([0])), [[0.5**0.5, 1, 0.6, NONE]])
    assert (learned.scorer(cosine=False)(np.array([3])) == NONE).all()


def test_a_missing_library_names_the_extra():
    with pytest.raises(GraphrecError, match=r"'no_such_library'.*pip install 'graphrec\[baselines\]'"):
        open_library("no_such_library.part")


BOUGHT = np.array([5, 9, 5, 7, 1])


def test_ties_and_what_has_no_score_go_by_popularity_then_by_code():
    order = ranked(np.array([[0, 0, 0, 0, 2.0], [NONE, -3, NONE, NONE, -3]]), BOUGHT, np.array([3, 3]), 5)
    np.testing.assert_array_equal(order, [[4, 1, 0, 2, -1], [1, 4, 0, 2, -1]])
    np.testing.assert_array_equal(popularity_order(BOUGHT), [1, 3, 0, 2, 4])


def test_a_larger_score_beats_any_popularity():
    found = np.array([[1e6, 0.1, 0.3, 0.2, 1e6 + 1]])
    np.testing.assert_array_equal(ranked(found, BOUGHT, np.array([1]), 2), [[4, 0]])


def test_the_last_bits_of_a_score_decide_no_rank():
    found = np.array([[0, 0, 1, 1 - 4e-10, 0]])
    np.testing.assert_array_equal(ranked(found, BOUGHT, np.array([0]), 2), [[3, 2]])


def test_a_row_keeps_its_largest_entries_and_of_equals_the_popular():
    matrix = sparse.csr_array(np.array([[2.0, 2, 1, 2, 0], [0, 0, 0, 0, 1], [1, 0, 0, 3, 2]]))
    kept = top_per_row(matrix, 2, np.array([1, 5, 9, 5, 5]))
    np.testing.assert_array_equal(kept.toarray(), [[0, 2, 0, 2, 0], [0, 0, 0, 0, 1], [0, 0, 0, 3, 2]])


def test_what_is_excluded_is_not_in_the_answer_and_short_lists_are_padded():
    excluded = sparse.csr_array(np.array([[True, False, True, False, False], [False] * 5]))
    found = np.array([[9.0, 1, 8, 2, 3], [9.0, 1, 8, 2, 3]])
    order = ranked(found, BOUGHT, np.array([4, 4]), 6, excluded)
    np.testing.assert_array_equal(order, [[3, 1, -1, -1, -1, -1], [0, 2, 3, 1, -1, -1]])


@pytest.mark.parametrize("exclude", [False, True])
def test_blocks_answer_as_single_rows_do_and_score_every_different_query_once(monkeypatch, exclude):
    monkeypatch.setattr(ranking, "_MOST_ROWS", 3)
    generator = np.random.default_rng(0)
    table, bought = generator.integers(0, 4, (20, 20)).astype(np.float64), generator.integers(0, 9, 20)
    query = generator.integers(0, 20, 50)
    excluded = sparse.csr_array(generator.random((50, 20)) < 0.3) if exclude else None
    asked = []

    def score(codes):
        asked.extend(codes)
        return table[codes]

    found = rank_codes(score, bought, query, 15, excluded)
    assert sorted(asked) == sorted(set(query))
    for row, code in enumerate(query):
        left_out = None if excluded is None else excluded[[row]]
        np.testing.assert_array_equal(found[[row]], ranked(table[[code]], bought, np.array([code]), 15, left_out))
        if exclude:
            assert not set(found[row]) & set(excluded[[row]].indices)


def test_no_query_no_lists():
    assert rank_codes(lambda query: np.zeros((len(query), 5)), BOUGHT, np.zeros(0, np.int64), 3).shape == (0, 3)


def test_repeat_last_lists_the_latest_first_then_the_popular():
    history = [(0, 4), (0, 2), (0, 4), (0, 0), (2, 3), (2, 1), (2, 0), (2, 2)]
    question, item = np.array(history).T
    found = repeat_last(question, item, np.array([2, 1, 4]), popularity_order(BOUGHT), 3)
    np.testing.assert_array_equal(found, [[4, 0, 1], [3, 0, 2], [3, 1, 0]])
    everything = repeat_last(question, item, np.array([2, 1, 4]), popularity_order(BOUGHT), 6)
    np.testing.assert_array_equal(everything[0], [4, 0, 1, 3, -1, -1])


PAIRS, NOISE = 12, 6


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


@pytest.mark.parametrize("key", BASELINES)
def test_planted_pairs_are_found_by_all_but_popularity(fitted_baselines, key):
    found = partners_found(fitted_baselines(key), k=1)
    assert found < 0.2 if key == "popularity" else found == 1


@pytest.mark.parametrize("key", BASELINES)
def test_every_grid_point_fits_and_scores_every_item(planted_pairs, key):
    baseline = BASELINES[key]
    if baseline.library:
        pytest.importorskip(baseline.library)
    assert baseline.grid
    assert baseline.why_not(planted_pairs) is None
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


@pytest.mark.parametrize("key", ["item2vec", "bpr", "als"])
def test_another_seed_is_another_start(planted_pairs, fitted_baselines, key):
    codes = np.arange(4)
    assert not np.allclose(fitted(key, planted_pairs, seed=2).scorer(codes), fitted_baselines(key).scorer(codes))


class TestContract:
    """What graphrec and every baseline owe whoever asks them."""

    @pytest.fixture(params=["graphrec", *BASELINES])
    def asked(self, request):
        if request.param == "graphrec":
            return request.getfixturevalue("recommender")
        return request.getfixturevalue("fitted_baselines")(request.param)

    def test_k_answers_ranked_with_falling_scores_and_never_the_query(self, asked):
        answers = asked.recommend(asked.items[3], k=7)
        assert [answer.rank for answer in answers] == list(range(1, 8))
        assert len({answer.item for answer in answers} - {asked.items[3]}) == 7
        assert {answer.item for answer in answers} <= set(asked.items)
        assert all(a.score >= b.score for a, b in itertools.pairwise(answers))
        assert all(np.isfinite(answer.score) for answer in answers)
        assert all((answer.source == "observed") == (answer.evidence.bought_together > 0) for answer in answers)

    def test_a_cart_is_not_in_its_answer_and_its_order_does_not_matter(self, asked):
        cart = asked.items[2:6]
        answers = asked.recommend(cart, k=10)
        assert len({answer.item for answer in answers} - set(cart)) == 10
        assert answers == asked.recommend([*cart[::-1], cart[0]], k=10)

    def test_lists_end_with_the_last_other_item(self, asked):
        answers = asked.recommend(asked.items[0], k=len(asked.items) + 3)
        assert sorted(answer.item for answer in answers) == sorted(asked.items[1:])

    def test_what_the_session_took_is_left_out(self, asked):
        first, second, *_ = [answer.item for answer in asked.recommend(asked.items[0], k=4)]
        answers = asked.recommend(asked.items[0], k=4, session=[(first, "cart"), second, (second, "view")])
        assert len(answers) == 4
        assert first not in {answer.item for answer in answers}
        with pytest.raises(EventsError, match="'steal'"):
            asked.recommend(asked.items[0], k=4, session=[(first, "steal")])

    def test_unknown_ids_raise_or_are_skipped(self, asked):
        item = asked.items[1]
        with pytest.raises(UnknownItem, match="nobody"):
            asked.recommend("nobody")
        with pytest.raises(UnknownItem, match="nobody"):
            asked.recommend_many([item, "nobody"])
        with pytest.raises(UnknownItem, match="nobody"):
            asked.recommend("nobody", unknown="skip")
        with pytest.warns(GraphrecWarning, match="nobody"):
            assert asked.recommend([item, "nobody"], k=3, unknown="skip") == asked.recommend(item, k=3)
        with pytest.warns(GraphrecWarning, match="nobody"):
            frame = asked.recommend_many(["nobody", item], k=3, unknown="skip")
        assert frame["query"].tolist() == [1, 1, 1]
        for nothing in ({"query": []}, {"query": item, "k": 0}):
            with pytest.raises(EventsError):
                asked.recommend(**nothing)

    def test_a_batch_gives_what_its_queries_give_one_by_one(self, asked):
        queries = [*asked.items[:20], asked.items[:3], asked.items[5:9], asked.items[4]]
        frame = asked.recommend_many(iter(queries), k=5)
        assert list(frame.columns) == [
            "query", "item", "complement", "rank", "score", "source", "bought_together", "lift", "item_type",
            "complement_type",
        ]  # fmt: skip
        for position, query in enumerate(queries):
            rows = frame[frame["query"] == position]
            answers = asked.recommend(query, k=5)
            assert rows["item"].tolist() == [query if isinstance(query, str) else tuple(query)] * 5
            assert rows["complement"].tolist() == [answer.item for answer in answers]
            assert rows["rank"].tolist() == [answer.rank for answer in answers]
            assert rows["score"].tolist() == [answer.score for answer in answers]
            assert rows["source"].tolist() == [answer.source for answer in answers]
            assert rows["bought_together"].tolist() == [answer.evidence.bought_together for answer in answers]
            assert rows["lift"].tolist() == [answer.evidence.lift for answer in answers]

    def test_every_item_gets_a_list(self, asked):
        frame = asked.recommend_all(k=5)
        assert list(frame.columns) == [
            "item", "complement", "rank", "score", "source", "bought_together", "lift", "item_type", "complement_type",
        ]  # fmt: skip
        assert frame["item"].drop_duplicates().tolist() == asked.items
        assert frame.groupby("item")["rank"].apply(list).map(lambda ranks: ranks == [1, 2, 3, 4, 5]).all()
        assert (frame["item"] != frame["complement"]).all()
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

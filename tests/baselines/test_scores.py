"""Every baseline against values worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from graphrec.baselines import BASELINES
from graphrec.baselines.ease import fit_ease, too_many_items
from graphrec.baselines.item_vectors import ItemVectors
from graphrec.baselines.libraries import open_library
from graphrec.errors import GraphrecError
from tests.baselines.conftest import A, B, C, D, E

NONE = -np.inf


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
        # As the predicted types before, all other types behind them; what nobody has bought comes first in its type.
        ("untouched-first", {"types": 1}, A, [4 / 5, 2 + 3 / 5, 2 + 3 / 5, 2 / 5, 1]),
        ("untouched-first", {"types": 3}, C, [2 + 4 / 5, 2 + 3 / 5, 2 + 3 / 5, 2 + 2 / 5, 3]),
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
    monkeypatch.setattr("graphrec.baselines.ease._BLOCK", 3)
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
    monkeypatch.setattr("graphrec.baselines.ease._MOST_ITEMS", 3)
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

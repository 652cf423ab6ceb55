"""The blend of memory and model, by hand."""

import numpy as np
import pytest

from graphrec.complements import HeldOutLists, choose_strength, posterior


def test_posterior_by_hand():
    score = posterior(np.array([4.0, 0.0]), np.array([0.1, 0.5]), np.array([8.0, 8.0]), 2.0)
    np.testing.assert_allclose(score, [(4 + 2 * 0.1) / 10, (0 + 2 * 0.5) / 10])


def test_without_trust_the_count_decides_and_with_much_the_model():
    count, prior, total = np.array([3.0, 1.0]), np.array([0.01, 0.9]), np.array([4.0, 4.0])
    assert posterior(count, prior, total, 0.0).argmax() == 0
    assert posterior(count, prior, total, 1e6).argmax() == 1


def lists(gain):
    """Two candidates of one item: the first was bought often, the second is what the model believes in."""
    return HeldOutLists(
        owner=np.zeros(2, dtype=np.int64),
        count=np.array([5.0, 0.0]),
        prior=np.array([0.1, 0.9]),
        total=np.array([5.0, 5.0]),
        gain=np.array(gain),
    )


def test_strength_follows_what_later_baskets_say():
    strengths = (0.0, 1000.0)
    assert choose_strength(lists([1.0, 0.0]), strengths)[0] == 0.0
    best, gains = choose_strength(lists([0.0, 1.0]), strengths)
    assert best == 1000.0
    assert gains[0.0] == pytest.approx((1 / np.log2(3)) / 1.0)


def test_only_the_first_ten_places_count():
    n = 30
    many = HeldOutLists(np.zeros(n, np.int64), np.arange(n, 0, -1.0), np.full(n, 1 / n), np.full(n, 99.0), np.ones(n))
    assert many.discounted_gain(0.0) == pytest.approx((1 / np.log2(np.arange(2, 12))).sum())

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


def lists(gain, count=200):
    """Two candidates of each item: the first was bought often, the second is what the model believes in."""
    return HeldOutLists(
        owner=np.repeat(np.arange(count), 2),
        count=np.tile([5.0, 0.0], count),
        prior=np.tile([0.1, 0.9], count),
        total=np.full(2 * count, 5.0),
        gain=np.tile(gain, (count, 1)).ravel() if np.ndim(gain) == 1 else np.ravel(gain),
    )


STRENGTHS = (1000.0, 0.0)


def test_strength_follows_what_later_baskets_say():
    assert choose_strength(lists([1.0, 0.0]), STRENGTHS, 0)[0] == 0.0
    best, gains = choose_strength(lists([0.0, 1.0]), STRENGTHS, 0)
    assert best == 1000.0
    assert gains == {1000.0: 1.0, 0.0: pytest.approx((1 / np.log2(3)) / 1.0)}


def test_in_doubt_the_counts_decide():
    # Of 99 lists, however clear; and of 200 of which the model is right of 102.
    few, _ = choose_strength(lists([0.0, 1.0], 99), STRENGTHS, 0)
    even, gains = choose_strength(lists([[n % 2, 1 - n % 2] for n in range(196)] + [[0, 1]] * 4, 200), STRENGTHS, 0)
    assert few == even == 0.0
    assert gains[1000.0] == 1.0 > gains[0.0], "the best is told, though it is not chosen"


def test_only_the_first_ten_places_count():
    n = 30
    many = HeldOutLists(np.zeros(n, np.int64), np.arange(n, 0, -1.0), np.full(n, 1 / n), np.full(n, 99.0), np.ones(n))
    assert many.discounted_gains(0.0).tolist() == pytest.approx([(1 / np.log2(np.arange(2, 12))).sum()])


def test_gains_are_told_of_each_list():
    apart = HeldOutLists(
        np.array([0, 0, 2]), np.array([1.0, 2, 1]), np.full(3, 0.1), np.full(3, 3.0), np.array([1.0, 3, 5])
    )
    assert apart.discounted_gains(0.0).tolist() == pytest.approx([3 + 1 / np.log2(3), 0, 5])

"""A few landmarks sum what thousands of items add up to."""

import numpy as np
import pytest

from graphrec.complements.networks.landmarks import Landmarks, log_sum_exp


def test_items_on_few_points_are_summed_exactly():
    stored = np.array([[1.0, 0, np.log(2)], [1, 0, np.log(3)], [0, 1, np.log(5)]])
    query = np.array([[2.0, -1.0]])
    by_hand = np.log((2 + 3) * np.exp(2) + 5 * np.exp(-1))
    assert Landmarks.of(stored).log_sum(query)[0] == pytest.approx(by_hand)


def test_landmarks_come_near_the_sum_over_all_where_the_best_items_do_not():
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((40, 16))
    points = centres[rng.integers(0, 40, 8_000)] + 0.3 * rng.standard_normal((8_000, 16))
    points *= 4 / np.linalg.norm(points, axis=1, keepdims=True)
    stored = np.column_stack([points, np.log(rng.dirichlet(np.full(8_000, 0.5)))])
    queries = rng.standard_normal((100, 16))
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    logits = queries @ points.T + stored[:, -1]
    truth = log_sum_exp(logits)
    landmarks = Landmarks.of(stored)
    assert len(landmarks.points) <= 128
    ours = np.abs(landmarks.log_sum(queries) - truth)
    best_200 = np.abs(log_sum_exp(np.sort(logits, axis=1)[:, -200:]) - truth)
    assert ours.max() < 0.1
    assert best_200.mean() > 10 * ours.mean()
    np.testing.assert_array_equal(landmarks.points, Landmarks.of(stored).points)

"""The blend of memory and model, by hand."""

import numpy as np

from graphrec.complements.blend import posterior


def test_posterior_by_hand():
    score = posterior(np.array([4.0, 0.0]), np.array([0.1, 0.5]), np.array([8.0, 8.0]), 2.0)
    np.testing.assert_allclose(score, [(4 + 2 * 0.1) / 10, (0 + 2 * 0.5) / 10])


def test_without_trust_the_count_decides_and_with_much_the_model():
    count, prior, total = np.array([3.0, 1.0]), np.array([0.01, 0.9]), np.array([4.0, 4.0])
    assert posterior(count, prior, total, 0.0).argmax() == 0
    assert posterior(count, prior, total, 1e6).argmax() == 1

"""Paired bootstrap: how far a mean over questions, and a difference of two, can be trusted."""

from __future__ import annotations

import numpy as np

_AT_ONCE = 50
"""Resamples drawn at once: bounds memory."""


def resampled_means(values: np.ndarray, basket: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Draw the baskets anew with replacement and average, `(resamples, metrics) float64`.

    Questions about one basket are drawn together, since they share their answers. The same baskets and seed give
    the same draws, so that two models' means can be subtracted draw by draw (Efron and Tibshirani 1993).

    Parameters
    ----------
    values : ndarray
        `(questions, metrics) float64`.
    basket : ndarray
        `(questions,) int64`.
    resamples, seed : int
    """
    _, cluster = np.unique(basket, return_inverse=True)
    size = np.bincount(cluster)
    sums = np.stack([np.bincount(cluster, column) for column in values.T], axis=1)
    rng = np.random.default_rng(seed)
    share = np.full(len(size), 1.0 / max(len(size), 1))
    means = []
    for start in range(0, resamples, _AT_ONCE):
        drawn = rng.multinomial(len(size), share, size=min(_AT_ONCE, resamples - start)).astype(np.float64)
        means.append((drawn @ sums) / (drawn @ size)[:, None])
    return np.concatenate(means)


def interval(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds between which 95% of the resampled means lie, each `(metrics,)`."""
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return np.asarray(low), np.asarray(high)

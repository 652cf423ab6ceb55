"""Landmarks of a large type: a softmax summed over a few points that stand for all items near them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LANDMARKS = 128
_PASSES = 3


@dataclass(frozen=True)
class Landmarks:
    r"""Points of a space, each with the weight of the items nearest to it.

    .. math::
        \log \sum_j e^{q \cdot x_j + b_j} \approx \log \sum_c e^{q \cdot m_c + w_c}

    with :math:`m_c` the mean of the items nearest to landmark c, each by its :math:`e^{b}`, and :math:`w_c` the
    logarithm of the sum of these and half the variance of :math:`q \cdot x` among them for a query of no special
    direction. The best few hundred items alone would leave out what many others add up to.

    Parameters
    ----------
    points : ndarray
        `(landmarks, space) float64`.
    weights : ndarray
        `(landmarks,) float64`, logarithms.
    """

    points: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, stored: np.ndarray) -> Landmarks:
        """Place landmarks among items.

        Parameters
        ----------
        stored : ndarray
            `(items, space + 1) float64`: points, and the logarithms of their weights in the last column.
        """
        points, mass = stored[:, :-1], np.exp(stored[:, -1] - stored[:, -1].max())
        # Items at even steps of the cumulated weight: no chance, and more where more is bought.
        steps = (np.arange(_LANDMARKS) + 0.5) / _LANDMARKS * mass.sum()
        means = points[np.unique(np.searchsorted(mass.cumsum(), steps))]
        for _ in range(_PASSES):
            nearest = (points @ means.T - 0.5 * (means**2).sum(axis=1)).argmax(axis=1)
            _, nearest = np.unique(nearest, return_inverse=True)
            weight = np.bincount(nearest, mass)
            means = np.stack([np.bincount(nearest, mass * column) for column in points.T], axis=1) / weight[:, None]
        spread = np.bincount(nearest, mass * ((points - means[nearest]) ** 2).sum(axis=1)) / weight
        # A query has unit length, so that it sees one of the dimensions' share of the spread.
        weights = np.log(weight) + stored[:, -1].max() + 0.5 * spread / points.shape[1]
        return cls(means, weights)

    def log_sum(self, queries: np.ndarray) -> np.ndarray:
        """Sum the softmax of `(queries, space)`, `(queries,) float64`, as a logarithm."""
        return log_sum_exp(queries @ self.points.T + self.weights)


def log_sum_exp(scores: np.ndarray) -> np.ndarray:
    """Return the logarithm of the sum of the exponentials of every row."""
    highest = scores.max(axis=1)
    return np.asarray(np.log(np.exp(scores - highest[:, None]).sum(axis=1)) + highest)

"""Paired bootstrap: how far a mean over questions, and a difference of two, can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graphrec.compute.ragged import blocks

_AT_ONCE = 50
"""Resamples worked on at once: bounds memory."""


@dataclass(frozen=True)
class Resampling:
    """The same questions drawn anew with replacement, many times, for every model alike.

    Questions of one cluster are drawn together: those about one customer are no independent observations. Where a
    model was fitted with several seeds these are drawn as well, so that an interval holds what another fit would give
    (a two-level bootstrap: Davison and Hinkley 1997, 3.8). Two models' means can be subtracted draw by draw (Efron and
    Tibshirani 1993).

    Parameters
    ----------
    cluster : ndarray
        `(questions,) int64`.
    resamples, seed : int
    """

    cluster: np.ndarray
    resamples: int
    seed: int

    def means(self, tables: Sequence[np.ndarray]) -> np.ndarray:
        """Average over the drawn questions and seeds, `(resamples, metrics) float64`.

        Parameters
        ----------
        tables : sequence of ndarray
            One a seed, `(questions, metrics) float64`.
        """
        place, drawn = self._place, self._drawn
        size = np.bincount(place)
        sums = [np.stack([np.bincount(place, column) for column in table.T], axis=1) for table in tables]
        share = self._seed_shares(len(tables))
        means = np.zeros((self.resamples, sums[0].shape[1]))
        for rows in blocks(self.resamples, _AT_ONCE):
            times = drawn[rows].astype(np.float64)
            questions = (times @ size)[:, None]
            for number, of_seed in enumerate(sums):
                means[rows] += share[rows, number, None] * (times @ of_seed) / questions
        return means

    @cached_property
    def _place(self) -> np.ndarray:
        return np.unique(self.cluster, return_inverse=True)[1]

    @cached_property
    def _drawn(self) -> np.ndarray:
        """How often each cluster was drawn, `(resamples, clusters) int32`."""
        clusters = int(self._place.max()) + 1
        share, rng = np.full(clusters, 1.0 / clusters), np.random.default_rng(self.seed)
        drawn = np.empty((self.resamples, clusters), dtype=np.int32)
        for rows in blocks(self.resamples, _AT_ONCE):
            drawn[rows] = rng.multinomial(clusters, share, size=rows.stop - rows.start)
        return drawn

    def _seed_shares(self, seeds: int) -> np.ndarray:
        """Weigh each seed in each draw, `(resamples, seeds) float64`; one seed has nothing to be drawn from."""
        rng = np.random.default_rng([self.seed, seeds])
        return np.asarray(rng.multinomial(seeds, np.full(seeds, 1.0 / seeds), size=self.resamples) / seeds)


def resampled_means(values: np.ndarray, cluster: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Draw the clusters of questions anew with replacement and average, `(resamples, metrics) float64`.

    Parameters
    ----------
    values : ndarray
        `(questions, metrics) float64`, of one fit.
    cluster : ndarray
        `(questions,) int64`.
    resamples, seed : int
    """
    return Resampling(cluster, resamples, seed).means([values])


def interval(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds between which 95% of the resampled means lie, each `(metrics,)`."""
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return np.asarray(low), np.asarray(high)

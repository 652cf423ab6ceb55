"""Scikit-learn's gradient boosting in the place of graphrec's ranker, for the ablation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from torch import Tensor

from graphrec.complements.labelled_lists import LabelledLists
from graphrec.compute.run import Run
from graphrec.compute.training import Curve
from graphrec.config import RankerConfig

_KEPT = 0.1
"""Share of the candidates that nobody bought, drawn at random, from which trees learn; each stands for ten."""
_LEAST = 1e-9


@dataclass(frozen=True)
class BoostedTrees:
    """Scores candidates, and what is no candidate, by the logarithm of the share that trees expect of it.

    Parameters
    ----------
    inside, outside : HistGradientBoostingRegressor
        Of candidates and of all that is none.
    temperature : Tensor
        `(1,)`.
    """

    inside: HistGradientBoostingRegressor
    outside: HistGradientBoostingRegressor
    temperature: Tensor = field(default_factory=lambda: torch.ones(1))

    def score(self, features: np.ndarray) -> np.ndarray:
        """See `ListRanker.score`."""
        return self._log_share(self.inside, features)

    def elsewhere(self, outside: np.ndarray) -> np.ndarray:
        """See `ListRanker.elsewhere`."""
        return self._log_share(self.outside, outside)

    def _log_share(self, trees: HistGradientBoostingRegressor, rows: np.ndarray) -> np.ndarray:
        expected = trees.predict(rows) if len(rows) else np.zeros(0)
        return np.asarray(np.log(np.maximum(expected, _LEAST)) / float(self.temperature))


def fit_boosted_trees(
    training: LabelledLists,
    config: RankerConfig,
    run: Run,
    validation: LabelledLists | None = None,
    networks: int | None = None,
) -> tuple[BoostedTrees, Curve]:
    """Fit trees to what share of a query's later purchases fell on each candidate, by Poisson deviance.

    Parameters
    ----------
    training : LabelledLists
    config : RankerConfig
        Not looked at: the trees are scikit-learn's own, 200 of them, stopped early.
    run : Run
    validation, networks : optional
        Not looked at.
    """
    training = training.bought()
    owner, total = training.owner, training.total.astype(np.float64)
    bought = training.gain > 0
    drawn = np.random.default_rng(run.seed).random(len(owner)) < _KEPT
    rows = np.flatnonzero(bought | drawn)
    weight = np.where(bought[rows], 1.0, 1.0 / _KEPT) * total[owner[rows]]
    missed = np.maximum(total - np.bincount(owner, training.gain, minlength=len(training)), 0.0)
    inside, outside = (
        HistGradientBoostingRegressor(loss="poisson", max_iter=200, early_stopping=True, random_state=run.seed)
        for _ in range(2)
    )
    inside.fit(training.features[rows], training.gain[rows] / total[owner[rows]], weight)
    outside.fit(training.outside, missed / total, total)
    return BoostedTrees(inside, outside), Curve((), (), 0)

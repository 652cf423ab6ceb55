"""What a baseline is: a way to score all items for a query item, and the few values its parameters may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from graphrec.baselines.training_data import TrainingData

Scorer = Callable[[np.ndarray], np.ndarray]
"""`(queries,) int64` item codes -> `(queries, items) float64` scores: higher is better, 0 what was never seen where
the score is a count, -inf where there is no opinion at all. What it returns is not to be written to."""

Fit = Callable[[TrainingData, Mapping[str, float], int], Scorer]
"""Data, the parameters of one grid point, seed -> scorer."""


NATURAL_ENDS: Mapping[str, Sequence[float]] = {
    "min_count": (1,),
    "half_life": (0,),
    "shrink": (0,),
    "kappa": (0,),
    "factor": (0,),
    "weight": (0,),
    "B": (0, 1),
    "types": (1,),
    "substitutes": (0, 1, 2),
}
"""Parameter -> values at which it ends by what it means: a grid that ends there is not too narrow."""


def always_possible(data: TrainingData) -> str | None:
    """Say that nothing speaks against a fit."""
    return None


@dataclass(frozen=True)
class Baseline:
    """One method to beat.

    Parameters
    ----------
    name : str
        As the leaderboard shows it.
    fit : callable
        Data, parameters of one grid point, seed -> scorer.
    grid : sequence of mapping
        The parameters that are tried; one empty mapping where there is nothing to choose.
    library : str or None
        Module that must be importable, else the baseline cannot run.
    slow : bool
        Whether one fit takes minutes on a large log.
    why_not : callable
        Data -> the reason why it cannot run on them, None where it can.
    ratio : bool
        Whether scores are counts, probabilities or ratios of such, which can be divided by a popularity; False for
        inner products.
    """

    name: str
    fit: Fit
    grid: Sequence[Mapping[str, float]]
    library: str | None = None
    slow: bool = False
    why_not: Callable[[TrainingData], str | None] = always_possible
    ratio: bool = True


def grid_of(**choices: Sequence[float]) -> tuple[Mapping[str, float], ...]:
    """Combine every choice of each parameter; the last one varies fastest."""
    return tuple(dict(zip(choices, point, strict=True)) for point in product(*choices.values()))

"""The trade-off between plain accuracy and what is beyond chance: every model's lists at several specificities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from graphrec.baselines import BASELINES
from graphrec.evaluation.experiment import Lists
from graphrec.evaluation.metrics import BEYOND_CHANCE, PLAIN, metrics_beside_chance
from graphrec.evaluation.questions import Questions

COUNTS = BASELINES["count"].name
"""The model whose plain accuracy is the floor at which models are compared."""
_BEYOND = "ndcg_beyond_chance"


def tradeoff_points(
    lists: Mapping[str, Sequence[Lists]], questions: Questions, chance: np.ndarray, specificities: Sequence[float]
) -> pd.DataFrame:
    """Measure every model at every specificity, mean over seeds.

    Parameters
    ----------
    lists : mapping of str to sequence of Lists
        Name on the leaderboard -> one `Lists` per seed.
    questions : Questions
        Whose different queries the lists `tradeoff` are of.
    chance : ndarray
        `(items,) float64`: as of `gains_beyond_chance`.
    specificities : sequence of float

    Returns
    -------
    DataFrame
        `model`, `setting` (the specificity), `ndcg` and `ndcg_beyond_chance` (at 10).
    """
    place = questions.distinct[1]
    rows = []
    for name, seeds in lists.items():
        for number, specificity in enumerate(specificities):
            values = []
            for one in seeds:
                found = metrics_beside_chance(one.tradeoff[number][place], questions, chance, (10,))
                values.append([found[PLAIN].mean(), found[BEYOND_CHANCE].mean()])
            rows.append([name, specificity, *np.mean(values, axis=0)])
    return pd.DataFrame(rows, columns=["model", "setting", "ndcg", _BEYOND])


def highest_at(curve: pd.DataFrame, floor: float, column: str = _BEYOND) -> float:
    """Find the highest value on a curve where its NDCG is not below a floor; NaN where it is nowhere.

    Parameters
    ----------
    curve : DataFrame
        Points of one model in the order of their settings; between two of them it is a straight line.
    floor : float
    column : str
        What is looked for.
    """
    accuracy, value = (curve[name].to_numpy(dtype=np.float64) for name in ("ndcg", column))
    crosses = np.flatnonzero((accuracy[:-1] >= floor) != (accuracy[1:] >= floor))
    share = (floor - accuracy[crosses]) / (accuracy[crosses + 1] - accuracy[crosses])
    between = value[crosses] + share * (value[crosses + 1] - value[crosses])
    reached = np.concatenate([value[accuracy >= floor], between])
    return float(reached.max()) if len(reached) else float("nan")


def beyond_at_counts(points: pd.DataFrame) -> pd.Series:
    """Find each model's highest NDCG beyond chance at an NDCG not below that of plain counts, `model` -> value.

    Plain counts themselves are their lists as they stand, at the lowest specificity. Empty where counts did not run.
    """
    plain = points[points["model"] == COUNTS]
    if plain.empty:
        return pd.Series(dtype=float)
    first = plain.iloc[0]
    reached = {str(name): highest_at(curve, first["ndcg"]) for name, curve in points.groupby("model", sort=False)}
    return pd.Series({**reached, COUNTS: float(first[_BEYOND])})


def points_above(points: pd.DataFrame, model: str) -> pd.DataFrame:
    """List the points of other models that the curve of this one does not lie above.

    A curve lies above a point where it reaches a higher NDCG beyond chance at no lower NDCG.
    """
    own = points[points["model"] == model]
    reached = [highest_at(own, floor) for floor in points["ndcg"]]
    return points[(points["model"] != model) & ~(np.array(reached) > points[_BEYOND])]


def tradeoff_in_words(points: pd.DataFrame, ours: str) -> dict[str, str]:
    """Say how far our curve lies above those of the baselines: heading -> sentence.

    Parameters
    ----------
    points : DataFrame
        As of `tradeoff_points`.
    ours : str
        Name of the model; others that begin with it are its variants and are not compared.
    """
    points = points[(points["model"] == ours) | ~points["model"].str.startswith(ours)]
    baselines = points[points["model"] != ours]
    facts: dict[str, str] = {}
    if not (points["model"] == ours).any() or baselines.empty:
        return facts
    reached = beyond_at_counts(points)
    if len(reached):
        plain = points[points["model"] == COUNTS].iloc[0]
        own, others = reached[ours], reached.drop([ours, COUNTS]).dropna()
        said = "is never that accurate" if np.isnan(own) else f"has {own:.4f} beyond chance"
        best = f", the best other baseline {others.max():.4f} ({others.idxmax()})" if len(others) else ""
        facts["beyond chance, as accurate as counts"] = (
            f"plain counts have NDCG@10 {plain['ndcg']:.4f}, beyond chance {plain[_BEYOND]:.4f}; at a specificity by "
            f"which the plain NDCG@10 is no lower, {ours} {said}{best}"
        )
    missed = points_above(points, ours)
    names = ", ".join(missed["model"].unique())
    facts["trade-off"] = (
        f"the curve of {ours} lies above {len(baselines) - len(missed)} of the {len(baselines)} points of the baselines"
        + (f"; not above some of {names}" if names else "")
    )
    return facts

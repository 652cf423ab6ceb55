"""The trade-off between plain accuracy and rare answers: every model's lists at several popularity discounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from graphrec.evaluation.baselines import BASELINES
from graphrec.evaluation.experiment import Lists
from graphrec.evaluation.metrics import hit_matrix, ndcg, weighted_recall
from graphrec.evaluation.questions import Questions

COUNTS = BASELINES["count"].name
"""The model whose accuracy is the floor at which rare answers are compared."""
_RARE = "weighted_recall"


def tradeoff_points(
    lists: Mapping[str, Sequence[Lists]], questions: Questions, bought: np.ndarray, discounts: Sequence[float]
) -> pd.DataFrame:
    """Measure every model at every discount, mean over seeds.

    Parameters
    ----------
    lists : mapping of str to sequence of Lists
        Name on the leaderboard -> one `Lists` per seed.
    questions : Questions
        Whose different queries the lists `tradeoff` are of.
    bought : ndarray
        `(items,)`: popularity before the cut.
    discounts : sequence of float

    Returns
    -------
    DataFrame
        `model`, `setting` (the discount), `ndcg` and `weighted_recall` (at 10), `weighted_recall_20`.
    """
    weight, place = 1.0 / (bought + 1.0), questions.distinct[1]
    rows = []
    for name, seeds in lists.items():
        for number, discount in enumerate(discounts):
            values = []
            for one in seeds:
                ranked = one.tradeoff[number][place]
                hits = hit_matrix(ranked, questions)
                rare = [weighted_recall(hits[:, :cut], ranked[:, :cut], questions, weight).mean() for cut in (10, 20)]
                values.append([ndcg(hits[:, :10], questions.answers).mean(), *rare])
            rows.append([name, discount, *np.mean(values, axis=0)])
    return pd.DataFrame(rows, columns=["model", "setting", "ndcg", _RARE, f"{_RARE}_20"])


def highest_at(curve: pd.DataFrame, floor: float, column: str = _RARE) -> float:
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


def rare_at_counts(points: pd.DataFrame) -> pd.Series:
    """Find each model's highest weighted recall@10 at an NDCG@10 not below that of plain counts, `model` -> value.

    Plain counts themselves are their lists as they stand, at the lowest discount. Empty where counts did not run.
    """
    plain = points[points["model"] == COUNTS]
    if plain.empty:
        return pd.Series(dtype=float)
    first = plain.iloc[0]
    reached = {str(name): highest_at(curve, first["ndcg"]) for name, curve in points.groupby("model", sort=False)}
    return pd.Series({**reached, COUNTS: float(first[_RARE])})


def points_above(points: pd.DataFrame, model: str) -> pd.DataFrame:
    """List the points of other models that the curve of this one does not lie above.

    A curve lies above a point where it reaches a higher weighted recall@10 at no lower NDCG@10.
    """
    own = points[points["model"] == model]
    reached = [highest_at(own, floor) for floor in points["ndcg"]]
    return points[(points["model"] != model) & ~(np.array(reached) > points[_RARE])]


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
    reached = rare_at_counts(points)
    if len(reached):
        plain = points[points["model"] == COUNTS].iloc[0]
        own, others = reached[ours], reached.drop([ours, COUNTS]).dropna()
        said = "is never that accurate" if np.isnan(own) else f"finds {own:.4f}, {own / plain[_RARE]:.2f} times as much"
        best = f"; the best other baseline {others.max():.4f} ({others.idxmax()})" if len(others) else ""
        facts["rare answers"] = (
            f"plain counts have NDCG@10 {plain['ndcg']:.4f} and weighted recall@10 {plain[_RARE]:.4f}; with a "
            f"popularity discount, at an NDCG@10 no lower, {ours} {said}{best}"
        )
    missed = points_above(points, ours)
    names = ", ".join(missed["model"].unique())
    facts["trade-off"] = (
        f"the curve of {ours} lies above {len(baselines) - len(missed)} of the {len(baselines)} points of the baselines"
        + (f"; not above some of {names}" if names else "")
    )
    return facts

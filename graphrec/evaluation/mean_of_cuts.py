"""Boards of several cuts -> the mean of each model, how far it can be trusted, and what it is beside the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphrec.evaluation.bootstrap import interval, resampled_means
from graphrec.evaluation.cut_board import CutBoard
from graphrec.evaluation.evaluated_model import OURS
from graphrec.evaluation.scoring import BY_SESSION
from graphrec.evaluation.tradeoff import COUNTS

PLAIN = "ndcg@10"
OF_COUNTS = f"{PLAIN}_of_counts"
"""Column: a model's plain NDCG as a multiple of that of plain counts."""


@dataclass(frozen=True)
class MeanOfCuts:
    """What several cuts found together.

    Parameters
    ----------
    metrics : sequence of str
        That are told, the headline first.
    cuts : int
    table : DataFrame
        One row a model, the best mean of the headline first, its index `model`. For each metric `METRIC_cut-N`, the
        mean over the cuts `METRIC` with `_low` and `_high`, its `METRIC_difference` to the best baseline and the
        `METRIC_ratio`, each with `_low` and `_high`; `ndcg@10_of_counts`, with both too; `cuts`: those on which it
        ran. Of a model that did not run on all of them, all but the cuts is missing.
    best : mapping of str to str
        Metric -> the baseline of the highest mean, of those that ran on all cuts.
    """

    metrics: Sequence[str]
    cuts: int
    table: pd.DataFrame
    best: Mapping[str, str]


def mean_of_cuts(boards: Sequence[CutBoard], resamples: int, seed: int) -> MeanOfCuts:
    """Average over cuts, which weigh alike whatever their questions, with intervals over cuts and questions.

    Parameters
    ----------
    boards : sequence of CutBoard
        The oldest cut first.
    resamples, seed : int
    """
    metrics = [metric for metric in boards[-1].values if all(metric in board.values for board in boards)]
    models = list(dict.fromkeys(name for board in reversed(boards) for name in board.models))
    everywhere = [name for name in models if all(name in board.models for board in boards)]
    table = pd.DataFrame(index=pd.Index(models, name="model"))
    best = {}
    for metric in metrics:
        for number, board in enumerate(boards, start=1):
            means = pd.Series(board.values[metric].mean(axis=0, dtype=np.float64), index=list(board.models))
            table[f"{metric}_cut-{number}"] = means
        mean = table.loc[everywhere, [f"{metric}_cut-{number}" for number in range(1, len(boards) + 1)]].mean(axis=1)
        draws = pd.DataFrame(drawn_means(boards, metric, everywhere, resamples, seed), columns=everywhere)
        _put(table, metric, mean, draws)
        baselines = [name for name in everywhere if not name.startswith(OURS) and not name.endswith(BY_SESSION)]
        if baselines:
            name = best[metric] = str(mean[baselines].idxmax())
            _put(table, f"{metric}_difference", mean - mean[name], draws.sub(draws[name], axis=0))
            _put(table, f"{metric}_ratio", *_multiples(mean, draws, name))
        if metric == PLAIN and COUNTS in everywhere:
            _put(table, OF_COUNTS, *_multiples(mean, draws, COUNTS))
    ran = {name: [n for n, board in enumerate(boards, start=1) if name in board.models] for name in models}
    table["cuts"] = [", ".join(map(str, ran[name])) for name in models]
    return MeanOfCuts(metrics, len(boards), _sorted(table, metrics, len(boards)), best)


def drawn_means(
    boards: Sequence[CutBoard], metric: str, models: Sequence[str], resamples: int, seed: int
) -> np.ndarray:
    """Draw cuts with replacement, then the questions within each, and average, `(resamples, models) float64`.

    A two-level bootstrap (Davison and Hinkley 1997, 3.8): what another shopper would have bought, and what another
    fortnight would have brought. All models are drawn alike, so that their means can be subtracted draw by draw.

    Parameters
    ----------
    boards : sequence of CutBoard
    metric : str
    models : sequence of str
        That ran on all cuts.
    resamples, seed : int
    """
    cuts = len(boards)
    picked = np.random.default_rng(seed).integers(cuts, size=(resamples, cuts))
    total = np.zeros((resamples, len(models)))
    for number, board in enumerate(boards):
        values = board.of(metric, models)
        for draw in range(cuts):  # the same cut, drawn twice, is asked other questions
            rows = picked[:, draw] == number
            own_seed = seed + 1 + number * cuts + draw
            total[rows] += resampled_means(values, board.cluster, resamples, own_seed)[rows]
    return total / cuts


def _put(table: pd.DataFrame, name: str, value: pd.Series, draws: pd.DataFrame) -> None:
    low, high = interval(draws.to_numpy())
    table[name] = value
    table[f"{name}_low"], table[f"{name}_high"] = pd.Series(low, draws.columns), pd.Series(high, draws.columns)


def _multiples(mean: pd.Series, draws: pd.DataFrame, one: str) -> tuple[pd.Series, pd.DataFrame]:
    """Divide by one model; a multiple of nothing, or of less, is not told."""
    return mean / mean.where(mean > 0)[one], draws.div(draws[one].where(draws[one] > 0), axis=0)


def _sorted(table: pd.DataFrame, metrics: Sequence[str], cuts: int) -> pd.DataFrame:
    headline = metrics[0]
    return table.sort_values([headline, f"{headline}_cut-{cuts}"], ascending=False, na_position="last")

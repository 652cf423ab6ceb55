"""Ranks of many models -> the leaderboard of next items, with intervals by bootstrap over sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from graphrec.evaluation.bootstrap import Resampling, interval
from graphrec.evaluation.next_items.answered import Answered
from graphrec.evaluation.next_items.metrics import metrics_of_ranks
from graphrec.evaluation.next_items.steps import AskedSteps

HEADLINES = ("recall@20", "mrr@20")
"""Metrics that are told with their interval and beside the best baseline's."""
ALL_STEPS, COLD = "all steps", "cold targets"


@dataclass(frozen=True)
class NextItemBoard:
    """What models made of the same steps.

    Parameters
    ----------
    asked, cold : AskedSteps
    answered : mapping of str to Answered
        By the name of the model.
    own : str or None
        Name of graphrec among them.
    items, resamples, seed : int
        Of the catalogue, and of the bootstrap.
    """

    asked: AskedSteps
    cold: AskedSteps
    answered: Mapping[str, Answered]
    own: str | None
    items: int
    resamples: int
    seed: int

    @cached_property
    def parts(self) -> Mapping[str, np.ndarray]:
        """Name the parts of the steps, `(steps,) bool` each."""
        return {ALL_STEPS: np.ones(len(self.asked), dtype=bool), **self.asked.segments(self.items)}

    def leaderboard(self) -> pd.DataFrame:
        """Lay out every metric of all steps, one row a model, the best by recall@20 first.

        Columns are the metrics, `_low` and `_high` of the headlines, their difference to the best baseline's as
        `recall@20_difference` with its bounds, and what `Answered.facts` tells.
        """
        rows = {name: {**self._values(name, ALL_STEPS), **one.facts} for name, one in self.answered.items()}
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")
        return table.sort_values(HEADLINES[0], ascending=False, kind="stable")

    def segments(self) -> pd.DataFrame:
        """Lay out the headlines of every part: `segment`, `model`, `metric`, `value`, `low`, `high`, ..., `steps`."""
        rows = []
        for part, inside in self.parts.items():
            for name in self.answered if inside.any() else ():
                values = self._values(name, part)
                rows += [_segment_row(part, name, metric, values, int(inside.sum())) for metric in HEADLINES]
        for name, one in self.answered.items() if len(self.cold) else ():
            values = {metric: float(column.mean()) for metric, column in metrics_of_ranks(one.cold_rank).items()}
            rows += [_segment_row(COLD, name, metric, values, len(self.cold)) for metric in HEADLINES]
        return pd.DataFrame(rows)

    def best_baseline(self, metric: str, part: str = ALL_STEPS) -> str | None:
        """Name the baseline that is best by a metric, of a part of the steps."""
        others = [name for name in self.answered if name != self.own]
        inside = self.parts[part]
        return max(others, key=lambda name: float(self._metrics[name][metric][inside].mean()), default=None)

    @cached_property
    def _metrics(self) -> Mapping[str, Mapping[str, np.ndarray]]:
        return {name: metrics_of_ranks(one.rank) for name, one in self.answered.items()}

    def _values(self, name: str, part: str) -> dict[str, float]:
        inside = self.parts[part]
        own = {metric: column[inside] for metric, column in self._metrics[name].items()}
        values = {metric: float(column.mean()) for metric, column in own.items()}
        drawn = Resampling(self.asked.session[inside], self.resamples, self.seed)
        for metric in HEADLINES:
            best = self.best_baseline(metric, part)
            told = {metric: own[metric]}
            if best is not None and best != name:
                told[f"{metric}_difference"] = own[metric] - self._metrics[best][metric][inside]
            means = drawn.means([np.stack(list(told.values()), axis=1)])
            for column, low, high in zip(told, *interval(means), strict=True):
                values |= {column: float(told[column].mean()), f"{column}_low": low, f"{column}_high": high}
        return values


def _segment_row(part: str, name: str, metric: str, values: Mapping[str, float], steps: int) -> dict[str, object]:
    told = {"value": metric, "low": f"{metric}_low", "high": f"{metric}_high"}
    told |= {column: f"{metric}_{column}" for column in ("difference", "difference_low", "difference_high")}
    numbers = {column: values.get(of, np.nan) for column, of in told.items()}
    return {"segment": part, "model": name, "metric": metric, **numbers, "steps": steps}

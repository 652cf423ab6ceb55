"""Baselines chosen on the validation part: plain by NDCG@10, by uplift by NDCG@10 beyond chance."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graphrec.baselines import SPECIFICITIES, Baseline, rank_codes_by_uplift
from graphrec.baselines.baseline import NATURAL_ENDS
from graphrec.compute.progress import Display
from graphrec.errors import GraphrecWarning
from graphrec.evaluation.materials import Validation
from graphrec.evaluation.metrics import gains_beyond_chance, hit_matrix, ndcg

_FEW = 3
"""From so many tried values on, the best of them is expected to lie between others."""


@dataclass(frozen=True)
class Chosen:
    """The best point of a grid.

    Parameters
    ----------
    parameters : mapping
    specificity : float
        0 for the plain form.
    values : list of float
        What each point reached.
    ends : list of str
        Parameters that are the least or the most that was tried, so that a better value may lie beyond.
    """

    parameters: Mapping[str, float]
    specificity: float
    values: list[float]
    ends: list[str]


def tune(baseline: Baseline, validation: Validation, seed: int, display: Display) -> tuple[Chosen, Chosen]:
    """Choose a baseline's parameters, plain and by uplift, the first of equals; each point is fitted once for both.

    Warns where a choice lies at the end of what was tried.

    Parameters
    ----------
    baseline : Baseline
    validation : Validation
    seed : int
    display : Display
    """
    questions, data = validation.questions, validation.data
    codes, place = questions.distinct
    plain, beyond = [], []
    with display.stage(f"{baseline.name}: tuning", len(baseline.grid)) as advance:
        for parameters in baseline.grid:
            scorer = baseline.fit(data, parameters, seed)
            settings = (0.0, *SPECIFICITIES)
            lists = rank_codes_by_uplift(scorer, data, codes, 10, settings, baseline.ratio, validation.excluded)
            hits = [hit_matrix(ranked[place], questions) for ranked in lists]
            plain.append(float(ndcg(hits[0], questions.answers).mean()))
            for ranked, found in zip(lists[1:], hits[1:], strict=True):
                gains = gains_beyond_chance(found, ranked[place], questions.answers, validation.share)
                beyond.append(float(ndcg(gains, questions.answers).mean()))
            advance(1)
    points = [(parameters, 0.0) for parameters in baseline.grid]
    by_uplift = [(parameters, specificity) for parameters in baseline.grid for specificity in SPECIFICITIES]
    return _best(baseline.name, points, plain), _best(f"{baseline.name}, by uplift", by_uplift, beyond)


def _best(name: str, points: Sequence[tuple[Mapping[str, float], float]], values: list[float]) -> Chosen:
    parameters, specificity = points[int(np.argmax(values))]
    tried = [{**one, "specificity": of} for one, of in points]
    ends = ends_of_grid({**parameters, "specificity": specificity}, tried)
    if ends:
        warnings.warn(
            f"{name}: {', '.join(ends)} is the end of what was tried; a wider grid may hold a better value",
            GraphrecWarning,
            stacklevel=2,
        )
    return Chosen(parameters, specificity, values, ends)


def ends_of_grid(chosen: Mapping[str, float], tried: Sequence[Mapping[str, float]]) -> list[str]:
    """Name the parameters, of three values or more, that lie at an end of what was tried and could lie beyond it."""
    ends = []
    for name, value in chosen.items():
        values = {point[name] for point in tried}
        at_an_end = value in (min(values), max(values)) and value not in NATURAL_ENDS.get(name, ())
        if len(values) >= _FEW and at_an_end:
            ends.append(f"{name} {value:g}")
    return ends

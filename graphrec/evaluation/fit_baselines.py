"""Baselines to evaluate: tuned on the validation part, plain and by uplift, and asked by codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from graphrec.baselines import (
    BASELINES,
    Baseline,
    Scorer,
    TrainingData,
    popularity_order,
    rank_codes,
    rank_codes_by_uplift,
    repeat_last,
    scorer_by_uplift,
)
from graphrec.compute.progress import Display
from graphrec.evaluation.evaluated_model import BY_UPLIFT, REPEAT_LAST, REPEAT_LAST_NAME, EvaluatedModel, Fitted, Ranked
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.question_sets import History
from graphrec.evaluation.tuning import Chosen, tune
from graphrec.evaluation.within_type import rank_scores_within_type
from graphrec.results import SOURCES


def both_forms(key: str, baseline: Baseline, seed: int) -> list[EvaluatedModel]:
    """Make a baseline plain and by uplift: tuned in one go, and fitted once where both choose the same.

    Parameters
    ----------
    key : str
    baseline : Baseline
    seed : int
    """
    kept: dict[str, Scorer] = {}

    def tuned(materials: Materials, display: Display) -> tuple[Chosen, Chosen]:
        data = materials.earlier
        return data.shared(("tuned", key, seed), lambda: tune(baseline, materials.validation, seed, display))

    def fit_plain(materials: Materials, display: Display) -> Fitted:
        plain, by_uplift = tuned(materials, display)
        scorer = baseline.fit(materials.data, plain.parameters, seed)
        if plain.parameters == by_uplift.parameters:
            kept[key] = scorer
        return _of_chosen(scorer, materials.data, plain, baseline.ratio)

    def fit_by_uplift(materials: Materials, display: Display) -> Fitted:
        _, by_uplift = tuned(materials, display)
        # Taken out: a scorer may be as large as all pairs of items.
        scorer = kept.pop(key, None) or baseline.fit(materials.data, by_uplift.parameters, seed)
        return _of_chosen(scorer, materials.data, by_uplift, baseline.ratio)

    return [
        EvaluatedModel(key, baseline.name, seed, fit_plain, baseline=baseline),
        EvaluatedModel(f"{key}-by-uplift", f"{baseline.name}{BY_UPLIFT}", seed, fit_by_uplift, baseline=baseline),
    ]


def _of_chosen(scorer: Scorer, data: TrainingData, chosen: Chosen, ratio: bool) -> Fitted:
    told: dict[str, Any] = {**chosen.parameters, "validation": chosen.values, "ends_of_grid": chosen.ends}
    if chosen.specificity > 0:
        told["specificity"] = chosen.specificity
    return of_scorer(scorer, data, told, ratio, chosen.specificity)


def of_scorer(
    scorer: Scorer, data: TrainingData, chosen: Mapping[str, Any], ratio: bool = True, specificity: float = 0.0
) -> Fitted:
    """Ask a fitted baseline by codes."""

    def at_specificities(
        query: np.ndarray, k: int, specificities: Sequence[float], excluded: sparse.csr_array | None
    ) -> tuple[np.ndarray, np.ndarray]:
        lists = rank_codes_by_uplift(scorer, data, query, k, specificities, ratio, excluded)
        return lists, np.zeros((0, len(SOURCES)))

    def complements(query: np.ndarray, k: int, excluded: sparse.csr_array | None) -> Ranked:
        if specificity > 0:
            return np.asarray(rank_codes_by_uplift(scorer, data, query, k, (specificity,), ratio, excluded)[0])
        return rank_codes(scorer, data.bought, query, k, excluded)

    def within_type(query: np.ndarray, types: np.ndarray, k: int) -> Ranked:
        by = scorer_by_uplift(scorer, data, specificity, ratio) if specificity > 0 else scorer
        return rank_scores_within_type(by, data, query, types, k)

    return Fitted(complements, within_type, at_specificities, None, chosen)


def repeat_last_model(seed: int) -> EvaluatedModel:
    """Make the baseline that looks at the session alone; its lists without one are the bestsellers."""

    def fit(materials: Materials, display: Display) -> Fitted:
        popularity = BASELINES["popularity"].fit(materials.data, {}, seed)
        plain = of_scorer(popularity, materials.data, {})
        return replace(plain, by_session=partial(_repeated, materials.data))

    return EvaluatedModel(REPEAT_LAST, REPEAT_LAST_NAME, seed, fit)


def _repeated(data: TrainingData, query: np.ndarray, history: History, k: int) -> Ranked:
    """List what was touched last, then the most popular, `(questions, k) int64`."""
    return repeat_last(history.question, history.item, query, popularity_order(data.held), k)

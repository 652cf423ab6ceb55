"""Keys of models -> the models to evaluate, and why one of them cannot run."""

from __future__ import annotations

from collections.abc import Sequence

from graphrec.baselines import BASELINES, is_installed
from graphrec.config import Config
from graphrec.evaluation.ablations import ABLATIONS, Variant
from graphrec.evaluation.evaluated_model import OURS, REPEAT_LAST, EvaluatedModel
from graphrec.evaluation.fit_baselines import both_forms, repeat_last_model
from graphrec.evaluation.fit_graphrec import graphrec_model
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.question_sets import QuestionSets


def evaluated_models(models: Sequence[str], seeds: int, config: Config) -> list[EvaluatedModel]:
    """Make the models that were asked for, baselines first; graphrec and its variants once per seed."""
    chosen = [one for key in BASELINES if key in models for one in both_forms(key, BASELINES[key], config.seed)]
    if REPEAT_LAST in models:
        chosen.append(repeat_last_model(config.seed))
    variants = {OURS: Variant(OURS), **ABLATIONS}
    for key in variants:
        numbers = range(seeds) if key in models else ()
        chosen += [graphrec_model(key, variants[key], config.seed + number, number) for number in numbers]
    return chosen


def why_not(model: EvaluatedModel, materials: Materials, sets: QuestionSets) -> str | None:
    """Say why a model cannot run here; None where it can."""
    if model.key == REPEAT_LAST and not len(sets.history.question):
        return "no session of a later basket holds a view or a cart before its first purchase"
    baseline = model.baseline
    if baseline is None:
        return None
    if baseline.library is not None and not is_installed(baseline.library):
        return f"needs {baseline.library}: pip install 'graphrec[baselines]'"
    return baseline.why_not(materials.data)

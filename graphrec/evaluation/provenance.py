"""What decides a model's lists: the data, the questions, the settings, the seed and the code, as one hash."""

from __future__ import annotations

import hashlib
import json

from graphrec.compute.provenance import code_of
from graphrec.config import Config
from graphrec.evaluation.evaluated_model import EvaluatedModel
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.question_sets import QuestionSets

_NEVER_DECIDE = {"store", "engine"}
_OURS_ALONE = {"graph", "encoder", "complements", "lists", "networks", "ranker", "rerank", "retrieval", "training"}
"""Settings of graphrec's own models: a change of them leaves the lists of baselines as they are."""
_ASKS = "graphrec.evaluation.experiment"

OF_OURS = (_ASKS, "graphrec.evaluation.fit_graphrec")
"""Modules whose code, with all that it imports, decides what graphrec answers."""
OF_BASELINES = (_ASKS, "graphrec.evaluation.fit_baselines")
"""The same of baselines: none of graphrec's own models is among it."""
OF_BOARDS = ("graphrec.evaluation.leaderboard",)
"""The same of how lists are measured and shown."""


def run_key(materials: Materials, sets: QuestionSets) -> str:
    """Hash the data and the questions."""
    parts = [materials.split.train.fingerprint(), sets.fingerprint()]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def key_of(model: EvaluatedModel, run: str, config: Config) -> str:
    """Hash all that decides what a model answers, its code among it.

    Parameters
    ----------
    model : EvaluatedModel
    run : str
        As of `run_key`.
    config : Config
    """
    without = _NEVER_DECIDE | (_OURS_ALONE if model.variant is None else set())
    config = config if model.variant is None else model.variant.config(config)
    settings = json.dumps(config.model_dump(mode="json", exclude=without), sort_keys=True)
    code = code_of(*(OF_BASELINES if model.variant is None else OF_OURS))
    return hashlib.sha256(f"{run} {model.key} {model.seed} {settings} {code}".encode()).hexdigest()

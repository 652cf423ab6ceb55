"""Fit a model, ask it everything, and keep its lists: what was run once is not run again."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from graphrec.compute.memory import forget_peak, peak_gib
from graphrec.compute.progress import Display
from graphrec.evaluation.evaluated_model import EvaluatedModel, Fitted
from graphrec.evaluation.kept import keep, read_kept
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.question_sets import QuestionSets

LENGTH = 20
"""Places of every list that is kept: the largest cut of the metrics."""
IN_TYPE_LENGTH = 10
_NOTHING = np.zeros((0, LENGTH), dtype=np.int64)


@dataclass(frozen=True)
class Lists:
    """What a model answered.

    Parameters
    ----------
    known, novel, cold : ndarray
        `(queries, 20) int64`: lists of `sets.asked`, of the different queries of `sets.novel` without what was
        bought with them before, and of those of `sets.cold_queries`.
    cold_target_types, cold_query_types : ndarray
        `(answers, 10) int64`: lists within the type of each answer.
    by_session : ndarray
        `(questions, 20) int64`: lists of the questions of `sets.known` by a model that looks at the session; of no rows
        for the others.
    tradeoff : ndarray
        `(specificities, queries, 20) int64`: lists of the different queries of `sets.known` at each of
        `evaluation.specificities`; of none for what has no lists but by session.
    sources : ndarray
        `(specificities, sources) float64`: share of the first ten places of these per source; of no rows for baselines.
    facts : mapping
        `fit_seconds`, `list_seconds`, `tradeoff_seconds`, `peak_gib`, `chosen`, `curves`.
    """

    known: np.ndarray
    novel: np.ndarray
    cold: np.ndarray
    cold_target_types: np.ndarray
    cold_query_types: np.ndarray
    by_session: np.ndarray
    tradeoff: np.ndarray
    sources: np.ndarray
    facts: Mapping[str, Any]


def run(
    model: EvaluatedModel,
    materials: Materials,
    sets: QuestionSets,
    folder: Path,
    key: str,
    display: Display,
    again: bool = False,
) -> Lists:
    """Fit and ask a model, or take up its lists from an earlier run of the same.

    Parameters
    ----------
    model : EvaluatedModel
    materials : Materials
    sets : QuestionSets
    folder : Path
        Of all models; each has one of its own in it.
    key : str
        Hash of all that decides the lists; lists of another are made anew.
    display : Display
    again : bool
        Whether they are made anew whatever is there.
    """
    place = folder / model.key
    kept = None if again else read_kept(place, key)
    if kept is not None:
        return Lists(**kept[0], facts=kept[1])
    materials.data.counts  # noqa: B018 - made before the clock runs: it is shared by all
    gc.collect()
    forget_peak()
    started = time.perf_counter()
    fitted = model.fit(materials, display)
    fitted_at = time.perf_counter()
    lists, seconds = _ask(fitted, materials, sets, display, model.name)
    facts = {
        "fit_seconds": fitted_at - started,
        **seconds,
        "peak_gib": peak_gib(),
        "chosen": dict(fitted.chosen),
        "curves": dict(fitted.curves),
    }
    keep(place, key, lists, facts)
    return Lists(**lists, facts=facts)


def _ask(
    fitted: Fitted, materials: Materials, sets: QuestionSets, display: Display, name: str
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Ask for all lists, and time the plain ones and those of the trade-off."""
    counts, types = materials.data.counts, materials.types[0]
    with display.stage(f"{name}: lists", 7) as advance:
        started = time.perf_counter()
        # A link is given once: one that was known before is no answer to be found, and takes no place.
        listed = sparse.csr_array(counts[sets.asked]) if materials.split.of_links else None
        known = _lists(fitted, sets.asked, listed)
        seconds = {"list_seconds": time.perf_counter() - started}
        advance(1)
        started, codes = time.perf_counter(), sets.known.distinct[0]
        listed = sparse.csr_array(counts[codes]) if materials.split.of_links else None
        tradeoff, sources = fitted.at_specificities(codes, LENGTH, materials.config.evaluation.specificities, listed)
        seconds["tradeoff_seconds"] = time.perf_counter() - started
        advance(1)
        novel_queries = sets.novel.distinct[0]
        novel = _lists(fitted, novel_queries, sparse.csr_array(counts[novel_queries]))
        advance(1)
        cold = _lists(fitted, sets.cold_queries.distinct[0])
        advance(1)
        in_type = {}
        for key, questions in {"cold_target_types": sets.cold_targets, "cold_query_types": sets.cold_queries}.items():
            query, kind = questions.query[questions.answer_question], types[questions.answer_item]
            pairs, place = np.unique(np.stack([query, kind], axis=1), axis=0, return_inverse=True)
            lists = fitted.within_type(pairs[:, 0], pairs[:, 1], IN_TYPE_LENGTH) if len(pairs) else _NOTHING
            in_type[key] = lists[place.ravel()]
            advance(1)
        by_session = _NOTHING
        if fitted.by_session is not None and len(sets.history.question):
            by_session = fitted.by_session(sets.known.query, sets.history, LENGTH)
        advance(1)
    asked = {"by_session": by_session, "known": known, "novel": novel, "cold": cold, **in_type}
    return {**asked, "tradeoff": tradeoff, "sources": sources}, seconds


def _lists(fitted: Fitted, codes: np.ndarray, excluded: sparse.csr_array | None = None) -> np.ndarray:
    return fitted.complements(codes, LENGTH, excluded) if len(codes) else _NOTHING

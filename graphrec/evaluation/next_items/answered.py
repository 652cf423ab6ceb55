"""Fit a model of sessions, ask it every step, and keep the ranks: what was run once is not run again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graphrec.compute.progress import Display
from graphrec.evaluation.kept import keep, read_kept
from graphrec.evaluation.next_items.metrics import LENGTH, coverage, mean_popularity, metrics_of_ranks, ranks
from graphrec.evaluation.next_items.opponents import NextItemLists, Opponent, TrainingSessions
from graphrec.evaluation.next_items.steps import AskedSteps
from graphrec.evaluation.tuning import ends_of_grid

CHOSEN_BY = "recall@20"
"""Metric of the validation part by which parameters are chosen."""


@dataclass(frozen=True)
class SessionMaterials:
    """What models of sessions are tuned on, fitted on and asked.

    Parameters
    ----------
    earlier : TrainingSessions
        The training sessions before their validation part.
    validation : AskedSteps
        Of that part.
    training : TrainingSessions
        All of them.
    asked, cold : AskedSteps
        Steps of later sessions to known items, and to items that nobody had touched before.
    """

    earlier: TrainingSessions
    validation: AskedSteps
    training: TrainingSessions
    asked: AskedSteps
    cold: AskedSteps


@dataclass(frozen=True)
class Answered:
    """What a model made of the steps.

    Parameters
    ----------
    rank, cold_rank : ndarray
        `(steps,) int64`: rank of what came next, 0 where it is not among the first 100.
    facts : mapping
        `coverage`, `popularity`, `fit_seconds`, `list_seconds`, `chosen`, `ends`.
    """

    rank: np.ndarray
    cold_rank: np.ndarray
    facts: Mapping[str, Any]


def answer(
    opponent: Opponent, materials: SessionMaterials, place: Path, key: str, display: Display, again: bool = False
) -> Answered:
    """Tune, fit and ask a model, or take up what an earlier run of the same has found.

    Parameters
    ----------
    opponent : Opponent
    materials : SessionMaterials
    place : Path
        Folder of its ranks.
    key : str
        Hash of all that decides them; those of another are made anew.
    display : Display
    again : bool
        Whether they are made anew whatever is there.
    """
    kept = None if again else read_kept(place, key)
    if kept is not None:
        return Answered(**kept[0], facts=kept[1])
    chosen = _tuned(opponent, materials, display)
    training, asked, cold = materials.training, materials.asked, materials.cold
    with display.stage(f"{opponent.name}: lists", 3) as advance:
        started = time.perf_counter()
        lists_of = opponent.fit(training, chosen)
        fitted = time.perf_counter()
        advance(1)
        lists = lists_of(asked.seen, LENGTH)
        listed = time.perf_counter()
        advance(1)
        cold_rank = ranks(lists_of(cold.seen, LENGTH), cold.target)
        advance(1)
    facts = {
        "coverage": coverage(lists, training.popularity > 0),
        "popularity": mean_popularity(lists, training.popularity),
        "fit_seconds": fitted - started,
        "list_seconds": listed - fitted,
        "chosen": dict(chosen),
        "ends": ends_of_grid(chosen, opponent.grid),
    }
    found = {"rank": ranks(lists, asked.target), "cold_rank": cold_rank}
    keep(place, key, found, facts)
    return Answered(**found, facts=facts)


def _tuned(opponent: Opponent, materials: SessionMaterials, display: Display) -> Mapping[str, float]:
    """Choose parameters on the validation part, the first of equals."""
    if len(opponent.grid) == 1:
        return opponent.grid[0]
    values = []
    with display.stage(f"{opponent.name}: tuning", len(opponent.grid)) as advance:
        for parameters in opponent.grid:
            values.append(_reached(opponent.fit(materials.earlier, parameters), materials.validation))
            advance(1)
    return opponent.grid[int(np.argmax(values))]


def _reached(lists_of: NextItemLists, steps: AskedSteps) -> float:
    found = ranks(lists_of(steps.seen, LENGTH), steps.target)
    return float(metrics_of_ranks(found)[CHOSEN_BY].mean())

"""What one of several cuts found, question by question: kept beside its board, so that it is not scored anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graphrec.compute.writing import write_text, written_file
from graphrec.evaluation.evaluate import Evaluation, Plan

MEASURED = ("ndcg_beyond_chance@10", "ndcg@10", "recall@20")
"""Metrics whose mean over the cuts is told."""
_WORDS, _NUMBERS = "board.json", "questions.npz"


@dataclass(frozen=True)
class CutBoard:
    """What one cut found.

    Parameters
    ----------
    split : str
        How the log was cut, in words.
    seeds : int
        Fits of graphrec.
    not_run : mapping of str to str
        Name of a model -> why it did not run.
    models : sequence of str
    cluster : ndarray
        `(questions,) int64`: questions of one number are drawn together.
    values : mapping of str to ndarray
        Metric -> `(questions, models) float32`, the headline first.
    """

    split: str
    seeds: int
    not_run: Mapping[str, str]
    models: Sequence[str]
    cluster: np.ndarray
    values: Mapping[str, np.ndarray]

    def of(self, metric: str, models: Sequence[str]) -> np.ndarray:
        """Take a metric of some models, `(questions, models) float64`."""
        place = [list(self.models).index(name) for name in models]
        return self.values[metric][:, place].astype(np.float64)


def cut_board(plan: Plan, evaluation: Evaluation) -> CutBoard:
    """Take from an evaluation what the mean over the cuts needs."""
    tables = evaluation.per_question
    values = {
        metric: np.stack([table[metric].to_numpy(dtype=np.float32) for table in tables.values()], axis=1)
        for metric in sorted(MEASURED, key=lambda metric: metric != evaluation.headline)
    }
    split, cluster = plan.materials.split.in_words(), plan.sets.known.cluster
    return CutBoard(split, plan.seeds, evaluation.not_run, tuple(tables), cluster, values)


def read_cut_board(folder: Path, key: str) -> CutBoard | None:
    """Take up the board of an earlier run; None where there is none, or one of other lists."""
    try:
        words = json.loads((folder / _WORDS).read_text(encoding="utf-8"))
        if words.pop("key") != key:
            return None
        with np.load(folder / _NUMBERS, allow_pickle=False) as stored:
            values = {name: stored[name] for name in stored.files}
        return CutBoard(**words, cluster=values.pop("cluster"), values=values)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_cut_board(board: CutBoard, folder: Path, key: str) -> None:
    """Write a board into its folder; what names its key is written last, in one step."""
    numbers = {"cluster": board.cluster, **board.values}
    (folder / _WORDS).unlink(missing_ok=True)  # the key of other numbers
    with written_file(folder / _NUMBERS) as draft:
        np.savez_compressed(draft, **numbers)  # type: ignore[arg-type]
    words = {"key": key, "split": board.split, "seeds": board.seeds, "not_run": dict(board.not_run)}
    write_text(folder / _WORDS, json.dumps({**words, "models": list(board.models)}, indent=1) + "\n")

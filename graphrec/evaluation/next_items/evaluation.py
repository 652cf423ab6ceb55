"""The whole evaluation of next items, top to bottom: sessions cut in time, steps, models, tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from graphrec.compute.progress import Display, Silent
from graphrec.compute.provenance import code_of
from graphrec.compute.writing import write_text
from graphrec.config import Config
from graphrec.errors import ConfigError, EventsError, GraphrecError
from graphrec.evaluation.leaks import require_no_leaks, sessions_on_both_sides
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.next_items.answered import CHOSEN_BY, SessionMaterials, answer
from graphrec.evaluation.next_items.board import HEADLINES, NextItemBoard
from graphrec.evaluation.next_items.opponents import OPPONENTS, TrainingSessions
from graphrec.evaluation.next_items.own import OWN, next_item_network
from graphrec.evaluation.next_items.steps import LONG, asked_steps, cold_steps
from graphrec.evaluation.split import Split, split_log
from graphrec.sessions.session_log import SessionLog

_ALL = "all"
_TITLES = {
    "recall@5": "recall@5",
    "recall@20": "recall@20",
    "mrr@20": "MRR@20",
    "ndcg@20": "NDCG@20",
    "recall@100": "recall@100",
    "precision@5": "precision@5 (at most .2)",
    "coverage": "items covered",
    "popularity": "events of a listed item",
}


@dataclass(frozen=True)
class NextItemEvaluation:
    """What an evaluation of next items found.

    Parameters
    ----------
    facts : mapping of str to str
        The protocol in words.
    leaderboard, segments : DataFrame
        As of `NextItemBoard`.
    """

    facts: Mapping[str, str]
    leaderboard: pd.DataFrame
    segments: pd.DataFrame


def session_model_keys(models: Sequence[str]) -> list[str]:
    """Resolve what was asked for into the keys of models of sessions.

    Raises
    ------
    ConfigError
        Naming a model that does not exist.
    """
    there = [OWN, *OPPONENTS]
    wrong = [name for name in models if name != _ALL and name not in there]
    if wrong:
        raise ConfigError(f"session model {wrong[0]!r} does not exist; there are {', '.join([_ALL, *there])}")
    return [key for key in there if _ALL in models or key in models]


def evaluate_next_items(
    config: Config,
    models: Sequence[str],
    folder: Path,
    title: str,
    display: Display | None = None,
    again: bool = False,
) -> NextItemEvaluation:
    """Ask every model at every step of later sessions what comes next, and write the tables.

    Parameters
    ----------
    config : Config
    models : sequence of str
        As of `session_model_keys`.
    folder : Path
        Finished models are kept in it.
    title : str
    display : Display, optional
    again : bool
        Whether finished models are run all the same.

    Raises
    ------
    ConfigError, EventsError
        When nothing can be asked.
    GraphrecError
        When the folder cannot be written.
    """
    try:
        return _evaluated(config, models, folder, title, display, again)
    except OSError as error:
        raise GraphrecError(f"cannot write {folder}: {error.strerror}; give another folder by --out") from None


def _evaluated(
    config: Config, models: Sequence[str], folder: Path, title: str, display: Display | None, again: bool
) -> NextItemEvaluation:
    display = display or Silent()
    keys = session_model_keys(models)
    known = {**OPPONENTS, OWN: next_item_network(config, display)}
    split = split_log(config, display)
    require_no_leaks(sessions_on_both_sides(split))
    with display.stage("steps"):
        materials = _materials(split)
    if not len(materials.asked):
        raise EventsError(
            f"nothing can be asked ({split.in_words()}): no session after the cut has two events of known items; set "
            "split.test_from or split.test_share so that more is held out"
        )
    run = _run_key(split)
    answered = {
        known[key].name: answer(known[key], materials, folder / "models" / key, _key(run, key, config), display, again)
        for key in keys
    }
    settings, own = config.evaluation, known[OWN].name if OWN in keys else None
    board = NextItemBoard(
        materials.asked, materials.cold, answered, own, materials.training.items, settings.resamples, config.seed
    )
    with display.stage("intervals"):
        found = NextItemEvaluation(_facts(split, materials, board), board.leaderboard(), board.segments())
    write_text(folder / "leaderboard.csv", found.leaderboard.to_csv())
    write_text(folder / "segments.csv", found.segments.to_csv(index=False))
    write_text(folder / "leaderboard.md", _in_words(title, found))
    return found


def _materials(split: Split) -> SessionMaterials:
    types, settings, seed = Materials(split).types[0], split.config.evaluation, split.config.seed
    earlier, later = (SessionLog.of(part) for part in split.validation)
    train, known = SessionLog.of(split.train), split.train.facts.per_item > 0
    known_earlier = np.bincount(earlier.item, minlength=len(types)) > 0
    test = SessionLog.of_frame(split.test)
    return SessionMaterials(
        earlier=TrainingSessions(earlier, types),
        validation=asked_steps(later, known_earlier, settings.sessions, seed),
        training=TrainingSessions(train, types),
        asked=asked_steps(test, known, settings.sessions, seed),
        cold=cold_steps(test, known, settings.sessions, seed),
    )


def _run_key(split: Split) -> str:
    test = pd.util.hash_pandas_object(split.test[["session", "item", "kind"]], index=False).to_numpy()
    settings = split.config.model_dump(mode="json", include={"seed", "split", "evaluation", "features"})
    parts = [
        split.train.fingerprint(),
        hashlib.sha256(test.tobytes()).hexdigest(),
        json.dumps(settings, sort_keys=True),
    ]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _key(run: str, model: str, config: Config) -> str:
    own = model == OWN
    settings = (
        json.dumps(config.model_dump(mode="json", include={"sessions", "training"}), sort_keys=True) if own else ""
    )
    code = code_of(answer.__module__, *([next_item_network.__module__] if own else []))
    return hashlib.sha256(f"{run} {model} {settings} {code}".encode()).hexdigest()


def _facts(split: Split, materials: SessionMaterials, board: NextItemBoard) -> dict[str, str]:
    asked, training = materials.asked, materials.training
    parts = {part: int(inside.sum()) for part, inside in board.parts.items()}
    return {
        "split": split.in_words(),
        "fitted on": f"{len(training.log.item):,} events of {len(training.log):,} sessions",
        "steps": f"{len(asked):,} of {len(np.unique(asked.session)):,} sessions, ranked among all "
        f"{training.items:,} items; {parts['new to the session']:,} to an item new to its session",
        "cold targets": f"{len(materials.cold):,} steps to items that nobody had touched before the cut",
        "long sessions": f"{parts['long sessions']:,} steps after {LONG} events or more",
        "tuned by": f"{CHOSEN_BY} on the latest {split.config.split.validation_share:.0%} of the training sessions",
        "intervals": f"95%, bootstrap over sessions, {board.resamples:,} resamples, paired for differences",
        **{f"best baseline by {metric}": str(board.best_baseline(metric)) for metric in HEADLINES},
        **{
            f"end of its grid: {name}": ", ".join(one.facts["ends"])
            for name, one in board.answered.items()
            if one.facts["ends"]
        },
    }


def _in_words(title: str, found: NextItemEvaluation) -> str:
    facts = "\n".join(f"- {name}: {text}" for name, text in found.facts.items())
    board = found.leaderboard
    lines = [["model", *_TITLES.values()], ["---"] * (len(_TITLES) + 1)]
    for name, row in board.iterrows():
        lines.append([str(name), *(_cell(row, metric) for metric in _TITLES)])
    parts = [f"# {title}: what comes next", facts, _table(lines)]
    segments = found.segments
    for metric in HEADLINES:
        wide = segments[segments["metric"] == metric].pivot(index="model", columns="segment", values="value")
        counted = segments.drop_duplicates("segment").set_index("segment")["steps"]
        columns = [f"{part} ({counted[part]:,})" for part in counted.index]
        rows = [[str(name), *(f"{wide.loc[name, part]:.4f}" for part in counted.index)] for name in board.index]
        parts.append(f"## {_TITLES[metric]}\n\n{_table([['model', *columns], ['---'] * (len(columns) + 1), *rows])}")
    return "\n\n".join(parts) + "\n"


def _cell(row: pd.Series, metric: str) -> str:
    if metric == "popularity":
        return f"{row[metric]:.0f}"
    between = f" ({row[f'{metric}_low']:.4f} to {row[f'{metric}_high']:.4f})" if metric in HEADLINES else ""
    return f"{row[metric]:.4f}{between}"


def _table(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)

"""The whole evaluation, top to bottom: split, questions, contenders, leak guard, tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from graphrec.config import Config
from graphrec.errors import ConfigError, EventsError
from graphrec.evaluation.ablations import ABLATIONS
from graphrec.evaluation.baselines import BASELINES
from graphrec.evaluation.contenders import OURS, REPEAT_LAST, Contender, Materials, contenders, why_not
from graphrec.evaluation.exam import Exam, make_exam
from graphrec.evaluation.experiment import Lists, run
from graphrec.evaluation.scoring import Scorecard
from graphrec.evaluation.seed_protocol import SeedProtocol, seed_protocol
from graphrec.evaluation.split import split_log
from graphrec.evaluation.tradeoff import tradeoff_in_words
from graphrec.events import load_events
from graphrec.progress import Display, Silent

ALL, FAST, ABLATED = "all", "fast", "ablations"
"""Names that stand for several models: all, those that take seconds, and graphrec beside its variants."""


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Parameters
    ----------
    facts : dict
        The protocol in words.
    leaderboard, segments, deciles, tradeoff : DataFrame
        As of `Scorecard`.
    not_run : dict
        Name of a model -> why it did not run.
    curves : dict
        Stage of graphrec -> training and validation losses.
    best_baseline : str or None
    seed_protocol : SeedProtocol or None
        Where the configuration asks for it.
    """

    facts: dict[str, str]
    leaderboard: pd.DataFrame
    segments: pd.DataFrame
    deciles: pd.DataFrame
    tradeoff: pd.DataFrame
    not_run: dict[str, str]
    curves: dict[str, tuple[list[float], list[float]]]
    best_baseline: str | None
    seed_protocol: SeedProtocol | None


def model_keys(models: Sequence[str]) -> list[str]:
    """Resolve what was asked for into the keys of models.

    Raises
    ------
    ConfigError
        Naming a model that does not exist.
    """
    known = [OURS, *BASELINES, REPEAT_LAST]
    groups = {
        ALL: known,
        FAST: [OURS, REPEAT_LAST, *(key for key, baseline in BASELINES.items() if not baseline.slow)],
        ABLATED: [OURS, *ABLATIONS],
    }
    known = [*known, *ABLATIONS]
    wrong = [name for name in models if name not in groups and name not in known]
    if wrong:
        raise ConfigError(f"model {wrong[0]!r} does not exist; there are {', '.join([*groups, *known])}")
    chosen = {key for name in models for key in groups.get(name, [name])}
    return [key for key in known if key in chosen]


def evaluate(
    config: Config, models: Sequence[str], seeds: int, folder: Path, display: Display | None = None
) -> Evaluation:
    """Fit every model on what came before the cut and ask it about what came after.

    Parameters
    ----------
    config : Config
    models : sequence of str
        Keys, or `all`, `fast`, `ablations`.
    seeds : int
        Fits of graphrec, averaged.
    folder : Path
        Where the lists of finished models are kept, to be taken up by a later run.
    display : Display, optional

    Raises
    ------
    ConfigError, EventsError
        When a model does not exist, or the log cannot be cut or asked about.
    """
    keys, display = model_keys(models), display or Silent()
    split = split_log(config, display)
    materials = Materials(split)
    with display.stage("questions"):
        exam = make_exam(split, materials.data, config.seed)
    if not len(exam.known):
        raise EventsError(
            "no basket of two items came after the cut with an item that was bought before it; set split.test_from or "
            "split.test_share so that more is held out"
        )
    lists: dict[str, list[Lists]] = {}
    not_run = {}
    run_key = _run_key(materials, exam)
    for contender in contenders(keys, seeds, config):
        reason = why_not(contender, materials, exam)
        if reason is not None:
            not_run[contender.name] = reason
            continue
        key = _key_of(contender, run_key, config)
        lists.setdefault(contender.name, []).append(run(contender, materials, exam, folder, key, display))
    if not lists:
        raise ConfigError(f"no model could run: {'; '.join(f'{name}: {why}' for name, why in not_run.items())}")
    card = Scorecard(materials, exam, lists)
    with display.stage("intervals"):
        board, segments, deciles = card.leaderboard(), card.segments(), card.deciles()
    curves = lists[OURS][0].facts["curves"] if OURS in lists else {}
    tutorials = _seed_protocol(config, folder, run_key, display) if config.evaluation.seed_protocol else None
    return Evaluation(
        facts=_facts(materials, exam, seeds) | card.sources() | tradeoff_in_words(card.tradeoff, OURS),
        leaderboard=board,
        segments=segments,
        deciles=deciles,
        tradeoff=card.tradeoff,
        not_run=not_run,
        curves=curves,
        best_baseline=card.best_baseline,
        seed_protocol=tutorials,
    )


def _seed_protocol(config: Config, folder: Path, run_key: str, display: Display) -> SeedProtocol:
    """Run the tutorials' protocol on the whole log, or take up what an earlier run found."""
    file = folder / "seed_protocol.json"
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        if stored.pop("run") == run_key:
            return SeedProtocol(**stored)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    found = seed_protocol(load_events(config, display), config.seed, display)
    file.write_text(json.dumps({"run": run_key, **asdict(found)}, indent=1) + "\n", encoding="utf-8")
    return found


def _run_key(materials: Materials, exam: Exam) -> str:
    """Hash the data, the questions and the version."""
    parts = [version("graphrec"), materials.split.train.fingerprint(), exam.fingerprint()]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


_NEVER_DECIDE = {"store", "engine"}
_OURS_ALONE = {"graph", "encoder", "complements", "retrieval", "rerank"}
"""Settings of graphrec's own models: a change of them leaves the lists of baselines as they are."""


def _key_of(contender: Contender, run_key: str, config: Config) -> str:
    """Hash all that decides what a contender answers."""
    without = _NEVER_DECIDE | (_OURS_ALONE if contender.variant is None else set())
    config = config if contender.variant is None else contender.variant.config(config)
    settings = json.dumps(config.model_dump(mode="json", exclude=without), sort_keys=True)
    return hashlib.sha256(f"{run_key} {contender.key} {contender.seed} {settings}".encode()).hexdigest()


def _facts(materials: Materials, exam: Exam, seeds: int) -> dict[str, str]:
    split, data = materials.split, materials.data
    known = int((data.bought > 0).sum())
    questions = f"{len(exam.known):,} baskets by one random known item; {len(exam.every):,} by every known item"
    return {
        "split": split.in_words(),
        "fitted on": f"{len(split.train):,} events, {data.baskets.shape[0]:,} baskets of 2 to 100 items, "
        f"{known:,} bought items",
        "catalogue": f"{data.items:,} items, all ranked for every question; {int(split.cold.sum()):,} untouched before "
        "the cut",
        "questions": questions,
        "novel pairs": f"{len(exam.novel.answer_item):,} answers never bought with the query before the cut, ranked "
        "among such",
        "cold": f"{len(exam.cold_queries):,} questions by untouched items, {len(exam.cold_targets.answer_item):,} "
        "untouched answers",
        "ordered pairs": f"{len(exam.order.first):,} with an order that a sign test at 5% does not put down to chance",
        "seeds": f"{seeds} for graphrec, 1 for baselines",
        "intervals": f"95%, bootstrap over baskets, {split.config.evaluation.resamples:,} resamples, paired for "
        "differences",
    }

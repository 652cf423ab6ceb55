"""The whole evaluation of one cut, top to bottom: questions, models, leak guard, tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from graphrec.baselines import BASELINES
from graphrec.compute.progress import Display, Silent
from graphrec.compute.provenance import code_of
from graphrec.compute.writing import write_text
from graphrec.errors import ConfigError, EventsError
from graphrec.evaluation.ablations import ABLATIONS
from graphrec.evaluation.evaluated_model import OURS, REPEAT_LAST, EvaluatedModel
from graphrec.evaluation.evaluated_models import evaluated_models, why_not
from graphrec.evaluation.experiment import Lists, run
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.provenance import OF_BOARDS, key_of, run_key
from graphrec.evaluation.question_sets import QuestionSets, make_question_sets
from graphrec.evaluation.scoring import Scorecard
from graphrec.evaluation.split import Split
from graphrec.evaluation.studies.seed_protocol import SeedProtocol, seed_protocol
from graphrec.events import load_events

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
    headline : str
        The metric that orders the leaderboard.
    best_baseline : mapping of str to str
        Metric -> the baseline that is best by it.
    seed_protocol : SeedProtocol or None
        Where the configuration asks for it.
    per_question : mapping of str to DataFrame
        As of `Scorecard.main`.
    """

    facts: dict[str, str]
    leaderboard: pd.DataFrame
    segments: pd.DataFrame
    deciles: pd.DataFrame
    tradeoff: pd.DataFrame
    not_run: dict[str, str]
    curves: dict[str, tuple[list[float], list[float]]]
    headline: str
    best_baseline: Mapping[str, str]
    seed_protocol: SeedProtocol | None
    per_question: Mapping[str, pd.DataFrame]


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


@dataclass(frozen=True)
class Plan:
    """One cut, what is asked about it, and who is to answer.

    Parameters
    ----------
    materials : Materials
    sets : QuestionSets
    models : sequence of (EvaluatedModel, str)
        Each with the key of its lists: all that decides them, hashed.
    not_run : mapping of str to str
        Name of a model -> why it cannot run.
    seeds : int
        Of graphrec.
    run : str
        Hash of the data and the questions.
    """

    materials: Materials
    sets: QuestionSets
    models: Sequence[tuple[EvaluatedModel, str]]
    not_run: Mapping[str, str]
    seeds: int
    run: str

    @cached_property
    def key(self) -> str:
        """Hash all that decides the board: the lists, and how they are measured."""
        settings = self.materials.config.model_dump(mode="json", exclude={"store", "engine"})
        parts = [*(key for _, key in self.models), json.dumps([settings, dict(self.not_run)], sort_keys=True)]
        return hashlib.sha256("|".join([*parts, code_of(*OF_BOARDS)]).encode()).hexdigest()


def make_plan(split: Split, keys: Sequence[str], seeds: int, display: Display | None = None) -> Plan:
    """Draw the questions about what came after a cut, and name who can answer them.

    Parameters
    ----------
    split : Split
    keys : sequence of str
        As of `model_keys`.
    seeds : int
        Fits of graphrec, averaged.
    display : Display, optional

    Raises
    ------
    ConfigError, EventsError
        When nothing can be asked, or nobody can answer.
    """
    materials, config = Materials(split), split.config
    with (display or Silent()).stage("questions"):
        sets = make_question_sets(split, materials.data, config.seed)
    if not len(sets.known):
        raise EventsError(
            f"nothing can be asked ({split.in_words()}): no basket of two items came after the cut with an item that "
            "was bought before it; set split.test_from or split.test_share so that more is held out"
        )
    asked = evaluated_models(keys, seeds, config)
    not_run = {one.name: why for one in asked if (why := why_not(one, materials, sets)) is not None}
    if len(not_run) == len({one.name for one in asked}):
        raise ConfigError(f"no model could run: {'; '.join(f'{name}: {why}' for name, why in not_run.items())}")
    of_run = run_key(materials, sets)
    able = [(one, key_of(one, of_run, config)) for one in asked if one.name not in not_run]
    return Plan(materials, sets, able, not_run, seeds, of_run)


def evaluate(plan: Plan, folder: Path, display: Display | None = None, again: bool = False) -> Evaluation:
    """Fit every model on what came before the cut, ask it about what came after, and lay the answers side by side.

    Parameters
    ----------
    plan : Plan
    folder : Path
        Where the lists of finished models are kept, to be taken up by a later run.
    display : Display, optional
    again : bool
        Whether finished models are run all the same.
    """
    display = display or Silent()
    materials, sets = plan.materials, plan.sets
    lists: dict[str, list[Lists]] = {}
    for model, key in plan.models:
        lists.setdefault(model.name, []).append(run(model, materials, sets, folder, key, display, again))
    card = Scorecard(materials, sets, lists)
    with display.stage("intervals"):
        board, segments, deciles = card.leaderboard(), card.segments(), card.deciles()
    curves = lists[OURS][0].facts["curves"] if OURS in lists else {}
    config = materials.config
    tutorials = _seed_protocol(plan, folder, display, again) if config.evaluation.seed_protocol else None
    return Evaluation(
        facts=_facts(materials, sets, plan.seeds) | card.facts(),
        leaderboard=board,
        segments=segments,
        deciles=deciles,
        tradeoff=card.tradeoff,
        not_run=dict(plan.not_run),
        curves=curves,
        headline=card.headline,
        best_baseline=card.best_baseline,
        seed_protocol=tutorials,
        per_question=card.main,
    )


def _seed_protocol(plan: Plan, folder: Path, display: Display, again: bool) -> SeedProtocol:
    """Run the tutorials' protocol on the whole log, or take up what an earlier run of the same code found."""
    file, config = folder / "seed_protocol.json", plan.materials.config
    key = f"{plan.run} {code_of(seed_protocol.__module__)}"
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        if stored.pop("run") == key and not again:
            return SeedProtocol(**stored)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    found = seed_protocol(load_events(config, display), config.seed, display)
    write_text(file, json.dumps({"run": key, **asdict(found)}, indent=1) + "\n")
    return found


def _facts(materials: Materials, sets: QuestionSets, seeds: int) -> dict[str, str]:
    split, data = materials.split, materials.data
    known = int((data.bought > 0).sum())
    questions = f"{len(sets.known):,} baskets by one random known item; {len(sets.every):,} by every known item"
    return {
        "split": split.in_words(),
        "fitted on": f"{len(split.train):,} events, {data.baskets.shape[0]:,} baskets of 2 to 100 items, "
        f"{known:,} bought items",
        "catalogue": f"{data.items:,} items, all ranked for every question; {int(split.cold.sum()):,} untouched before "
        "the cut",
        "questions": questions,
        "novel pairs": f"{len(sets.novel.answer_item):,} answers never bought with the query before the cut, ranked "
        "among such",
        "cold": f"{len(sets.cold_queries):,} questions by untouched items, {len(sets.cold_targets.answer_item):,} "
        "untouched answers",
        "ordered pairs": f"{len(sets.order.first):,} with an order that a sign test at 5% does not put down to chance",
        "seeds": f"{seeds} for graphrec, 1 for baselines",
        "intervals": "95%, bootstrap over customers (baskets, where the log names none) and over seeds, "
        f"{split.config.evaluation.resamples:,} resamples, paired for differences",
    }

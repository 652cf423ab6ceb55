"""Leak guard: what a fitted model knows and could not have known at the cut.

Four rules, a function each, that return the leaks they found in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from graphrec.baselines.reading import read_training_data
from graphrec.baselines.training_data import TrainingData
from graphrec.embeddings.features import fit_item_features
from graphrec.errors import EventsError
from graphrec.evaluation.split import Split
from graphrec.model import Model
from graphrec.results.interface import ComplementRecommender

_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Leak:
    """Something that a model knows and could not have known at the cut.

    Parameters
    ----------
    rule : str
        Which of the rules it breaks.
    found : str
        What was found, with an example.
    """

    rule: str
    found: str


def find_leaks(model: Model, split: Split) -> list[Leak]:
    """Hold a fitted model against the split that it is to be asked about.

    Parameters
    ----------
    model : Model
    split : Split
    """
    # Baskets of any length: of a very long one the graph counts the last items, but does count them.
    data = read_training_data(split.train, model.type_codes, longest=model.graph.items)
    return [
        *later_edges(model, data),
        *statistics_of_all_dates(model, split, data),
        *sessions_on_both_sides(split),
    ]


def later_edges(model: Model, data: TrainingData) -> list[Leak]:
    """Find complement links that the training log does not hold as often, in one direction or the other.

    Parameters
    ----------
    model : Model
    data : TrainingData
        The log before the cut, with its baskets of any length.
    """
    pairs, names = model.graph.complement, model.catalogue.items
    source, target = pairs.rows, pairs.indices.astype(np.int64)
    allowed = np.asarray(data.counts[source, target]).ravel()
    wrong = np.flatnonzero(pairs.columns["count"] > allowed)
    if not len(wrong):
        return []
    first = wrong[0]
    return [
        Leak(
            "no test edge or its reverse in a graph",
            f"{len(wrong):,} of {len(pairs):,} complement links count more baskets than there were before the cut "
            f"(first: {names[source[first]]} -> {names[target[first]]}, {int(pairs.columns['count'][first])} against "
            f"{int(allowed[first])})",
        )
    ]


def statistics_of_all_dates(model: Model, split: Split, data: TrainingData) -> list[Leak]:
    """Find totals, scales and prices that are not those of the log before the cut.

    Parameters
    ----------
    model : Model
    split : Split
    data : TrainingData
        The log before the cut.
    """
    rule = "no statistics fitted on all dates"
    leaks = []
    bought = data.bought
    # Of a very long basket the graph counts the last items only, so fewer purchases are no leak.
    if len(bought) != model.graph.items or (model.graph.bought > bought).any():
        example = _first_difference(model, model.graph.bought, bought)
        leaks.append(Leak(rule, f"items were bought more often than before the cut ({example})"))
    frame, known = model.catalogue.frame, split.train.catalogue.frame
    if not frame["item"].equals(known["item"]):
        return [*leaks, Leak(rule, "the catalogue holds other items, or in another order, than were known at the cut")]
    touched = ~split.cold
    for column in ("type", "category_path", "brand", "title", "price"):
        own, then = frame.loc[touched, column], known.loc[touched, column]
        differs = ~((own == then) | (own.isna() & then.isna()))
        if differs.any():
            item = frame.loc[touched, "item"][differs].iloc[0]
            facts = f"{int(differs.sum()):,} items have another {column} than was known at the cut (first: {item})"
            leaks.append(Leak(rule, facts))
    expected = fit_item_features(known, model.config.features, model.config.seed)
    if model.features.price.shape != expected.price.shape or not np.allclose(
        model.features.price, expected.price, atol=_TOLERANCE
    ):
        leaks.append(Leak(rule, "the scale of prices is not that of the catalogue as it was known at the cut"))
    return leaks


def _first_difference(model: Model, own: np.ndarray, then: np.ndarray) -> str:
    if len(own) != len(then):
        return f"{len(own):,} items against {len(then):,}"
    code = int(np.flatnonzero(own > then)[0])
    return f"first: {model.catalogue.items[code]}, {int(own[code])} against {int(then[code])}"


def sessions_on_both_sides(split: Split) -> list[Leak]:
    """Find sessions of which a part was fitted on and another part is asked about."""
    with split.train.connections.duckdb() as engine:
        sessions = engine.fetch(split.train.table(engine).select("session").distinct())["session"]
    return windows_on_both_sides(sessions.to_numpy(), split.test["session"].to_numpy())


def windows_on_both_sides(training: np.ndarray, test: np.ndarray) -> list[Leak]:
    """Find windows whose siblings, cut from the same session, are on the other side.

    Parameters
    ----------
    training, test : ndarray
        `(windows,)`: the session that each window of a side was cut from.
    """
    shared = np.isin(test, training)
    if not shared.any():
        return []
    return [
        Leak(
            "no window and its sibling on both sides",
            f"{int(shared.sum()):,} of {len(test):,} test windows are of sessions that were trained on "
            f"(first: session {test[shared][0]})",
        )
    ]


def future_changes_nothing(
    fit: Callable[[Split], ComplementRecommender], split: Split, other: Split, items: int, seed: int
) -> list[Leak]:
    """Fit on two logs that are the same up to the cut, and compare the lists.

    Parameters
    ----------
    fit : callable
        Split -> what was fitted on the part before its cut.
    split, other : Split
        Of two logs, read from their files: one cut, and one catalogue, since what arrives after the cut is served too.
    items : int
        Items, drawn at random, whose lists are compared.
    seed : int

    Raises
    ------
    EventsError
        When the logs differ in what may decide lists.
    """
    catalogue, others = split.train.catalogue.items, other.train.catalogue.items
    if split.cut != other.cut or not catalogue.equals(others):
        raise EventsError(
            f"the logs do not differ by their future alone: cut at {split.cut} and {other.cut}, {len(catalogue):,} and "
            f"{len(others):,} items; set split.test_from, and leave the items that arrive as they are"
        )
    asked = catalogue[np.random.default_rng(seed).permutation(len(catalogue))[:items]].tolist()
    lists, changed = (fit(one).recommend_many(asked) for one in (split, other))
    rows = lists.merge(changed, on=list(lists.columns), how="outer", indicator=True)
    differ = rows.loc[rows["_merge"] != "both", "item"].unique()
    if not len(differ):
        return []
    return [
        Leak(
            "changing events after the cut changes nothing that was fitted",
            f"{len(differ):,} of {len(asked):,} lists changed with the events after the cut (first: {differ[0]})",
        )
    ]


def require_no_leaks(leaks: Sequence[Leak]) -> None:
    """Refuse to go on with leaks.

    Raises
    ------
    EventsError
        Naming the first.
    """
    if leaks:
        more = f" and {len(leaks) - 1} more" if len(leaks) > 1 else ""
        raise EventsError(f"leak: {leaks[0].rule}: {leaks[0].found}{more}; nothing measured on this model counts")

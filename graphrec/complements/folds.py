"""Temporal folds: parts at the end of a log, what was known before each, and what was bought in it."""

from __future__ import annotations

import numpy as np

from graphrec.complements.candidates import collect_candidates, outside
from graphrec.complements.evidence import PairsInView, describe, posterior_of
from graphrec.complements.labelled_lists import LabelledLists
from graphrec.complements.snapshot import Snapshot
from graphrec.compute.ragged import blocks
from graphrec.config import GraphConfig
from graphrec.events import Events
from graphrec.graph import ProductGraph, build_graph

_AT_ONCE = 256
_NO_LIMIT = 1_000_000
_END = 1 << 62
"""Behind every position of a log."""
_MOST_HIDDEN = 5_000
"""Items hidden at most: enough to learn from, and few enough to name in a query."""


def held_out_links(events: Events, share: float, count: int) -> list[tuple[Events, Events]]:
    """Hold out disjoint parts of given links, each with all other links, known as if they were older.

    Links stand in an order that says nothing, so that each part holds some of every item's, and an item is asked about
    by links that it lacks beside many that it has.

    Parameters
    ----------
    events : Events
    share : float
        Of the links that the parts hold together.
    count : int
    """
    starts = [int(events.session_start(1 - share * (count - n) / count)) for n in range(count)]
    ends = [*starts[1:], _END]
    return [
        (events.leaving_out(start, end), events.between(since=start, until=end))
        for start, end in zip(starts, ends, strict=True)
        if start != end
    ]


def temporal_folds(events: Events, share: float, count: int) -> list[tuple[Events, Events]]:
    """Cut the latest sessions into folds, each with the log before it, oldest first.

    Parameters
    ----------
    events : Events
    share : float
        Of the sessions, the latest, that are cut.
    count : int
    """
    starts = [events.session_start(1 - share * (count - n) / count) for n in range(count)]
    ends = [*starts[1:], None]
    return [
        (events.between(until=start), events.between(since=start, until=end))
        for start, end in zip(starts, ends, strict=True)
        if start != end
    ]


def as_if_new(
    cuts: list[tuple[Events, Events]], share: float, seed: int, whole_sessions: bool
) -> list[tuple[Events, Events]]:
    """Hide some items from what came before every fold, as if they were to arrive in it.

    Parameters
    ----------
    cuts : list of pair of Events
        As of `temporal_folds`.
    share : float
        Of the items that were touched before the first fold, drawn at random.
    seed : int
    whole_sessions : bool
        Whether sessions go that touch a hidden item: a link of which one end is hidden is none.
    """
    touched = np.flatnonzero(cuts[0][0].facts.per_item)
    hidden = np.random.default_rng(seed).permutation(touched)[: min(round(share * len(touched)), _MOST_HIDDEN)]
    return [(before.hiding(np.sort(hidden), whole_sessions), window) for before, window in cuts]


def answers_of(window: Events, config: GraphConfig) -> ProductGraph:
    """Count what a fold bought together: each pair's weight is one over the other items of its basket.

    No pair is left out, viewed together or not, and no order looked at, since these are answers, not evidence.
    """
    complement = config.co_purchase.model_copy(
        update={
            "min_count": 1,
            "top_k": _NO_LIMIT,
            "rank_by": "weight",
            "half_life_days": None,
            "length_power": 1.0,
            "distance_decay": 1.0,
            "significance": None,
            "reverse_weight": 1.0,
        }
    )
    return build_graph(window.only("purchase"), config.model_copy(update={"co_purchase": complement}), similar=False)


def labelled_lists(snapshot: Snapshot, answers: ProductGraph, seed: int) -> LabelledLists:
    """Collect the candidates of what a fold bought, as they were before it, and say which were right.

    Parameters
    ----------
    snapshot : Snapshot
        Before the fold.
    answers : ProductGraph
        As of `answers_of`, with at least one pair.
    seed : int
        Of the draw of the queries.
    """
    settings = snapshot.config.complements
    asked = np.flatnonzero(np.diff(answers.complement.indptr))
    codes = np.sort(np.random.default_rng(seed).permutation(asked)[: snapshot.config.ranker.fold_queries])
    chance = answers.bought / max(int(answers.bought.sum()), 1)
    parts = []
    for block in blocks(len(codes), _AT_ONCE):
        queries = snapshot.known.queries(codes[block])
        found = collect_candidates(snapshot, queries)
        if snapshot.given_links:
            # What is linked already stands first in a list, and no held-out link is one of them.
            found = found.rows(found.facts["count"] == 0)
        pairs = PairsInView(snapshot, queries, found)
        described = describe(pairs, settings.evidence)
        numbers = {
            "features": described.features,
            "gain": answers.evidence_columns(queries.item[found.owner], found.item)["weight"],
            "chance": chance[found.item],
            "count": found.facts["count"],
            "posterior": posterior_of(pairs, settings.evidence, settings.prior_strength),
            "outside": outside(snapshot, queries, found),
            "total": answers.complement_weight[queries.item],
            "popularity": snapshot.memory.popularity[queries.item],
        }
        parts.append(
            LabelledLists(
                columns=described.names,
                start=np.searchsorted(found.owner, np.arange(len(queries.item) + 1)),
                item=found.item,
                **{name: values.astype(np.float32) for name, values in numbers.items()},
            )
        )
    return LabelledLists.joined(parts)

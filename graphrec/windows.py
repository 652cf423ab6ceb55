"""Stretches at the end of a log: what was known before each, and what was bought in it. The ranker learns on these."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graphrec.complements import LabelledLists, Memory, QueryItems, remembered_pairs
from graphrec.config import ComplementsConfig, GraphConfig
from graphrec.events import Events
from graphrec.graph import ProductGraph, build_graph, purchase_trend
from graphrec.retrieval import CandidateSource

_AT_ONCE = 256
_NO_LIMIT = 1_000_000


def stretches(events: Events, share: float, count: int) -> list[tuple[Events, Events]]:
    """Cut the latest sessions into stretches, each with the log before it, oldest first.

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


def answers_of(window: Events, config: GraphConfig) -> ProductGraph:
    """Count what a stretch bought together: each pair's weight is one over the other items of its basket.

    No pair is left out and no order looked at, since these are answers, not evidence.
    """
    complement = config.complement.model_copy(
        update={
            "min_count": 1,
            "top_k": _NO_LIMIT,
            "rank_by": "weight",
            "half_life_days": None,
            "length_power": 1.0,
            "distance_decay": 1.0,
            "significance": None,
            "substitute_ratio": float(_NO_LIMIT),
            "reverse_weight": 1.0,
        }
    )
    return build_graph(window, config.model_copy(update={"complement": complement}))


def labelled_lists(
    source_of: Callable[[Memory], CandidateSource],
    queries_of: Callable[[np.ndarray], QueryItems],
    before: Events,
    window: Events,
    type_codes: np.ndarray,
    types: int,
    graph_config: GraphConfig,
    config: ComplementsConfig,
    seed: int,
) -> LabelledLists | None:
    """Collect the candidates of what a stretch bought, as they were before it, and say which were right.

    Parameters
    ----------
    source_of : callable
        Memory of the log before -> where candidates come from.
    queries_of : callable
        Item codes -> query items.
    before, window : Events
    type_codes : ndarray
        `(items,) int64`.
    types : int
    graph_config : GraphConfig
    config : ComplementsConfig
    seed : int

    Returns
    -------
    LabelledLists or None
        None where nothing was bought together before, or in the stretch.
    """
    past, answers = build_graph(before, graph_config), answers_of(window, graph_config)
    asked = np.flatnonzero(np.diff(answers.complement.indptr))
    if not len(past.complement) or not len(asked):
        return None
    trend = purchase_trend(before, config.trend_days)
    source = source_of(Memory.of(remembered_pairs(past, config), type_codes, types, trend, config.rank, seed))
    codes = np.sort(np.random.default_rng(seed).permutation(asked)[: config.window_queries])
    parts = []
    for start in range(0, len(codes), _AT_ONCE):
        queries = queries_of(codes[start : start + _AT_ONCE])
        found = source.collect(queries, config.candidates_per_type, config.types)
        gain = answers.evidence_columns(queries.item[found.owner], found.item)["weight"]
        bounds = np.searchsorted(found.owner, np.arange(len(queries.item) + 1))
        features = source.features(queries, found).astype(np.float32)
        parts.append(LabelledLists(bounds, features, gain.astype(np.float32)))
    return LabelledLists.joined(parts)

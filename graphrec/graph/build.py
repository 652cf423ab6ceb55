"""Counts -> ProductGraph: weights, substitutes taken out of the complements, top-K per item."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphrec.config import GraphConfig
from graphrec.errors import EventsError, GraphError
from graphrec.events import Events
from graphrec.events.loading import describe_kinds
from graphrec.graph.counting import Counts, count_pairs
from graphrec.graph.pairs import Pairs, top_pairs
from graphrec.graph.product_graph import ProductGraph


def require_learnable(events: Events) -> None:
    """Refuse a log from which no complement can be learned.

    Raises
    ------
    EventsError
        When only one item is known, or nothing was bought.
    """
    if len(events.catalogue) < 2:
        raise EventsError(
            f"the log and the catalogue hold one item ({events.catalogue.items[0]!r}); "
            "a product graph needs two or more: check events.columns.item"
        )
    if events.count("purchase") == 0:
        kinds = ", ".join(f"{name} {n:,}" for name, n in describe_kinds(events).items() if n)
        raise EventsError(
            f"the log holds no purchases ({kinds}), and complements are learned from purchases; "
            "map their name under events.kinds.purchase, or set events.default_kind: purchase"
        )


def build_graph(events: Events, config: GraphConfig) -> ProductGraph:
    """Turn a log into its two product graphs.

    Where the log has no views the similar graph stays empty; `substitutes_without_views` fills it.
    """
    counts = count_pairs(events, config)
    complement, removed = complement_pairs(counts, config)
    return ProductGraph(
        similar=similar_pairs(counts, config),
        complement=complement,
        viewed=counts.viewed,
        bought=counts.bought,
        view_sessions=counts.view_sessions,
        baskets=counts.baskets,
        reverse_weight=config.complement.reverse_weight,
        similar_sources=("views",) if len(counts.similar) else (),
        substitutes_removed=removed,
    )


def require_complements(graph: ProductGraph) -> None:
    """Refuse a graph without a single complement pair.

    Raises
    ------
    GraphError
    """
    if not len(graph.complement):
        raise GraphError(
            f"no two items were bought together in {graph.baskets:,} baskets "
            f"({graph.substitutes_removed:,} pairs were taken out as mostly co-viewed); map the order or session "
            "column, widen events.session_gap_minutes, or lower graph.complement.min_count"
        )


def lift(count: np.ndarray, left: np.ndarray, right: np.ndarray, sessions: int) -> np.ndarray:
    """How many times more often a pair met than its items' own frequencies would make it meet.

    `count * sessions / (left * right)`, float64; 1 means independent.
    """
    return np.asarray(count * float(sessions) / (left.astype(np.float64) * right))


def similar_pairs(counts: Counts, config: GraphConfig) -> Pairs:
    """Weigh similar pairs by `count * log(1 + lift)`, so that two bestsellers do not pass for alike."""
    pairs = counts.similar
    left, right, count = _columns(pairs)
    pair_lift = lift(count, counts.viewed[left], counts.viewed[right], max(counts.view_sessions, 1))
    weight = count * np.log1p(pair_lift)
    columns = {
        "count": _both(count, count).astype(np.int32),
        "lift": _both(pair_lift, pair_lift).astype(np.float32),
        "support": (_both(count, count) / max(counts.view_sessions, 1)).astype(np.float32),
    }
    both = _both(weight, weight)
    return top_pairs(len(counts.viewed), _both(left, right), _both(right, left), both, columns, config.similar.top_k)


def complement_pairs(counts: Counts, config: GraphConfig) -> tuple[Pairs, int]:
    """Weigh complement pairs by baskets, less for those in the reverse order, without the substitutes.

    Returns
    -------
    Pairs
        i -> j with `count`, `first` (baskets in which i was bought strictly before j), `later` (after j),
        `support`, `lift`.
    int
        Pairs taken out because they are mostly co-viewed.
    """
    substitute = mostly_co_viewed(counts, config.complement.substitute_ratio)
    pairs = counts.complement[~substitute]
    left, right, count = _columns(pairs)
    left_first, right_first = pairs["left_first"].to_numpy(), pairs["right_first"].to_numpy()
    pair_lift = lift(count, counts.bought[left], counts.bought[right], counts.baskets)
    discount = 1.0 - config.complement.reverse_weight
    columns = {
        "count": _both(count, count).astype(np.int32),
        "first": _both(left_first, right_first).astype(np.int32),
        "later": _both(right_first, left_first).astype(np.int32),
        "support": (_both(count, count) / counts.baskets).astype(np.float32),
        "lift": _both(pair_lift, pair_lift).astype(np.float32),
    }
    weight = _both(count - discount * right_first, count - discount * left_first)
    graph = top_pairs(
        len(counts.bought), _both(left, right), _both(right, left), weight, columns, config.complement.top_k
    )
    return graph, int(substitute.sum())


def mostly_co_viewed(counts: Counts, ratio: float) -> np.ndarray:
    """Tell which complement pairs are substitutes: viewed together beyond chance more than bought together.

    Both sides are lifts, each against its own kind of session, because views outnumber purchases many times in
    any shop and raw counts would take out every pair.

    Returns
    -------
    ndarray
        `(complement pairs,) bool`.
    """
    pairs = counts.complement[["left", "right", "count"]]
    seen = pairs.merge(counts.similar, on=["left", "right"], how="left", suffixes=("", "_viewed"))
    left, right = seen["left"].to_numpy(), seen["right"].to_numpy()
    bought_lift = lift(seen["count"].to_numpy(), counts.bought[left], counts.bought[right], counts.baskets)
    both_viewed = seen["count_viewed"].fillna(0).to_numpy()
    views = np.maximum(counts.viewed[left], 1), np.maximum(counts.viewed[right], 1)
    viewed_lift = lift(both_viewed, *views, max(counts.view_sessions, 1))
    return np.asarray(viewed_lift > ratio * bought_lift)


def _columns(pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        pairs["left"].to_numpy(dtype=np.int64),
        pairs["right"].to_numpy(dtype=np.int64),
        pairs["count"].to_numpy(dtype=np.int64),
    )


def _both(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Lay the edges of left -> right and of right -> left one after the other."""
    return np.concatenate([forward, backward])

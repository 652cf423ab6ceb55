"""Events -> ProductGraph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pyarrow import parquet

from graphrec.compute.engine import Engine
from graphrec.compute.ragged import offsets
from graphrec.compute.workspaces import scratch_workspace
from graphrec.config import GraphConfig
from graphrec.errors import EventsError, GraphError
from graphrec.events import Events, describe_kinds
from graphrec.graph.counting import PairTotals, count_pairs
from graphrec.graph.daily import daily_totals
from graphrec.graph.edges import write_edges
from graphrec.graph.pairs import Pairs
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
            "column, widen events.session_gap_minutes, or lower graph.co_purchase.min_count"
        )


def build_graph(events: Events, config: GraphConfig, similar: bool = True) -> ProductGraph:
    """Turn a log into its two product graphs, on the engine that the events were loaded with.

    Where the log has no views the similar graph stays empty; `substitutes_without_views` fills it.

    Parameters
    ----------
    events : Events
    config : GraphConfig
    similar : bool
        Whether the similar graph is wanted. Without it, views still take substitutes out of the complements.
    """
    with (
        events.connections.configured() as engine,
        scratch_workspace(events.connections.config.scratch) as scratch,
    ):
        totals = _totals(engine, events, config, similar)
        files = write_edges(engine, totals, events.items(engine), config, scratch.path, similar)
        viewed, bought = (_per_item(engine, items, len(events.catalogue)) for items in (totals.viewed, totals.bought))
        links = _read_pairs(files.similar, viewed, totals.view_sessions)
        return ProductGraph(
            similar=links,
            complement=_read_pairs(files.complement, bought, totals.baskets),
            viewed=viewed,
            bought=bought,
            view_sessions=totals.view_sessions,
            baskets=totals.baskets,
            similar_sources=("views",) if len(links) else (),
            substitutes_removed=files.substitutes_removed,
        )


def _totals(engine: Engine, events: Events, config: GraphConfig, similar: bool) -> PairTotals:
    """Count the pairs, or take up the counts of the days before where the store keeps them."""
    if events.counts_daily:
        return daily_totals(engine, events, config)
    log = events.table(engine)
    ages = config.co_view.half_life_days is not None or config.co_purchase.half_life_days is not None
    return count_pairs(engine, log, log, config, events.facts.last if ages else None, all_similar=similar)


def _read_pairs(folder: Path, per_item: np.ndarray, sessions: int) -> Pairs:
    """Read edges that are sorted by source and weight, and lay their support and lift beside them."""
    table = parquet.read_table(folder)
    edges = {name: table.column(name).to_numpy() for name in table.column_names}
    source, target, weight = (edges.pop(name) for name in ("source", "target", "weight"))
    indptr = offsets(np.bincount(source, minlength=len(per_item)))
    in_all = float(max(sessions, 1))
    edges["support"] = (edges["count"] / in_all).astype(np.float32)
    edges["lift"] = (edges["count"] * in_all / (per_item[source].astype(np.float64) * per_item[target])).astype(
        np.float32
    )
    return Pairs(indptr, target, weight.astype(np.float32), edges)


def _per_item(engine: Engine, counted: object, items: int) -> np.ndarray:
    frame = engine.fetch(counted)
    counts = np.zeros(items, dtype=np.int64)
    counts[frame["item"].to_numpy()] = frame["count"].to_numpy()
    return counts

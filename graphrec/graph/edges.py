"""Pair totals -> the edges of both graphs: weighed, without substitutes, the top K of each item."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ibis
from ibis import _

from graphrec.compute.engine import Engine
from graphrec.config import CoPurchaseConfig, GraphConfig, PairConfig
from graphrec.graph.counting import PairTotals
from graphrec.graph.statistics import MEASURES, PairFacts, lift, log_likelihood, threshold


@dataclass(frozen=True)
class EdgeFiles:
    """Where the edges were written, and what was left out.

    Parameters
    ----------
    similar : Path
        Folder of Parquet: `source`, `target`, `weight`, `count`; sorted by source, the heaviest first; empty where
        they were not wanted.
    complement : Path
        The same and `back` (weight of target -> source), `first`, `later`.
    substitutes_removed : int
        Complement pairs taken out because they are mostly co-viewed.
    """

    similar: Path
    complement: Path
    substitutes_removed: int


def write_edges(
    engine: Engine, totals: PairTotals, items: ibis.Table, config: GraphConfig, folder: Path, similar_wanted: bool
) -> EdgeFiles:
    """Prune the pairs of a log and write the edges as Parquet.

    Parameters
    ----------
    engine : Engine
    totals : PairTotals
    items : ibis.Table
        `item` (code), `key` (hash of the id): of edges that weigh the same, those to more frequent items are kept,
        then those of the smaller key, which no arrival of new items changes.
    config : GraphConfig
    folder : Path
    similar_wanted : bool
    """
    similar, complement = folder / "similar", folder / "complement"
    viewed, bought = (engine.hold(_ranked(counts, items)) for counts in (totals.viewed, totals.bought))
    links = _similar_edges(totals, viewed, config.co_view)
    engine.write(links if similar_wanted else links.limit(0), similar)
    pairs = engine.hold(_judged_pairs(totals, bought, viewed, config.co_purchase))
    removed = engine.fetch(pairs.agg(pairs=_.substitute.cast("int64").sum()))["pairs"].fillna(0).iloc[0]
    kept = _kept(pairs.filter(~_.substitute), totals.baskets, config.co_purchase)
    engine.write(_complement_edges(kept, config), complement)
    engine.release(pairs)
    return EdgeFiles(similar, complement, int(removed))


def _ranked(counts: ibis.Table, items: ibis.Table) -> ibis.Table:
    """Rank the items of a graph, the most frequent first: what decides between edges that weigh the same."""
    order = ibis.window(order_by=[ibis.desc("count"), "key"])
    return counts.join(items, "item").select("item", "count", rank=ibis.row_number().over(order).cast("int32"))


def _with_item_counts(pairs: ibis.Table, items: ibis.Table) -> ibis.Table:
    """Lay the counts and the ranks of both items beside a pair."""
    left = items.select(left=_["item"], left_count=_["count"], left_rank=_["rank"])
    right = items.select(right=_["item"], right_count=_["count"], right_rank=_["rank"])
    return pairs.join(left, "left").join(right, "right")


def _facts(pairs: ibis.Table, sessions: int) -> PairFacts:
    weight = pairs.weight if "weight" in pairs.columns else pairs["count"].cast("float64")
    return PairFacts(weight, pairs["count"], pairs.left_count, pairs.right_count, sessions)


def _kept(pairs: ibis.Table, sessions: int, config: PairConfig) -> ibis.Table:
    """Drop rare pairs, and those that may have met by chance."""
    pairs = pairs.filter(_["count"] >= config.min_count)
    if config.significance is None:
        return pairs
    return pairs.filter(log_likelihood(_facts(pairs, sessions)) > threshold(config.significance))


def _similar_edges(totals: PairTotals, items: ibis.Table, config: PairConfig) -> ibis.Table:
    pairs = _kept(_with_item_counts(totals.similar, items), totals.view_sessions, config)
    # Single precision hides in which order an engine summed, so that what weighs the same is a tie on all of them.
    weight = MEASURES[config.rank_by](_facts(pairs, totals.view_sessions)).cast("float32")
    measured = pairs.select(
        source=pairs.left,
        target=pairs.right,
        weight=weight,
        count=pairs["count"].cast("int32"),
        rank=pairs.right_rank,
    )
    turned = pairs.select(
        source=pairs.right,
        target=pairs.left,
        weight=weight,
        count=pairs["count"].cast("int32"),
        rank=pairs.left_rank,
    )
    return _top(measured.union(turned), config.top_k)


def _judged_pairs(totals: PairTotals, bought: ibis.Table, viewed: ibis.Table, settings: CoPurchaseConfig) -> ibis.Table:
    """Tell substitutes from complements: they are viewed together beyond chance more than bought together.

    Both sides are lifts, each against its own kind of session, because views outnumber purchases many times in any
    shop and raw counts would take out every pair.
    """
    pairs = _with_item_counts(totals.complement.filter(_["count"] >= settings.min_count), bought)
    facts = _facts(pairs, totals.baskets)
    pairs = pairs.mutate(
        lift=lift(facts),
        measured=MEASURES[settings.rank_by](facts),
    )
    if not totals.view_sessions:
        return pairs.mutate(substitute=ibis.literal(False))
    seen = totals.similar.semi_join(totals.complement, ["left", "right"])
    seen = _with_item_counts(seen.select("left", "right", "count"), viewed)
    seen = seen.select(left=_.left, right=_.right, viewed_lift=lift(_facts(seen, totals.view_sessions)))
    pairs = pairs.left_join(seen, ["left", "right"]).drop("left_right", "right_right")
    substitute = (pairs.viewed_lift > settings.substitute_ratio * pairs.lift).fill_null(False)
    return pairs.mutate(substitute=substitute).drop("viewed_lift")


def _complement_edges(pairs: ibis.Table, config: GraphConfig) -> ibis.Table:
    """Direct the pairs: a basket in the reverse order counts for less."""
    discount = 1.0 - config.co_purchase.reverse_weight

    def directed(source: str, target: str, first: str, later: str) -> ibis.Table:
        share = _share_left(pairs, f"weight_{later}", discount)
        back = _share_left(pairs, f"weight_{first}", discount)
        return pairs.select(
            source=pairs[source],
            target=pairs[target],
            weight=(pairs.measured * share).cast("float32"),
            back=(pairs.measured * back).cast("float32"),
            count=pairs["count"].cast("int32"),
            first=pairs[first].cast("int32"),
            later=pairs[later].cast("int32"),
            rank=pairs[f"{target}_rank"],
        )

    forward = directed("left", "right", "left_first", "right_first")
    backward = directed("right", "left", "right_first", "left_first")
    return _top(forward.union(backward), config.co_purchase.top_k)


def _share_left(pairs: ibis.Table, reverse: str, discount: float) -> ibis.Value:
    """Of a pair's worth, what is left when the baskets in the reverse order are discounted."""
    return 1.0 - discount * pairs[reverse] / pairs.weight


def _top(edges: ibis.Table, top_k: int) -> ibis.Table:
    """Keep the heaviest edges of every item, the heaviest first."""
    order = [ibis.desc("weight"), "rank"]
    place = ibis.row_number().over(ibis.window(group_by="source", order_by=order))
    kept = edges.mutate(place=place).filter(_.place < top_k)
    return kept.order_by("source", *order).drop("place", "rank")

"""Pair totals -> the edges of both graphs: weighed, without substitutes, the top K of each item."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ibis
from ibis import _

from graphrec.config import GraphConfig, PairConfig
from graphrec.engine import Engine
from graphrec.graph.counting import PairTotals
from graphrec.graph.statistics import MEASURES, PairFacts, lift, log_likelihood, threshold


@dataclass(frozen=True)
class EdgeFiles:
    """Where the edges were written, and what was left out.

    Parameters
    ----------
    similar : Path
        Folder of Parquet: `source`, `target`, `weight`, `count`, `support`, `lift`.
    complement : Path
        The same and `back` (weight of target -> source), `first`, `later`.
    substitutes_removed : int
        Complement pairs taken out because they are mostly co-viewed.
    """

    similar: Path
    complement: Path
    substitutes_removed: int


def write_edges(engine: Engine, totals: PairTotals, config: GraphConfig, folder: Path) -> EdgeFiles:
    """Prune the pairs of a log and write the edges, item codes and all, as Parquet."""
    similar, complement = folder / "similar", folder / "complement"
    engine.write(_similar_edges(totals, config.similar), similar)
    pairs, substitutes = _complement_pairs(totals, config)
    engine.write(_complement_edges(pairs, config), complement)
    removed = engine.fetch(substitutes.agg(pairs=_.count()))["pairs"].iloc[0]
    return EdgeFiles(similar, complement, int(removed))


def _with_item_counts(pairs: ibis.Table, items: ibis.Table, prefix: str = "") -> ibis.Table:
    """Lay the counts of both items beside a pair."""
    left = items.select(left=_["item"], **{f"{prefix}left_count": _["count"]})
    right = items.select(right=_["item"], **{f"{prefix}right_count": _["count"]})
    return pairs.left_join(left, "left").drop("left_right").left_join(right, "right").drop("right_right")


def _facts(pairs: ibis.Table, sessions: int) -> PairFacts:
    return PairFacts(pairs.weight, pairs["count"], pairs.left_count, pairs.right_count, sessions)


def _kept(pairs: ibis.Table, sessions: int, config: PairConfig) -> ibis.Table:
    """Drop rare pairs, and those that may have met by chance."""
    pairs = pairs.filter(_["count"] >= config.min_count)
    if config.significance is None:
        return pairs
    return pairs.filter(log_likelihood(_facts(pairs, sessions)) > threshold(config.significance))


def _similar_edges(totals: PairTotals, config: PairConfig) -> ibis.Table:
    pairs = _kept(_with_item_counts(totals.similar, totals.viewed), totals.view_sessions, config)
    facts = _facts(pairs, totals.view_sessions)
    measured = pairs.select(
        source=pairs.left,
        target=pairs.right,
        weight=MEASURES[config.rank_by](facts).round(9),
        count=pairs["count"].cast("int32"),
        support=(pairs["count"] / float(max(totals.view_sessions, 1))).cast("float32"),
        lift=lift(facts).cast("float32"),
    )
    turned = measured.mutate(source=measured.target, target=measured.source).select(*measured.columns)
    return _top(measured.union(turned), config.top_k)


def _complement_pairs(totals: PairTotals, config: GraphConfig) -> tuple[ibis.Table, ibis.Table]:
    """Divide the pairs into complements and substitutes: those viewed together beyond chance more than bought together.

    Both sides are lifts, each against its own kind of session, because views outnumber purchases many times in any
    shop and raw counts would take out every pair.
    """
    settings = config.complement
    pairs = _with_item_counts(totals.complement, totals.bought).filter(_["count"] >= settings.min_count)
    seen = totals.similar.select(left=_.left, right=_.right, viewed_together=_["count"])
    pairs = pairs.left_join(seen, ["left", "right"]).drop("left_right", "right_right")
    pairs = _with_item_counts(pairs, totals.viewed, "viewed_")
    bought_lift = lift(_facts(pairs, totals.baskets))
    viewed = PairFacts(
        pairs.viewed_together,
        pairs.viewed_together.fill_null(0),
        pairs.viewed_left_count.fill_null(1),
        pairs.viewed_right_count.fill_null(1),
        totals.view_sessions,
    )
    pairs = pairs.mutate(
        lift=bought_lift,
        support=pairs["count"] / float(max(totals.baskets, 1)),
        substitute=lift(viewed) > settings.substitute_ratio * bought_lift,
        measured=MEASURES[settings.rank_by](_facts(pairs, totals.baskets)),
    )
    complements = _kept(pairs.filter(~_.substitute), totals.baskets, settings)
    return complements, pairs.filter(_.substitute)


def _complement_edges(pairs: ibis.Table, config: GraphConfig) -> ibis.Table:
    """Direct the pairs: a basket in the reverse order counts for less."""
    discount = 1.0 - config.complement.reverse_weight

    def directed(source: str, target: str, first: str, later: str) -> ibis.Table:
        share = _share_left(pairs, f"weight_{later}", discount)
        back = _share_left(pairs, f"weight_{first}", discount)
        return pairs.select(
            source=pairs[source],
            target=pairs[target],
            weight=(pairs.measured * share).round(9),
            back=(pairs.measured * back).round(9).cast("float32"),
            count=pairs["count"].cast("int32"),
            first=pairs[first].cast("int32"),
            later=pairs[later].cast("int32"),
            support=pairs.support.cast("float32"),
            lift=pairs.lift.cast("float32"),
        )

    forward = directed("left", "right", "left_first", "right_first")
    backward = directed("right", "left", "right_first", "left_first")
    return _top(forward.union(backward), config.complement.top_k)


def _share_left(pairs: ibis.Table, reverse: str, discount: float) -> ibis.Value:
    """Of a pair's worth, what is left when the baskets in the reverse order are discounted."""
    return 1.0 - discount * pairs[reverse] / pairs.weight


def _top(edges: ibis.Table, top_k: int) -> ibis.Table:
    """Keep the heaviest edges of every item, the heaviest first; the smaller target code wins a tie."""
    heaviest = ibis.window(group_by="source", order_by=[ibis.desc("weight"), "target"])
    kept = edges.mutate(place=ibis.row_number().over(heaviest)).filter(_.place < top_k).drop("place")
    return kept.order_by("source", ibis.desc("weight"), "target")

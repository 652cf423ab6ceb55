"""Events -> pair totals, as one set of Ibis expressions: which items met, how often, who came first.

The totals of two logs without a common session are the sum of theirs, which is what lets a day be added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import pandas as pd
from ibis import _

from graphrec.config import GraphConfig, PairConfig
from graphrec.engine import Engine
from graphrec.events import KINDS

VIEW, PURCHASE = KINDS.index("view"), KINDS.index("purchase")


@dataclass(frozen=True)
class PairTotals:
    """What a log says of pairs and of single items, before anything is pruned.

    Parameters
    ----------
    similar : ibis.Table
        `left < right` (item codes), `count`: sessions that viewed both and bought at most one; `weight`.
    complement : ibis.Table
        `left < right`, `count`: baskets that hold both; `left_first`, `right_first`: those in which one was bought
        strictly before the other; `weight`, `weight_left_first`, `weight_right_first`.
    viewed, bought : ibis.Table
        `item`, `count`: view sessions and baskets that hold it.
    view_sessions, baskets : int
        How many there are in all.
    """

    similar: ibis.Table
    complement: ibis.Table
    viewed: ibis.Table
    bought: ibis.Table
    view_sessions: int
    baskets: int


def count_pairs(
    engine: Engine,
    sessions: ibis.Table,
    baskets: ibis.Table,
    config: GraphConfig,
    newest: pd.Timestamp | None,
) -> PairTotals:
    """Count the pairs of some sessions and of some baskets.

    Parameters
    ----------
    engine : Engine
    sessions, baskets : ibis.Table
        Events of whole sessions, for the similar pairs, and of whole baskets, for the complement pairs: the same
        table, but when a day is added. Of a session only the last `max_session_items` distinct items are paired, of
        a basket the last `max_basket_items`.
    config : GraphConfig
    newest : Timestamp or None
        What the age of a session is counted from.
    """
    purchases = baskets.filter(_.kind == PURCHASE)
    bought = _lines(engine, purchases.mutate(session=_.basket), config.complement.max_basket_items)
    bought_totals = _per_item(engine, bought)
    complement = engine.hold(_complement_pairs(_weighed(engine, bought, config.complement, newest), config.complement))
    engine.release(bought)

    viewed = _lines(engine, sessions.filter(_.kind == VIEW), config.similar.max_session_items)
    viewed_totals = _per_item(engine, viewed)
    marks = sessions.filter(_.kind == PURCHASE).select("session", "item").distinct()
    marked = _with_purchase(_weighed(engine, viewed, config.similar, newest), marks)
    held = engine.hold(marked)
    engine.release(viewed)
    similar = engine.hold(_similar_pairs(held, config.similar))
    engine.release(held)
    return PairTotals(
        similar,
        complement,
        viewed_totals,
        bought_totals,
        view_sessions=_sessions(engine, sessions, VIEW, "session"),
        baskets=_sessions(engine, purchases, PURCHASE, "basket"),
    )


def _sessions(engine: Engine, log: ibis.Table, kind: int, column: str) -> int:
    counted = log.filter(_.kind == kind).agg(sessions=_[column].nunique())
    return int(engine.fetch(counted)["sessions"].iloc[0])


def _lines(engine: Engine, log: ibis.Table, most: int) -> ibis.Table:
    """Keep one row per session and item, of long sessions the last `most`, with the session's length."""
    met = log.group_by(["session", "item"]).agg(time=_.time.min(), last=_.position.max())
    met = engine.hold(met)
    sizes = met.group_by("session").agg(length=_.count())
    sized = met.join(sizes, "session")
    short = sized.filter(_.length <= most)
    newest_first = ibis.window(group_by="session", order_by=ibis.desc("last"))
    long = sized.filter(_.length > most).mutate(age=ibis.row_number().over(newest_first)).filter(_.age < most)
    capped = short.union(long.drop("age").mutate(length=ibis.literal(most).cast("int64")))
    held = engine.hold(capped)
    engine.release(met)
    return held


def _per_item(engine: Engine, lines: ibis.Table) -> ibis.Table:
    return engine.hold(lines.group_by("item").agg(count=_.count()))


def is_weighed(config: PairConfig) -> bool:
    """Tell whether some sessions weigh more than others; else weights are counts and cost nothing."""
    return config.half_life_days is not None or config.length_power > 0 or config.distance_decay < 1


def _weighed(engine: Engine, lines: ibis.Table, config: PairConfig, newest: pd.Timestamp | None) -> ibis.Table:
    """Drop sessions without a pair; give the others a weight by age and length, and their items a place."""
    lines = lines.filter(_.length > 1)
    if not is_weighed(config):
        return lines.select("session", "item", "time")
    weight = (lines.length - 1).cast("float64") ** -config.length_power
    if config.half_life_days is not None and newest is not None:
        of_session = ibis.window(group_by="session")
        age = (ibis.literal(newest).epoch_seconds() - lines.time.max().over(of_session).epoch_seconds()) / 86_400.0
        weight = weight * ibis.literal(0.5) ** (age / config.half_life_days)
    lines = lines.mutate(weight=weight)
    if config.distance_decay < 1:
        lines = lines.mutate(place=ibis.row_number().over(ibis.window(group_by="session", order_by="last")))
    else:
        lines = lines.mutate(place=ibis.literal(0).cast("int64"))
    return lines.select("session", "item", "time", "weight", "place")


def _with_purchase(viewed: ibis.Table, bought: ibis.Table) -> ibis.Table:
    """Mark which viewed items the session also bought."""
    marks = bought.mutate(purchased=ibis.literal(True))
    joined = viewed.left_join(marks, ["session", "item"])
    return joined.select(*viewed.columns, purchased=_.purchased.fill_null(False)).drop("time")


def _similar_pairs(viewed: ibis.Table, config: PairConfig) -> ibis.Table:
    left, right = viewed, viewed.view()
    met = [left.session == right.session, left.item < right.item, ~(left.purchased & right.purchased)]
    pairs = left.join(right, met)
    if not is_weighed(config):
        counted = pairs.select(left=left.item, right=right.item).group_by(["left", "right"]).agg(count=_.count())
        return counted.mutate(weight=_["count"].cast("float64"))
    pairs = pairs.select(left=left.item, right=right.item, weight=_pair_weight(left, right, config))
    return pairs.group_by(["left", "right"]).agg(count=_.count(), weight=_.weight.sum())


def _complement_pairs(bought: ibis.Table, config: PairConfig) -> ibis.Table:
    left, right = bought, bought.view()
    both = left.join(right, [left.session == right.session, left.item < right.item])
    before = (left.time < right.time).fill_null(False)
    after = (right.time < left.time).fill_null(False)
    columns = {"left": left.item, "right": right.item, "before": before, "after": after}
    counts = {
        "count": _.count(),
        "left_first": _.before.cast("int64").sum(),
        "right_first": _.after.cast("int64").sum(),
    }
    if not is_weighed(config):
        counted = both.select(**columns).group_by(["left", "right"]).agg(**counts)
        return counted.mutate(
            weight=_["count"].cast("float64"),
            weight_left_first=_.left_first.cast("float64"),
            weight_right_first=_.right_first.cast("float64"),
        )
    pairs = both.select(**columns, weight=_pair_weight(left, right, config))
    return pairs.group_by(["left", "right"]).agg(
        **counts,
        weight=_.weight.sum(),
        weight_left_first=ibis.ifelse(_.before, _.weight, 0.0).sum(),
        weight_right_first=ibis.ifelse(_.after, _.weight, 0.0).sum(),
    )


def _pair_weight(left: ibis.Table, right: ibis.Table, config: PairConfig) -> ibis.Value:
    between = (left.place - right.place).abs() - 1
    if config.distance_decay < 1:
        return left.weight * ibis.literal(config.distance_decay) ** between
    return left.weight


def sum_of_tables(parts: Sequence[tuple[ibis.Table, float]], keys: Sequence[str]) -> ibis.Table:
    """Add tables of totals, each times a factor; keys whose count comes to nothing fall out.

    The factor scales the columns that begin with `weight`; of counts only its sign is taken.
    """
    signed = []
    for table, factor in parts:
        values = [name for name in table.columns if name not in keys]
        scaled = {
            name: table[name] * (factor if name.startswith("weight") else (1 if factor > 0 else -1)) for name in values
        }
        signed.append(table.select(*keys, **scaled))
    whole = signed[0]
    for table in signed[1:]:
        whole = whole.union(table)
    values = [name for name in whole.columns if name not in keys]
    return whole.group_by(list(keys)).agg(**{name: whole[name].sum() for name in values}).filter(_["count"] > 0)

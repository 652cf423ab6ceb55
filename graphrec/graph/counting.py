"""Events -> pair totals, as one set of Ibis expressions: which items met, how often, who came first.

The totals of two logs without a common session are the sum of theirs, which is what lets a day be added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import pandas as pd
from ibis import _

from graphrec.compute.engine import Engine
from graphrec.config import GraphConfig, PairConfig
from graphrec.events import CART, PURCHASE, VIEW

_DAY = 86_400.0


@dataclass(frozen=True)
class PairTotals:
    """What a log says of pairs and of single items, before anything is pruned.

    Parameters
    ----------
    similar : ibis.Table
        `left < right` (item codes), `count`: sessions that viewed both and bought at most one; `weight`, but where
        all sessions weigh the same: this is the largest table of all.
    complement : ibis.Table
        `left < right`, `count`: baskets that hold both; `left_first`, `right_first`: those in which one was bought
        strictly before the other; `weight`, `weight_left_first`, `weight_right_first`.
    viewed, bought : ibis.Table
        `item`, `count`: view sessions and baskets that hold it.
    view_sessions, baskets : int
        How many there are in all.
    keeper : object
        Says that the files of the tables are in use, where they are kept.
    """

    similar: ibis.Table
    complement: ibis.Table
    viewed: ibis.Table
    bought: ibis.Table
    view_sessions: int
    baskets: int
    keeper: object = None


def count_pairs(
    engine: Engine,
    sessions: ibis.Table,
    baskets: ibis.Table,
    config: GraphConfig,
    newest: pd.Timestamp | None,
    all_similar: bool = True,
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
    all_similar : bool
        Whether similar pairs are counted that were never bought together: they tell no substitute from a complement.
    """
    purchases = baskets.filter(_.kind == PURCHASE).mutate(session=_.basket)
    bought = _hold_lines(
        engine, purchases, {"time": _.time.min()}, config.co_purchase, config.co_purchase.max_basket_items
    )
    weighed = _weighed(bought.table, config.co_purchase, newest)
    complement = engine.hold(_complement_pairs(weighed, config.co_purchase))
    bought_totals = _per_item(engine, bought.table)
    engine.release(bought.table)

    looked = sessions.filter(_.kind != CART)
    facts = {"viewed": (_.kind == VIEW).any(), "purchased": (_.kind == PURCHASE).any()}
    viewed = _hold_lines(engine, looked, facts, config.co_view, config.co_view.max_session_items)
    among = None if all_similar else complement
    similar = engine.hold(_similar_pairs(_weighed(viewed.table, config.co_view, newest), config.co_view, among))
    viewed_totals = _per_item(engine, viewed.table)
    engine.release(viewed.table)
    return PairTotals(similar, complement, viewed_totals, bought_totals, viewed.sessions, bought.sessions)


@dataclass(frozen=True)
class _Lines:
    """Which items sessions held, one row each, and how many sessions there are."""

    table: ibis.Table
    sessions: int


def _hold_lines(
    engine: Engine, log: ibis.Table, facts: Mapping[str, ibis.Deferred], config: PairConfig, most: int
) -> _Lines:
    """Compute one row per session and item with some facts; of long sessions the last `most` items are kept.

    Where an item stood last is asked of all sessions only when weights want it: it doubles the cost.
    """
    if is_weighed(config):
        facts = {**facts, "latest": _.time.max(), "last": _.position.max()}
    held = engine.hold(_one_per_item(log, facts))
    sizes = engine.hold(held.group_by("session").agg(length=_.count()))
    long = sizes.filter(_.length > most).select("session")
    counted = engine.fetch(sizes.agg(sessions=_.count(), long=(_.length > most).cast("int64").sum())).iloc[0]
    sessions = int(counted["sessions"])
    if not sessions or not counted["long"]:
        engine.release(sizes)
        return _Lines(held, sessions)
    newest_first = ibis.window(group_by="session", order_by=ibis.desc("last"))
    met = _one_per_item(log.semi_join(long, "session"), {**facts, "last": _.position.max()})
    cut = met.mutate(age=ibis.row_number().over(newest_first)).filter(_.age < most).select(*held.columns)
    capped = engine.hold(held.anti_join(long, "session").union(cut))
    engine.release(held, sizes)
    return _Lines(capped, sessions)


def _one_per_item(log: ibis.Table, facts: Mapping[str, ibis.Deferred]) -> ibis.Table:
    met = log.group_by(["session", "item"]).agg(**facts)
    return met.filter(_.viewed).drop("viewed") if "viewed" in facts else met


def _per_item(engine: Engine, lines: ibis.Table) -> ibis.Table:
    return engine.hold(lines.group_by("item").agg(count=_.count()))


def is_weighed(config: PairConfig) -> bool:
    """Tell whether some sessions weigh more than others; else weights are counts and cost nothing."""
    return config.half_life_days is not None or config.length_power > 0 or config.distance_decay < 1


def _weighed(lines: ibis.Table, config: PairConfig, newest: pd.Timestamp | None) -> ibis.Table:
    """Give sessions a weight by age and length, and their items a place."""
    if not is_weighed(config):
        return lines
    of_session = ibis.window(group_by="session")
    weight = ibis.greatest(lines["item"].count().over(of_session) - 1, 1).cast("float64") ** -config.length_power
    if config.half_life_days is not None and newest is not None:
        age = (ibis.literal(newest).epoch_seconds() - lines.latest.max().over(of_session).epoch_seconds()) / _DAY
        weight = weight * ibis.literal(0.5) ** (age / config.half_life_days)
    place = ibis.row_number().over(ibis.window(group_by="session", order_by="last"))
    return lines.mutate(weight=weight, place=place)


def _similar_pairs(viewed: ibis.Table, config: PairConfig, among: ibis.Table | None) -> ibis.Table:
    left, right = viewed, viewed.view()
    met = [left.session == right.session, left.item < right.item, ~(left.purchased & right.purchased)]
    weight = {"weight": _pair_weight(left, right, config)} if is_weighed(config) else {}
    pairs = left.join(right, met).select(left=left.item, right=right.item, **weight)
    if among is not None:
        pairs = pairs.semi_join(among, ["left", "right"])
    pairs = pairs.group_by(["left", "right"])
    if not is_weighed(config):
        return pairs.agg(count=_.count().cast("int32"))
    return pairs.agg(count=_.count(), weight=_.weight.sum())


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
            name: table[name] * factor
            if name.startswith("weight")
            else table[name].cast("int64") * (1 if factor > 0 else -1)
            for name in values
        }
        signed.append(table.select(*keys, **scaled))
    whole = signed[0]
    for table in signed[1:]:
        whole = whole.union(table)
    values = [name for name in whole.columns if name not in keys]
    return whole.group_by(list(keys)).agg(**{name: whole[name].sum() for name in values}).filter(_["count"] > 0)

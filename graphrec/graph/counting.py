"""Events -> pair counts, as one set of Ibis expressions: which items met, in how many sessions, who came first."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
from ibis import _

from graphrec.config import GraphConfig
from graphrec.events import KINDS, Events

VIEW, PURCHASE = KINDS.index("view"), KINDS.index("purchase")


@dataclass(frozen=True)
class Counts:
    """What the log says of pairs and of single items, before anything is pruned.

    Parameters
    ----------
    similar : DataFrame
        In no order: `left < right` (codes), `count`: sessions that viewed both and bought at most one.
    complement : DataFrame
        `left < right`, `count`: baskets that hold both; `left_first`, `right_first`: those in which one
        was bought strictly before the other.
    viewed, bought : ndarray
        `(items,) int64`: view sessions and baskets that hold the item.
    view_sessions, baskets : int
        How many there are in all.
    """

    similar: pd.DataFrame
    complement: pd.DataFrame
    viewed: np.ndarray
    bought: np.ndarray
    view_sessions: int
    baskets: int


def count_pairs(events: Events, config: GraphConfig) -> Counts:
    """Count similar and complement pairs of a log.

    A basket is what one session bought (an order, where the log has orders). Only the last
    `max_session_items` / `max_basket_items` distinct items of a session are paired.
    """
    connection = ibis.duckdb.connect(memory_limit=config.memory_limit)
    try:
        frame = events.frame[["session", "item", "kind", "time"]].assign(position=np.arange(len(events)))
        log = connection.create_table("log", frame)
        bought = _last_items(_first_meetings(log.filter(_.kind == PURCHASE)), config.complement.max_basket_items)
        bought = connection.create_table("bought", bought)
        viewed = _last_items(_first_meetings(log.filter(_.kind == VIEW)), config.similar.max_session_items)
        viewed = connection.create_table("viewed", _with_purchase(viewed, bought))
        items = len(events.catalogue)
        return Counts(
            similar=_similar_pairs(viewed, config.similar.min_count).to_pandas(),
            complement=_complement_pairs(bought, config.complement.min_count).to_pandas(),
            viewed=_sessions_per_item(viewed, items),
            bought=_sessions_per_item(bought, items),
            view_sessions=int(viewed.session.nunique().to_pandas()),
            baskets=int(bought.session.nunique().to_pandas()),
        )
    finally:
        connection.disconnect()


def _first_meetings(log: ibis.Table) -> ibis.Table:
    """Keep one row per session and item: its first time and its last place in the session."""
    return log.group_by(["session", "item"]).agg(time=_.time.min(), last_position=_.position.max())


def _last_items(lines: ibis.Table, most: int) -> ibis.Table:
    """Cap long sessions at their last distinct items."""
    newest_first = ibis.window(group_by="session", order_by=ibis.desc("last_position"))
    return lines.mutate(age=ibis.row_number().over(newest_first)).filter(_.age < most).drop("age", "last_position")


def _with_purchase(viewed: ibis.Table, bought: ibis.Table) -> ibis.Table:
    """Mark which viewed items the session also bought."""
    marks = bought.select("session", "item", purchased=ibis.literal(True))
    joined = viewed.left_join(marks, ["session", "item"])
    return joined.select("session", "item", purchased=_.purchased.fill_null(False))


def _similar_pairs(viewed: ibis.Table, min_count: int) -> ibis.Table:
    left, right = viewed, viewed.view()
    both = left.join(right, [left.session == right.session, left.item < right.item])
    pairs = both.select(left=left.item, right=right.item, both_bought=left.purchased & right.purchased)
    counted = pairs.filter(~_.both_bought).group_by(["left", "right"]).agg(count=_.count())
    return counted.filter(_["count"] >= min_count)


def _complement_pairs(bought: ibis.Table, min_count: int) -> ibis.Table:
    left, right = bought, bought.view()
    both = left.join(right, [left.session == right.session, left.item < right.item])
    pairs = both.select(
        left=left.item,
        right=right.item,
        left_first=left.time < right.time,
        right_first=right.time < left.time,
    )
    counted = pairs.group_by(["left", "right"]).agg(
        count=_.count(),
        left_first=_.left_first.cast("int64").sum().fill_null(0),
        right_first=_.right_first.cast("int64").sum().fill_null(0),
    )
    return counted.filter(_["count"] >= min_count)


def _sessions_per_item(lines: ibis.Table, items: int) -> np.ndarray:
    counted = lines.group_by("item").agg(sessions=_.count()).to_pandas()
    sessions = np.zeros(items, dtype=np.int64)
    sessions[counted["item"].to_numpy()] = counted["sessions"].to_numpy()
    return sessions

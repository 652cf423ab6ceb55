"""Events -> Examination: the numbers that a person, the findings and the verdicts go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
from ibis import _

from graphrec.compute.engine import Engine
from graphrec.config import Config, EventsConfig
from graphrec.events import KINDS, PURCHASE, Catalogue, Events, RowCounts, describe_kinds, packed_items
from graphrec.graph.counting import PairTotals, count_pairs

TOGETHER = (1, 3, 10)
"""Times that a pair was bought together: once may be chance, three times is a habit, ten times a fact."""

_BASKET_SIZES = 20
"""Baskets of more items are counted as one size."""
_TYPES_SHOWN = 20
_DAY = 86_400


@dataclass(frozen=True)
class Examination:
    """What a log holds.

    Parameters
    ----------
    rows : RowCounts
        Where its rows went.
    kinds : mapping
        Events of each kind.
    first, last : str or None
        Times of the first and the last event, ISO; None in a log without times.
    whole_days : bool
        Whether all times are whole days, so that the order within a session is not known by time.
    sessions, sessions_of_two, longest_sessions : int
        Sessions in all, with two or more different items, and those that last more than a day.
    ordered_sessions : int
        Sessions of two or more different items that were looked at or carted, in a known order.
    users : int
    baskets, baskets_of_two : int
    basket_sizes : sequence of int
        Baskets of 1, 2, ... items; the last place counts the larger ones too.
    items, touched, bought : int
        Items in all, with an event, with a purchase.
    known : mapping of str to float
        Share of the items with a title, type, category path, brand, price; and of the bought ones with a co-purchase.
    types : int
        Different types.
    pairs_together : mapping of int to int
        Pairs bought together at least so many times.
    items_together : mapping of int to float
        Share of the bought items that have such a pair.
    type_pairs_together : float
        Co-purchases that fall on pairs of types seen ten times or more, as a share of all between known types.
    per_day : DataFrame
        `day`, `kind`, `events`; empty in a log without times.
    popularity : ndarray
        Events of each touched item, the most first.
    staples : mapping of str to float
        Items of more than `lists.staple_share` of all baskets -> their share, the largest first.
    type_transition : DataFrame
        Co-purchases between the types that have most: rows are what was bought, columns what with it; shares of rows.
    packed : str or None
        What reads the items of a cell as several, where the ids look like cells of several.
    zone_unknown : bool
        Whether pauses are measured between times that name no zone, as far as the settings tell.
    placeholders : mapping of str to str
        Word -> a value such as '0' that stands in more than a tenth of the items and may mean missing.
    prices : ndarray
        Prices of items.
    """

    rows: RowCounts
    kinds: Mapping[str, int]
    first: str | None
    last: str | None
    whole_days: bool
    sessions: int
    sessions_of_two: int
    longest_sessions: int
    ordered_sessions: int
    users: int
    baskets: int
    baskets_of_two: int
    basket_sizes: Sequence[int]
    items: int
    touched: int
    bought: int
    known: Mapping[str, float]
    types: int
    pairs_together: Mapping[int, int]
    items_together: Mapping[int, float]
    type_pairs_together: float
    per_day: pd.DataFrame
    popularity: np.ndarray
    staples: Mapping[str, float]
    type_transition: pd.DataFrame
    packed: str | None
    zone_unknown: bool
    placeholders: Mapping[str, str]
    prices: np.ndarray


def examine(events: Events, config: Config) -> Examination:
    """Count everything once, on the engine that the configuration names."""
    catalogue, facts = events.catalogue, events.facts
    with events.connections.configured() as engine:
        log = events.table(engine)
        totals = count_pairs(engine, log, log, config.graph, facts.last)
        sessions = _session_facts(engine, log)
        sizes = _basket_sizes(engine, log)
        per_day = _per_day(engine, log) if events.has_time else pd.DataFrame({"day": [], "kind": [], "events": []})
        baskets = engine.fetch(totals.bought).set_index("item")["count"]
        bought = len(baskets)
        pairs = {times: _pairs_at_least(engine, totals, times) for times in TOGETHER}
        items = {times: _items_at_least(engine, totals, times) / max(bought, 1) for times in TOGETHER}
        type_pairs = _type_pairs(engine, totals, catalogue)
    frame = catalogue.frame
    known = {name: float(frame[name].notna().mean()) for name in ("title", "type", "category_path", "brand", "price")}
    popularity = np.sort(facts.per_item[facts.per_item > 0])[::-1]
    first, last = (None if time is None else time.isoformat() for time in (facts.first, facts.last))
    return Examination(
        rows=events.counts,
        kinds=describe_kinds(events),
        first=first,
        last=last,
        whole_days=bool(events.has_time and sessions["finer"] == 0 and not _orders_days(config.events)),
        sessions=facts.sessions,
        sessions_of_two=sessions["of_two"],
        longest_sessions=sessions["long"],
        ordered_sessions=sessions["looked"],
        users=sessions["users"],
        baskets=totals.baskets,
        baskets_of_two=int(sum(sizes[1:])),
        basket_sizes=sizes,
        items=len(catalogue),
        touched=len(popularity),
        bought=bought,
        known=known | {"co-purchase": items[1]},
        types=int(frame["type"].nunique()),
        pairs_together=pairs,
        items_together=items,
        type_pairs_together=_share_of_frequent(type_pairs),
        per_day=per_day,
        popularity=popularity,
        staples=_staples(baskets / max(totals.baskets, 1), catalogue, config.lists.staple_share),
        type_transition=_heaviest_types(type_pairs),
        packed=packed_items(catalogue, config.events),
        zone_unknown=events.has_time and _zone_unknown(config.events),
        placeholders=_placeholders(frame),
        prices=frame["price"].dropna().to_numpy(),
    )


def _orders_days(config: EventsConfig) -> bool:
    """Tell whether a number beside the day says what came first."""
    return isinstance(config.columns.get("time"), list)


def _zone_unknown(config: EventsConfig) -> bool:
    by_pauses = config.reader == "columns" and not {"session", "order"} & config.columns.keys()
    known = config.time_zone != "UTC" or config.time_format in ("s", "ms", "us") or "%z" in (config.time_format or "")
    return by_pauses and not known


def _staples(share: pd.Series, catalogue: Catalogue, least: float) -> dict[str, float]:
    """Name the items, by code, whose share of the baskets is above the least, the largest first."""
    large = share[share > least].sort_values(ascending=False, kind="stable")
    return dict(zip(catalogue.items[large.index.to_numpy()], large.tolist(), strict=True))


def _session_facts(engine: Engine, log: ibis.Table) -> dict[str, int]:
    """Count sessions of several kinds, users, and times that are no whole days."""
    looked = _.kind != PURCHASE
    sessions = log.group_by("session").agg(
        varied=_["item"].min() < _["item"].max(),
        looked=_["item"].min(where=looked) < _["item"].max(where=looked),
        seconds=_.time.max().epoch_seconds() - _.time.min().epoch_seconds(),
    )
    counted = sessions.agg(
        of_two=_.varied.cast("int64").sum(),
        looked=_.looked.fill_null(False).cast("int64").sum(),
        long=(_.seconds > _DAY).fill_null(False).cast("int64").sum(),
    )
    seconds = log.time.epoch_seconds() % _DAY
    whole = log.agg(users=_.user.nunique(), finer=(seconds != 0).fill_null(False).cast("int64").sum())
    rows = pd.concat([engine.fetch(counted).iloc[0], engine.fetch(whole).iloc[0]])
    return {str(name): int(value) for name, value in rows.items()}


def _basket_sizes(engine: Engine, log: ibis.Table) -> list[int]:
    lines = log.filter(_.kind == PURCHASE).group_by("basket").agg(size=_["item"].nunique())
    capped = lines.mutate(size=ibis.least(_["size"], _BASKET_SIZES)).group_by("size").agg(baskets=_.count())
    counted = engine.fetch(capped).set_index("size")["baskets"]
    return [int(counted.get(size, 0)) for size in range(1, _BASKET_SIZES + 1)]


def _per_day(engine: Engine, log: ibis.Table) -> pd.DataFrame:
    per_day = log.mutate(day=_.time.truncate("D")).group_by(["day", "kind"]).agg(events=_.count())
    frame = engine.fetch(per_day.order_by("day", "kind"))
    return frame.assign(kind=np.array(KINDS)[frame["kind"].to_numpy(dtype=int)])


def _pairs_at_least(engine: Engine, totals: PairTotals, times: int) -> int:
    kept = totals.complement.filter(_["count"] >= times)
    return int(engine.fetch(kept.agg(pairs=_.count()))["pairs"].iloc[0])


def _items_at_least(engine: Engine, totals: PairTotals, times: int) -> int:
    kept = totals.complement.filter(_["count"] >= times)
    ends = kept.select(item=_.left).union(kept.select(item=_.right))
    return int(engine.fetch(ends.agg(items=_["item"].nunique()))["items"].iloc[0])


def _type_pairs(engine: Engine, totals: PairTotals, catalogue: Catalogue) -> pd.DataFrame:
    """Count co-purchases between different items by their types: `left`, `right`, `count`, in both directions."""
    names = catalogue.frame["type"]
    codes, types = pd.factorize(names, sort=True)
    beside = pd.DataFrame({"item": np.arange(len(names), dtype=np.int32), "type": codes.astype(np.int32)})
    beside = beside[beside["type"] >= 0]
    if beside.empty:
        return pd.DataFrame({"left": [], "right": [], "count": []})
    of_item = ibis.memtable(beside)
    left = of_item.select(left=_["item"], left_type=_["type"])
    right = of_item.select(right=_["item"], right_type=_["type"])
    typed = totals.complement.join(left, "left").join(right, "right")
    frame = engine.fetch(typed.group_by(["left_type", "right_type"]).agg(count=_["count"].sum()))
    turned = frame.rename(columns={"left_type": "right_type", "right_type": "left_type"})
    both = pd.concat([frame, turned]).groupby(["left_type", "right_type"], as_index=False)["count"].sum()
    named = {side: np.asarray(types)[both[f"{side}_type"].to_numpy(dtype=int)] for side in ("left", "right")}
    return pd.DataFrame(named | {"count": both["count"].to_numpy()})


def _share_of_frequent(type_pairs: pd.DataFrame) -> float:
    """Share of the co-purchases that fall on pairs of types with ten or more."""
    count = type_pairs["count"].to_numpy(dtype=float)
    return float(count[count >= TOGETHER[-1]].sum() / max(count.sum(), 1.0))


def _heaviest_types(type_pairs: pd.DataFrame) -> pd.DataFrame:
    """Lay out the transition between the types that have most co-purchases; rows sum to at most 1."""
    heaviest = type_pairs.groupby("left")["count"].sum().nlargest(_TYPES_SHOWN).index
    table = type_pairs.pivot_table(index="left", columns="right", values="count", aggfunc="sum", fill_value=0)
    share = table.div(table.sum(axis=1), axis=0)
    return share.reindex(index=heaviest, columns=heaviest).fillna(0.0)


def _placeholders(frame: pd.DataFrame) -> dict[str, str]:
    """Find values that look like facts and may mean that there is none."""
    suspects = {"0", "-1", "unknown", "none", "n/a", "na", "null", "nan", "-", "?", "other", "undefined", "(not set)"}
    found = {}
    for word in ("title", "type", "brand"):
        values = frame[word].dropna().str.lower()
        likely = values[values.isin(suspects)].value_counts()
        if len(likely) and likely.iloc[0] > 0.1 * len(frame):
            found[word] = str(likely.index[0])
    return found

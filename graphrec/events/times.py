"""Times as a shop writes them -> UTC without a zone, and the order of what happened on a day."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import ibis

from graphrec.config import EventsConfig
from graphrec.errors import EventsError
from graphrec.events.duckdb_functions import make_timestamp, refusal_of, to_local, to_utc, try_strptime
from graphrec.events.files import LINE
from graphrec.events.words import DAY, SEQUENCE, as_text

_EPOCH_UNITS: Mapping[str, int] = {"s": 1_000_000, "ms": 1_000, "us": 1}
"""Time formats that count from 1970 -> microseconds in their unit."""
_OFFSET = r"(:\d{2}(?:\.\d+)?)\s*([+-]\d{2}):?(\d{2})$"
_NAMES_A_ZONE = r":\d{2}(?:\.\d+)?\s*(?:[+-]\d{2}.*|[A-Za-z][A-Za-z/_]*)$"
_NUMBER = r"^\d+(?:\.\d+)?$"


def with_times(table: ibis.Table, config: EventsConfig, view: Callable[[ibis.Table], ibis.Table]) -> ibis.Table:
    """Add `typed_time`, in UTC without a zone and null where it cannot be parsed, and `place`, the order within a day.

    Parameters
    ----------
    table : ibis.Table
        In graphrec's words.
    config : EventsConfig
    view : callable
        Gives a step a name of its own.
    """
    if "time" not in table.columns:
        return table.mutate(typed_time=ibis.null("timestamp"), place=ibis.null("float64"))
    time, known = _parsed(table.time, config)
    place = ibis.null("float64")
    if DAY in table.columns:
        numbered = time.isnull() & table[SEQUENCE].re_search(_NUMBER).fill_null(False)
        time = ibis.ifelse(numbered, _parsed(table[DAY], config)[0], time)
        place = ibis.ifelse(numbered, table[SEQUENCE].try_cast("float64"), place)
    if not needs_lines(config):
        return table.mutate(typed_time=time, place=place)
    table = view(table.mutate(typed_time=time, place=place, zone_known=known))
    return _in_utc(table, config, view).drop("zone_known")


def refuse_odd_format(connection: Any, time_format: str | None) -> None:  # noqa: ANN401 - ibis publishes no type
    """Refuse letters that strptime does not know.

    Raises
    ------
    EventsError
    """
    if time_format is None or time_format in _EPOCH_UNITS:
        return
    wrong = refusal_of(connection, "try_strptime('', ?)", time_format)
    if wrong is not None:
        raise EventsError(
            f"events.time_format {time_format!r} is no format of times ({wrong}); write it as strftime does, "
            "'%d.%m.%Y %H:%M' for example, or set 's', 'ms' or 'us'"
        )


def needs_lines(config: EventsConfig) -> bool:
    """Tell whether an hour that the clocks repeat has to be told apart by the order of lines."""
    return config.time_zone != "UTC" and config.time_format not in _EPOCH_UNITS


def _parsed(value: ibis.Value, config: EventsConfig) -> tuple[ibis.Value, ibis.Value]:
    """Parse a time, and tell whether it needs no zone: it names one, or is a day."""
    kind = value.type()
    if kind.is_date() or kind.is_timestamp():
        return value.cast("timestamp"), ibis.literal(kind.is_date() or kind.timezone is not None)
    unit = _EPOCH_UNITS.get(config.time_format or "")
    if unit is not None:
        ticks = value.try_cast("int64")
        in_reach = ticks.abs() < 10**16 // unit
        return ibis.ifelse(in_reach, make_timestamp(ticks * unit), ibis.null("timestamp")), ibis.literal(True)
    text = as_text(value)
    if config.time_format is not None:
        known = re.search("%[zZ]", config.time_format) is not None or not re.search("%[HIcXT]", config.time_format)
        return try_strptime(text, config.time_format).cast("timestamp"), ibis.literal(known)
    plain = text.try_cast("timestamp('UTC')")
    time = ibis.coalesce(plain, text.re_replace(_OFFSET, r"\1\2:\3").try_cast("timestamp('UTC')")).cast("timestamp")
    return time, text.re_search(_NAMES_A_ZONE) | ~text.contains(":")


def _in_utc(table: ibis.Table, config: EventsConfig, view: Callable[[ibis.Table], ibis.Table]) -> ibis.Table:
    """Turn local times into UTC.

    Of an hour that the clocks repeat, a user's rows are of the second one as soon as a row is earlier than the one
    before it.
    """
    zone = ibis.literal(config.time_zone)
    later = to_utc(zone, table.typed_time).cast("timestamp")
    table = view(table.mutate(later=ibis.ifelse(table.zone_known, table.typed_time, later)))
    earlier = table.later - ibis.interval(hours=1)
    repeated = ~table.zone_known & (to_local(zone, earlier.cast("timestamp('UTC')")) == table.typed_time)
    table = view(table.mutate(repeated=repeated.fill_null(False), day=table.typed_time.date()))
    who = [word for word in ("user", "session", "order") if word in table.columns][:1]
    within = [*who, "day", "repeated"]
    before = table.typed_time.lag().over(ibis.window(group_by=within, order_by=LINE))
    table = view(table.mutate(goes_back=(table.typed_time < before).fill_null(False).cast("int64")))
    turned = table.goes_back.sum().over(ibis.cumulative_window(group_by=within, order_by=LINE))
    table = view(table.mutate(turned=turned))
    first = table.repeated & (table.turned == 0)
    time = ibis.ifelse(first, table.later - ibis.interval(hours=1), table.later)
    table = view(table.mutate(typed_time=time).order_by(LINE))
    return table.drop("later", "repeated", "day", "goes_back", "turned")

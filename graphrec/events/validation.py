"""The border: words of a log -> typed columns, every row that breaks a rule marked with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import ibis

from graphrec.config import EventsConfig
from graphrec.errors import EventsError
from graphrec.events.duckdb_functions import hash_text, make_timestamp, refusal_of, try_strptime
from graphrec.events.files import DAMAGE, FILE
from graphrec.events.tables import CATALOGUE_COLUMNS, KINDS
from graphrec.events.words import (
    AS_IT_STANDS,
    FILTERED,
    LOG_WORDS,
    UNREAD,
    UNREAD_IN,
    Words,
    as_number,
    as_text,
    without_missing,
)

_RETURN = "quantity: 0 or less, a return"

_NO_NUMBER = "fix them, or name what stands for no value under events.missing"

_EPOCH_UNITS: Mapping[str | None, int] = {"s": 1_000_000, "ms": 1_000, "us": 1}
"""Time formats that count from 1970 -> microseconds in their unit."""

_END_OF_TIME = date(2200, 1, 1)
"""No log reaches this far; 'infinity' is a time to DuckDB."""


@dataclass(frozen=True)
class Rule:
    """What rows of a column may break.

    Parameters
    ----------
    column : str
        The offender, by its name in the user's table.
    rule : str
        What its values are instead of what they should be.
    word : str
        The column in graphrec's words, for the example in the message.
    broken : ibis.Value
        True for rows that break it, never null.
    cure : str
        What a user may do.
    """

    column: str
    rule: str
    word: str
    broken: ibis.Value
    cure: str = "fix them"

    def text(self, table: ibis.Table) -> ibis.Value:
        """Read the value that broke it."""
        return _text_of(table, self.word).fill_null("missing")

    @property
    def reason(self) -> str:
        """Name the rule and the offender, the key under which rows are counted."""
        return f"{self.column}: {self.rule}"


def typed_columns(connection: Any, words: Words, config: EventsConfig) -> tuple[ibis.Table, Sequence[Rule]]:  # noqa: ANN401
    """Turn words into times, kinds, prices and hashed ids, and mark the rows that are not to be used.

    Returns
    -------
    ibis.Table
        `item` and the catalogue's words (text), `key` (int64 hash of the item), `session`, `order`, `user` (int64
        hashes, null unknown), `kind` (int8), `time`, `price`, `quantity` (float64), `file`; `filtered`, `rejected`,
        `offender`, `text` (null for good rows).
    sequence of Rule
        In the order in which they are held against a row.
    """
    _refuse_odd_format(connection, config.time_format)
    words = without_missing(words, config, LOG_WORDS, "events")
    # Each step is a view of its own: Ibis would else write every expression out wherever its name is used.
    table = _step(connection, words.table)
    table = _step(
        connection,
        table.mutate(
            kind_code=_kind_code(table, config),
            typed_time=_time(table, config),
            typed_price=_number(table, "price"),
            typed_quantity=_number(table, "quantity"),
        ),
    )
    rules = _rules(words, table, config)
    # A row that a keep rule leaves out, or that lies in the future, is not judged.
    ahead = _ahead(table, config)
    judged = table[FILTERED].isnull() & ~ahead
    table = _step(
        connection,
        table.mutate(
            rule=ibis.cases(*((judged & rule.broken, place) for place, rule in enumerate(rules))),
            unwanted=ibis.coalesce(
                table[FILTERED],
                ibis.ifelse(ahead, "time: not before events.before", ibis.null("string")),
                ibis.ifelse((table.kind_code < 0).fill_null(False), "kind: ignored", ibis.null("string")),
                ibis.ifelse((table.typed_quantity <= 0).fill_null(False), _RETURN, ibis.null("string")),
            ),
        ),
    )
    good = table.rule.isnull()
    rejected = ibis.cases(*((table.rule == place, rule.reason) for place, rule in enumerate(rules)))
    offender = ibis.cases(*((table.rule == place, rule.text(table)) for place, rule in enumerate(rules)))
    facts = {word: _text_of(table, word) for word in CATALOGUE_COLUMNS if word != "price"}
    typed = table.select(
        **facts,
        **_ids(table),
        kind=table.kind_code.cast("int8"),
        time=table.typed_time,
        price=table.typed_price,
        quantity=table.typed_quantity,
        file=table[FILE],
        filtered=ibis.ifelse(good, table.unwanted, ibis.null("string")),
        rejected=ibis.ifelse(good, ibis.null("string"), rejected),
        offender=ibis.ifelse(good, ibis.null("string"), offender),
        text=ibis.ifelse(good, ibis.null("string"), _in_words(table)),
    )
    return typed, rules


def _refuse_odd_format(connection: Any, time_format: str | None) -> None:  # noqa: ANN401
    """Refuse letters that strptime does not know."""
    if time_format is None or time_format in _EPOCH_UNITS:
        return
    wrong = refusal_of(connection, "try_strptime('', ?)", time_format)
    if wrong is not None:
        raise EventsError(
            f"events.time_format {time_format!r} is no format of times ({wrong}); write it as strftime does, "
            "'%d.%m.%Y %H:%M' for example, or set 's', 'ms' or 'us'"
        )


def _step(connection: Any, table: ibis.Table) -> ibis.Table:  # noqa: ANN401
    return connection.create_view(f"step_{uuid4().hex}", table)


def _rules(words: Words, table: ibis.Table, config: EventsConfig) -> list[Rule]:
    """List what no row may break, in the order in which a row is judged."""
    rules = [Rule("line", "are no JSON objects", DAMAGE, table[DAMAGE].notnull())]
    # Of session, user and order the first that the log has must be there.
    anchor = next((word for word in ("session", "user", "order") if word in table.columns), None)
    if anchor is None:
        raise EventsError("a log needs one of 'session', 'order' or 'user'; map it under events.columns")
    rules += [Rule(words.names[word], "are missing", word, table[word].isnull()) for word in ("item", anchor)]
    if "kind" in table.columns:
        cure = "map them under events.kinds (view, cart, purchase or ignore)"
        rules.append(Rule(words.names["kind"], "are no known event kind", "kind", table.kind_code.isnull(), cure))
    if "time" in table.columns:
        name, day = words.names["time"], table.typed_time.date()
        latest = config.latest or _END_OF_TIME
        cure, there = "set events.time_format, or fix them", _text_of(table, "time").notnull()
        rules += [
            Rule(name, "are missing", "time", ~there),
            Rule(name, "are no times", "time", table.typed_time.isnull() & there, cure),
            Rule(name, f"lie before {config.earliest}", "time", day < config.earliest, "set events.earliest"),
            Rule(name, f"lie after {latest}", "time", day > latest, "set events.latest"),
        ]
    for asked in dict.fromkeys(rule.column for rule in config.keep if rule.above is not None):
        unread = (table[UNREAD_IN] == asked).fill_null(False)
        rules.append(Rule(asked, "are no numbers", UNREAD, unread, _NO_NUMBER))
    for word in ("price", "quantity"):
        if word in table.columns:
            wrong = table[f"typed_{word}"].isnull() & _text_of(table, word).notnull()
            rules.append(Rule(words.names[word], "are no numbers", word, wrong, _NO_NUMBER))
    if "price" in table.columns:
        negative = (table.typed_price < 0).fill_null(False)
        rules.append(Rule(words.names["price"], "are below zero", "price", negative))
    return rules


def complaint(rule: Rule, rows: int, first: str, row: int) -> str:
    """Say in one line which rule rows break."""
    example = "missing" if first == "missing" else repr(first)
    return f"column '{rule.column}' has {rows:,} values that {rule.rule} (first: {example} at row {row}); {rule.cure}"


def _ids(table: ibis.Table) -> dict[str, ibis.Value]:
    """Hash ids: without a session column it stays null, to be found by pauses."""
    hashed = {
        word: hash_text(table[word]) if word in table.columns else ibis.null("int64")
        for word in ("session", "order", "user")
    }
    if "session" not in table.columns and "user" not in table.columns:
        hashed["session"] = hashed["order"]
    return hashed | {"key": hash_text(table["item"])}


def _text_of(table: ibis.Table, word: str) -> ibis.Value:
    """Read a word as text; those that a reader hands on as they stand are cleaned here."""
    if word not in table.columns:
        return ibis.null("string")
    return as_text(table[word]) if word in AS_IT_STANDS else table[word]


def _kind_code(table: ibis.Table, config: EventsConfig) -> ibis.Value:
    """Code the event kinds: -1 for one that is to be ignored, null for one that is not known."""
    if "kind" not in table.columns:
        if config.default_kind is None:
            raise EventsError(
                "the log has no kind column: map events.columns.kind, or say with events.default_kind "
                "what every row is (view, cart or purchase)"
            )
        return ibis.literal(KINDS.index(config.default_kind))
    meaning: dict[str, int] = {kind: KINDS.index(kind) for kind in KINDS}
    for kind, values in config.kinds.items():
        meaning |= {value: -1 if kind == "ignore" else KINDS.index(kind) for value in values}
    return ibis.cases(*((table.kind == value, code) for value, code in meaning.items()))


def _time(table: ibis.Table, config: EventsConfig) -> ibis.Value:
    """Parse times to UTC without a zone; what cannot be parsed is null."""
    if "time" not in table.columns:
        return ibis.null("timestamp")
    value = table.time
    if value.type().is_timestamp() or value.type().is_date():
        return value.cast("timestamp")
    unit = _EPOCH_UNITS.get(config.time_format)
    if unit is not None:
        ticks = value.try_cast("int64")
        in_reach = ticks.abs() < 10**16 // unit
        return ibis.ifelse(in_reach, make_timestamp(ticks * unit), ibis.null("timestamp"))
    if config.time_format is not None:
        return try_strptime(as_text(value), config.time_format).cast("timestamp")
    return as_text(value).try_cast("timestamp('UTC')").cast("timestamp")


def _ahead(table: ibis.Table, config: EventsConfig) -> ibis.Value:
    """Mark the rows that were not written yet at the moment that the log is looked at from."""
    if config.before is None:
        return ibis.literal(False)
    if "time" not in table.columns:
        raise EventsError("events.before needs times, and the log has none; map events.columns.time")
    return (table.typed_time >= ibis.literal(config.before)).fill_null(False)


def _number(table: ibis.Table, word: str) -> ibis.Value:
    """Read a number, null where there is none."""
    if word not in table.columns:
        return ibis.null("float64")
    return as_number(table[word])


def _in_words(table: ibis.Table) -> ibis.Value:
    """Write a row as 'item=..., price=...', or the whole line where it is damaged."""
    words = [word for word in LOG_WORDS if word in table.columns]
    parts = [ibis.literal(f"{word}=") + _text_of(table, word).fill_null("") for word in words]
    return ibis.coalesce(table[DAMAGE], ibis.literal(", ").join(parts))

"""The border: words of a log -> typed columns, every row that breaks a rule marked with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis

from graphrec.config import EventsConfig
from graphrec.errors import EventsError
from graphrec.events.duckdb_functions import hash_text, make_timestamp, try_strptime
from graphrec.events.files import DAMAGE, FILE
from graphrec.events.tables import CATALOGUE_COLUMNS, KINDS
from graphrec.events.words import FILTERED, Words, as_text

REJECTED, OFFENDER, TEXT = "rejected", "offender", "text"
"""Columns of a staged row that is bad: the reason, the value that broke the rule, the row in words."""

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
    broken : ibis.BooleanValue
        True for rows that break it, never null.
    value : ibis.Value
        The column, for the example in the message.
    cure : str
        What a user may do.
    """

    column: str
    rule: str
    broken: ibis.Value
    value: ibis.Value
    cure: str = "fix them"

    @property
    def reason(self) -> str:
        """Name the rule and the offender, the key under which rows are counted."""
        return f"{self.column}: {self.rule}"


def typed_columns(words: Words, config: EventsConfig) -> tuple[ibis.Table, Sequence[Rule]]:
    """Turn words into times, kinds, prices and hashed ids, and mark the rows that are not to be used.

    Returns
    -------
    ibis.Table
        `item` and the catalogue's words (text), `session`, `order`, `user` (int64 hashes, null unknown), `kind`
        (int8), `time`, `price`, `quantity` (float64), `file`; `filtered`, `rejected`, `offender`, `text` (null for
        good rows).
    sequence of Rule
        In the order in which they are held against a row.
    """
    table = words.table
    kind, known_kind, ignored = _kinds(table, config)
    time = _time(table, config)
    price, bad_price = _number(table, "price")
    quantity, bad_quantity = _number(table, "quantity")
    table = table.mutate(typed_time=time)
    time = table.typed_time
    rules = [
        Rule("line", "are no JSON objects", table[DAMAGE].notnull(), table[DAMAGE]),
        *_missing(words, table),
    ]
    if "kind" in table.columns:
        cure = "map them under events.kinds (view, cart, purchase or ignore)"
        rules.append(Rule(words.names["kind"], "are no known event kind", ~known_kind, as_text(table.kind), cure))
    if "time" in table.columns:
        name, text = words.names["time"], as_text(table.time)
        cure = "set events.time_format, or fix them"
        latest = config.latest or _END_OF_TIME
        rules += [
            Rule(name, "are no times", time.isnull(), text, cure),
            Rule(name, f"lie before {config.earliest}", time.date() < config.earliest, text, "set events.earliest"),
            Rule(name, f"lie after {latest}", time.date() > latest, text, "set events.latest"),
        ]
    if "price" in table.columns:
        name, text = words.names["price"], as_text(table.price)
        rules += [
            Rule(name, "are no numbers", bad_price, text),
            Rule(name, "are below zero", (price < 0).fill_null(False), text),
        ]
    if "quantity" in table.columns:
        rules.append(Rule(words.names["quantity"], "are no numbers", bad_quantity, as_text(table.quantity)))
    unwanted = ibis.coalesce(
        table[FILTERED],
        ibis.ifelse(ignored, "kind: ignored", ibis.null("string")),
        ibis.ifelse((quantity <= 0).fill_null(False), "quantity: 0 or less, a return", ibis.null("string")),
    )
    # A row that a keep rule leaves out is not judged; one of an ignored kind or a return may be bad first.
    judged = table[FILTERED].isnull()
    rejected = ibis.cases(*((judged & rule.broken, ibis.literal(rule.reason)) for rule in rules))
    offender = ibis.cases(*((rule.broken, rule.value.fill_null("missing")) for rule in rules))
    facts = {
        word: as_text(table[word]) if word in table.columns else ibis.null("string")
        for word in CATALOGUE_COLUMNS
        if word != "price"
    }
    typed = table.select(
        **facts,
        **_ids(table),
        kind=kind.cast("int8"),
        time=time,
        price=price,
        quantity=quantity,
        file=table[FILE],
        filtered=ibis.ifelse(rejected.isnull(), unwanted, ibis.null("string")),
        rejected=rejected,
        offender=ibis.ifelse(rejected.notnull(), offender, ibis.null("string")),
        text=ibis.ifelse(rejected.notnull(), _in_words(table), ibis.null("string")),
    )
    return typed, rules


def complaint(rule: Rule, rows: int, first: str, row: int) -> str:
    """Say in one line which rule rows break."""
    example = "missing" if first == "missing" else repr(first)
    return f"column '{rule.column}' has {rows:,} values that {rule.rule} (first: {example} at row {row}); {rule.cure}"


def _missing(words: Words, table: ibis.Table) -> list[Rule]:
    """Demand the item, and of session, user and order the first that the log has."""
    rules = [Rule(words.names["item"], "are missing", table["item"].isnull(), as_text(table["item"]))]
    anchor = next((word for word in ("session", "user", "order") if word in table.columns), None)
    if anchor is None:
        raise EventsError("a log needs one of 'session', 'order' or 'user'; map it under events.columns")
    rules.append(Rule(words.names[anchor], "are missing", table[anchor].isnull(), as_text(table[anchor])))
    return rules


def _ids(table: ibis.Table) -> dict[str, ibis.Value]:
    """Hash ids: without a session column it stays null, to be found by pauses."""
    hashed = {
        word: hash_text(as_text(table[word])) if word in table.columns else ibis.null("int64")
        for word in ("session", "order", "user")
    }
    if "session" not in table.columns and "user" not in table.columns:
        hashed["session"] = hashed["order"]
    return hashed


def _kinds(table: ibis.Table, config: EventsConfig) -> tuple[ibis.Value, ibis.Value, ibis.Value]:
    """Code the event kinds: the code, whether it is known, whether it is to be ignored."""
    if "kind" not in table.columns:
        if config.default_kind is None:
            raise EventsError(
                "the log has no kind column: map events.columns.kind, or say with events.default_kind "
                "what every row is (view, cart or purchase)"
            )
        return ibis.literal(KINDS.index(config.default_kind)), ibis.literal(True), ibis.literal(False)
    meaning: dict[str, int] = {kind: KINDS.index(kind) for kind in KINDS}
    for kind, values in config.kinds.items():
        meaning |= {value: -1 if kind == "ignore" else KINDS.index(kind) for value in values}
    code = ibis.cases(*((as_text(table.kind) == value, code) for value, code in meaning.items()))
    return code, code.notnull(), (code < 0).fill_null(False)


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
        return try_strptime(as_text(value), config.time_format)
    return as_text(value).try_cast("timestamp('UTC')").cast("timestamp")


def _number(table: ibis.Table, word: str) -> tuple[ibis.Value, ibis.Value]:
    """Read a number, null where there is none, and tell where something else stands."""
    if word not in table.columns:
        return ibis.null("float64"), ibis.literal(False)
    number = table[word].try_cast("float64")
    number = ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)
    return number, number.isnull() & as_text(table[word]).notnull()


def _in_words(table: ibis.Table) -> ibis.Value:
    """Write a row as 'item=..., price=...', or the whole line where it is damaged."""
    parts = [
        ibis.literal(f"{word}=") + as_text(table[word]).fill_null("")
        for word in table.columns
        if word not in (FILE, DAMAGE, FILTERED, "typed_time")
    ]
    return ibis.coalesce(table[DAMAGE], ibis.literal(", ").join(parts))

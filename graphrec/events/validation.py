"""The border: words of a log -> typed columns, every row that breaks a rule marked with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any
from uuid import uuid4

import ibis

from graphrec.config import EventsConfig
from graphrec.errors import EventsError
from graphrec.events import cures
from graphrec.events.copies import LOST
from graphrec.events.duckdb_functions import hash_text
from graphrec.events.files import DAMAGE, FILE, LINE, SHAPE
from graphrec.events.tables import CATALOGUE_COLUMNS, KINDS
from graphrec.events.times import refuse_odd_format, with_times
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

_END_OF_TIME = date(2200, 1, 1)
"""No log reaches this far; 'infinity' is a time to DuckDB."""


Cure = str | Callable[[str], str]


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
    cure : str or callable
        What a user may do; or the first offender -> what a user may do.
    spares : bool
        Whether a row that breaks it is used nevertheless, and lacks the fact alone.
    """

    column: str
    rule: str
    word: str
    broken: ibis.Value
    cure: Cure = "fix them"
    spares: bool = False

    def text(self, table: ibis.Table) -> ibis.Value:
        """Read the value that broke it."""
        return _text_of(table, self.word).fill_null("missing")

    @property
    def reason(self) -> str:
        """Name the rule and the offender, the key under which rows are counted."""
        return f"{self.column}: {self.rule}"


def typed_columns(
    connection: Any,  # noqa: ANN401
    words: Words,
    config: EventsConfig,
    *,
    lossy: bool = False,
) -> tuple[ibis.Table, Sequence[Rule]]:
    """Turn words into times, kinds, prices and hashed ids, and mark the rows that are not to be used.

    Parameters
    ----------
    connection : ibis.backends.duckdb.Backend
    words : Words
    config : EventsConfig
    lossy : bool
        Whether `LOST` stands where a file held bytes of another encoding.

    Returns
    -------
    ibis.Table
        `item` and the catalogue's words (text), `key` (int64 hash of the item), `session`, `order`, `user` (int64
        hashes, null unknown), `kind` (int8), `time`, `place` (order within a day), `price`, `quantity` (float64),
        `file`, `line` (null where every line is a row); `filtered`, `rejected`, `offender`, `text` (null for good
        rows); `damaged`: why a row that is used lacks a fact, with its `offender`.
    sequence of Rule
        In the order in which they are held against a row.
    """
    refuse_odd_format(connection, config.time_format)
    words = without_missing(words, config, LOG_WORDS, "events")
    # Each step is a view of its own: Ibis would else write every expression out wherever its name is used.
    table = _step(connection, words.table)
    table = _step(
        connection,
        table.mutate(
            kind_code=_kind_code(table, config),
            typed_price=_number(table, "price", config),
            typed_quantity=_number(table, "quantity", config),
        ),
    )
    table = _step(connection, with_times(table, config, partial(_step, connection)))
    rules = _rules(words, table, config, lossy=lossy)
    # A row that a keep rule leaves out, or that lies in the future, is not judged.
    ahead = _ahead(table, config)
    judged = table[FILTERED].isnull() & ~ahead
    table = _step(
        connection,
        table.mutate(
            rule=_first_broken(judged, rules, spares=False),
            loss=_first_broken(judged, rules, spares=True),
            unwanted=ibis.coalesce(
                table[FILTERED],
                ibis.ifelse(ahead, "time: not before events.before", ibis.null("string")),
                ibis.ifelse((table.kind_code < 0).fill_null(False), "kind: ignored", ibis.null("string")),
                ibis.ifelse((table.typed_quantity <= 0).fill_null(False), _RETURN, ibis.null("string")),
            ),
        ),
    )
    return _with_verdicts(table, rules), rules


def _with_verdicts(table: ibis.Table, rules: Sequence[Rule]) -> ibis.Table:
    """Say of each row what is used of it, and why it is filtered, rejected or lacks a fact."""
    good = table.rule.isnull()
    used = good & table.unwanted.isnull()
    told = ibis.coalesce(table.rule, table.loss)
    reason = ibis.cases(*((told == place, rule.reason) for place, rule in enumerate(rules)))
    offender = ibis.cases(*((told == place, rule.text(table)) for place, rule in enumerate(rules)))
    none = ibis.null("string")
    facts = {word: _text_of(table, word) for word in CATALOGUE_COLUMNS if word != "price"}
    return table.select(
        **facts,
        **_ids(table),
        kind=table.kind_code.cast("int8"),
        time=table.typed_time,
        place=table.place,
        price=table.typed_price,
        quantity=table.typed_quantity,
        file=table[FILE],
        line=table[LINE] if LINE in table.columns else ibis.null("int64"),
        filtered=ibis.ifelse(good, table.unwanted, none),
        rejected=ibis.ifelse(good, none, reason),
        damaged=ibis.ifelse(used, reason, none),
        offender=ibis.ifelse(good & ~used, none, offender),
        text=ibis.ifelse(good, none, _in_words(table)),
    )


def _first_broken(judged: ibis.Value, rules: Sequence[Rule], *, spares: bool) -> ibis.Value:
    """Find the first rule that a row breaks, among those that spare it or among those that do not."""
    branches = [(judged & rule.broken, place) for place, rule in enumerate(rules) if rule.spares == spares]
    return ibis.cases(*branches) if branches else ibis.null("int64")


def _step(connection: Any, table: ibis.Table) -> ibis.Table:  # noqa: ANN401
    return connection.create_view(f"step_{uuid4().hex}", table)


def _rules(words: Words, table: ibis.Table, config: EventsConfig, *, lossy: bool) -> list[Rule]:
    """List what no row may break, in the order in which a row is judged."""
    rules = [Rule("line", "are no JSON objects", DAMAGE, table[DAMAGE].notnull())]
    if SHAPE in table.columns:
        packed = config.explode is not None and config.explode.separator is None
        cure = f"{'set events.explode.separator' if packed else 'correct events.explode or events.reader'}, or fix them"
        said = "cannot be taken apart into items"
        rules.append(Rule(words.names.get("item", "item"), said, SHAPE, table[SHAPE].notnull(), cure))
    # Of session, user and order the first that the log has must be there.
    anchor = next((word for word in ("session", "user", "order") if word in table.columns), None)
    if anchor is None:
        raise EventsError("a log needs one of 'session', 'order' or 'user'; map it under events.columns")
    rules += [
        Rule(words.names[word], "are missing", word, table[word].isnull(), cures.of_missing(config, word))
        for word in ("item", anchor)
    ]
    if lossy:
        rules += _rules_of_bytes(words, table, config)
    if "kind" in table.columns:
        cure = "map them under events.kinds (view, cart, purchase or ignore)"
        rules.append(Rule(words.names["kind"], "are no known event kind", "kind", table.kind_code.isnull(), cure))
    if "time" in table.columns:
        name, day = words.names["time"], table.typed_time.date()
        latest = config.latest or _END_OF_TIME
        early, there = cures.of_early_time(config), _text_of(table, "time").notnull()
        rules += [
            Rule(name, "are missing", "time", ~there, cures.of_time(config)),
            Rule(name, "are no times", "time", table.typed_time.isnull() & there, cures.of_time(config)),
            Rule(name, f"lie before {config.earliest}", "time", day < config.earliest, early),
            Rule(name, f"lie after {latest}", "time", day > latest, "set events.latest"),
        ]
    for asked in dict.fromkeys(rule.column for rule in config.keep if rule.above is not None):
        unread = (table[UNREAD_IN] == asked).fill_null(False)
        rules.append(Rule(asked, "are no numbers", UNREAD, unread, cures.of_number(config)))
    for word in ("price", "quantity"):
        if word in table.columns:
            wrong = table[f"typed_{word}"].isnull() & _text_of(table, word).notnull()
            spares = word == "price" and config.on_bad_prices == "blank"
            rules.append(Rule(words.names[word], "are no numbers", word, wrong, cures.of_number(config), spares))
    if "price" in table.columns:
        negative = (table.typed_price < 0).fill_null(False)
        rules.append(Rule(words.names["price"], "are below zero", "price", negative))
    return rules


def _rules_of_bytes(words: Words, table: ibis.Table, config: EventsConfig) -> Iterator[Rule]:
    """List what bytes of another encoding may not hit: what tells rows apart; a fact may be damaged."""
    for word in ("item", "session", "order", "user", "kind", *CATALOGUE_COLUMNS[1:]):
        if word in table.columns and word != "price":
            hit = _text_of(table, word).contains(LOST).fill_null(False)
            said, cure = f"hold bytes that are no {config.encoding}", "set events.encoding, or fix them"
            spares = word in CATALOGUE_COLUMNS and word != "item"
            yield Rule(words.names.get(word, word), said, word, hit, cure, spares)


def complaint(rule: Rule, rows: int, first: str, row: int) -> str:
    """Say in one line which rule rows break."""
    example = "missing" if first == "missing" else repr(first)
    cure = rule.cure if isinstance(rule.cure, str) else rule.cure(first)
    return f"column '{rule.column}' has {rows:,} values that {rule.rule} (first: {example} at row {row}); {cure}"


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


def _ahead(table: ibis.Table, config: EventsConfig) -> ibis.Value:
    """Mark the rows that were not written yet at the moment that the log is looked at from."""
    if config.before is None:
        return ibis.literal(False)
    if "time" not in table.columns:
        raise EventsError("events.before needs times, and the log has none; map events.columns.time")
    return (table.typed_time >= ibis.literal(config.before)).fill_null(False)


def _number(table: ibis.Table, word: str, config: EventsConfig) -> ibis.Value:
    """Read a number, null where there is none."""
    if word not in table.columns:
        return ibis.null("float64")
    return as_number(table[word], config)


def _in_words(table: ibis.Table) -> ibis.Value:
    """Write a row as 'item=..., price=...', or the whole line where it is damaged."""
    words = [word for word in LOG_WORDS if word in table.columns]
    parts = [ibis.literal(f"{word}=") + _text_of(table, word).fill_null("") for word in words]
    return ibis.coalesce(table[DAMAGE], ibis.literal(", ").join(parts))

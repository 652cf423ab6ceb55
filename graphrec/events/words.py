"""Original columns -> graphrec's words, as Ibis expressions over a raw table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis

from graphrec.config import TableConfig
from graphrec.errors import EventsError
from graphrec.events.duckdb_functions import trim
from graphrec.events.files import DAMAGE, EMPTY, FILE, LINE, SHAPE, RawTable
from graphrec.events.tables import CATALOGUE_COLUMNS

Columns = Mapping[str, Sequence[str]]
"""graphrec's word -> the table's columns."""

DAY, SEQUENCE = "graphrec_day", "graphrec_sequence"
"""Columns of a time that is told in two parts: its day, and what may be a number that orders the day."""
FILTERED = "graphrec_filtered"
"""Column that names the rule of `keep` by which a row is left out; null for the others."""

LOG_WORDS = ("time", "session", "order", "user", "item", "kind", "quantity", *CATALOGUE_COLUMNS[1:])
_CURRENCY = r"^\s*(?:[A-Z]{1,2}\$|[A-Z]{3}|kr\.?|zł|Kč)\s*|\p{Sc}|\s*(?:[A-Z]{3}|kr\.?|zł|Kč)\s*$"
_ID_WORDS = frozenset({"session", "order", "user", "item", "parent"})
AS_IT_STANDS = frozenset({"time", "price", "quantity"})
"""Words that readers hand on with the type that the file gives them; all others are clean texts."""


@dataclass(frozen=True)
class Words:
    """A table in graphrec's words.

    Parameters
    ----------
    table : ibis.Table
        Columns among `LOG_WORDS` or `CATALOGUE_COLUMNS`, and what `passed_on` hands through.
    names : mapping of str to str
        Word -> what the user's table calls it, for messages.
    """

    table: ibis.Table
    names: Mapping[str, str]


def map_columns(config: TableConfig, raw: RawTable, known: Columns, words: Sequence[str], section: str) -> Columns:
    """Complete the columns that a reader knows by the mapping that a user wrote, and hold them against the table.

    Raises
    ------
    EventsError
        When a word does not exist or a column is not in the table.
    """
    for word in config.columns:
        if word not in words:
            raise EventsError(f"{section}.columns.{word}: there is no such word; use {', '.join(words)}")
    listed = {word: [names] if isinstance(names, str) else list(names) for word, names in config.columns.items()}
    columns = {**known, **listed}
    for word, names in columns.items():
        for name in names:
            if name not in raw.columns:
                raise EventsError(
                    f"column '{name}' (for '{word}') is not in {config.path}, which has {', '.join(raw.columns)}; "
                    f"correct {section}.columns.{word}{_or_baskets(raw)}"
                )
    return columns


def _or_baskets(raw: RawTable) -> str:
    """Say what lines of differing length may be, where the table is one of them."""
    fewest, most = raw.widths() if len(raw.columns) < 3 or raw.headless else (1, 1)
    if fewest == most:
        return ""
    return f"; its lines hold {fewest} to {most} fields: if each is a basket, set events.reader: baskets"


def apply_keep_rules(raw: RawTable, config: TableConfig, section: str) -> ibis.Table:
    """Mark the rows that a rule of `keep` does not want, each under the first such rule."""
    table = raw.table
    branches = [(table[EMPTY].notnull(), table[EMPTY])] if EMPTY in table.columns else []
    for rule in config.keep:
        if rule.column not in raw.columns:
            raise EventsError(f"{section}.keep names column '{rule.column}', which is not in {config.path}")
        value = table[rule.column]
        if rule.above is not None:
            wanted = as_number(value, config) > rule.above
            reason = f"{rule.column}: not above {rule.above:g}"
        elif rule.empty is not None:
            wanted = as_text(value).isnull() == rule.empty
            reason = f"{rule.column}: {'not ' if rule.empty else ''}empty"
        else:
            wanted = as_text(value).fill_null("").re_search(f"^(?:{rule.matches})")
            reason = f"{rule.column}: does not match {rule.matches}"
        branches.append((~wanted.fill_null(False), ibis.literal(reason)))
    filtered = ibis.cases(*branches) if branches else ibis.null("string")
    return table.mutate(**{FILTERED: filtered.cast("string")})


def to_words(table: ibis.Table, columns: Columns, missing: Mapping[str, Sequence[str]]) -> Words:
    """Give a table graphrec's words, joining the columns of composite ones.

    The parts of an id are all needed; of a type the first that is there is taken; the parts of another
    text that are there are joined by a blank. Texts that `missing` names for a word count as none.
    """
    words = {word: _word(table, word, names, missing.get(word, ())) for word, names in columns.items()}
    if len(columns.get("time", ())) == 2:
        day, number = columns["time"]
        words |= {DAY: table[day], SEQUENCE: as_text(table[number])}
    return Words(table.select(**words, **passed_on(table)), {word: "+".join(names) for word, names in columns.items()})


def passed_on(table: ibis.Table) -> dict[str, ibis.Value]:
    """Name the columns that every reader hands through."""
    return {name: table[name] for name in (FILE, DAMAGE, FILTERED, LINE, SHAPE) if name in table.columns}


def _word(table: ibis.Table, word: str, names: Sequence[str], missing: Sequence[str]) -> ibis.Value:
    if word in AS_IT_STANDS and len(names) == 1:
        return table[names[0]]
    texts = [as_text(table[name]) for name in names]
    if missing:
        texts = [ibis.ifelse(text.isin(missing), ibis.null("string"), text) for text in texts]
    if word in _ID_WORDS:
        return texts[0] if len(texts) == 1 else _all_joined(texts)
    if word == "type":
        return ibis.coalesce(*texts)
    if len(texts) == 1:
        return texts[0]
    joined = ibis.literal(" ").join([text.fill_null("") for text in texts])
    return joined.re_replace(r"\s+", " ").strip().nullif("")


def _all_joined(texts: Sequence[ibis.Value]) -> ibis.Value:
    joined = texts[0]
    for text in texts[1:]:
        joined = joined + "|" + text
    return joined


def as_number(value: ibis.Value, config: TableConfig) -> ibis.Value:
    """Read a number as a shop writes it, with a currency beside it; null where there is none."""
    if not value.type().is_string():
        return value.try_cast("float64")
    text = value.re_replace(_CURRENCY, "").re_replace(r"[\s\x{a0}\x{202f}]+", " ").strip()
    if config.thousands is None and config.decimal == ".":
        return ibis.coalesce(value.try_cast("float64"), text.try_cast("float64"))  # most need no cleaning
    group = r"[ ']" if config.thousands in (" ", "'") else re.escape(config.thousands or "")
    digits = rf"\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d+" if group else r"\d+"
    whole = text.re_search(rf"^[+-]?(?:{digits})?(?:{re.escape(config.decimal)}\d*)?$")
    plain = text.re_replace(group, "") if group else text
    plain = plain.replace(config.decimal, ".")
    return ibis.ifelse(whole, plain, ibis.null("string")).try_cast("float64")


def as_text(value: ibis.Value) -> ibis.Value:
    """Write a value as text without outer blanks, null for a blank one.

    Whole numbers that a missing value turned into floats lose their '.0'; the entries of a list are joined
    by '/'.
    """
    kind = value.type()
    if kind.is_floating():
        whole = (value == value.floor()) & (value.abs() < 2**53)
        value = ibis.ifelse(whole, value.cast("int64").cast("string"), value.cast("string"))
    elif kind.is_array():
        value = value.cast("array<string>").join("/")
    elif not kind.is_string():
        value = value.cast("string")
    # Trimming blanks alone costs a quarter of trimming tabs and line ends too, which the reader of lines removes.
    return trim(value).nullif("")

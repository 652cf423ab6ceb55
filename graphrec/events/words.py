"""Original columns -> graphrec's words, as Ibis expressions over a raw table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis

from graphrec.config import TableConfig
from graphrec.errors import EventsError
from graphrec.events.duckdb_functions import refusal_of, trim
from graphrec.events.files import DAMAGE, EMPTY, FILE, LINE, SHAPE, RawTable
from graphrec.events.tables import CATALOGUE_COLUMNS

Columns = Mapping[str, Sequence[str]]
"""graphrec's word -> the table's columns."""

DAY, SEQUENCE = "graphrec_day", "graphrec_sequence"
"""Columns of a time that is told in two parts: its day, and what may be a number that orders the day."""
FILTERED = "graphrec_filtered"
"""Column that names the rule of `keep` by which a row is left out; null for the others."""

UNREAD, UNREAD_IN = "graphrec_unread", "graphrec_unread_in"
"""Columns that hold a text of which a rule of `keep` asks a number, and the column that it stands in; mostly null."""

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
    """Mark the rows that a rule of `keep` does not want, each under the first such rule, and those it cannot judge.

    A text that is no number is not above one, nor below: its row is handed on with the text, to be rejected.

    Raises
    ------
    EventsError
        When a rule names a column that is not there, or what it matches is no regular expression.
    """
    table = raw.table
    unwanted = [(table[EMPTY].notnull(), table[EMPTY])] if EMPTY in table.columns else []
    unread = []
    for rule in config.keep:
        if rule.column not in raw.columns:
            raise EventsError(f"{section}.keep names column '{rule.column}', which is not in {config.path}")
        value = _known(table, rule.column, _missing_of_column(config, rule.column))
        text = as_text(value)
        if rule.above is not None:
            number = as_number(value, config)
            odd = text.notnull() & number.isnull()
            unread.append((odd, text, rule.column))
            wanted, reason = (number > rule.above) | odd, f"{rule.column}: not above {rule.above:g}"
        elif rule.empty is not None:
            wanted = text.isnull() == rule.empty
            reason = f"{rule.column}: {'not ' if rule.empty else ''}empty"
        else:
            expression = _expression(raw, str(rule.matches), f"{section}.keep for column '{rule.column}'")
            wanted = text.fill_null("").re_search(expression)
            reason = f"{rule.column}: does not match {rule.matches}"
        unwanted.append((~wanted.fill_null(False), ibis.literal(reason)))
    marks = {
        FILTERED: unwanted,
        UNREAD: [(odd, text) for odd, text, _ in unread],
        UNREAD_IN: [(odd, ibis.literal(column)) for odd, _, column in unread],
    }
    return table.mutate(
        **{name: (ibis.cases(*cases) if cases else ibis.null("string")).cast("string") for name, cases in marks.items()}
    )


def _expression(raw: RawTable, pattern: str, where: str) -> str:
    """Let a regular expression find from the beginning of a text on."""
    wrong = refusal_of(raw.connection, "regexp_matches('', ?)", pattern)
    if wrong is not None:
        raise EventsError(f"{where} matches {pattern!r}, which is no regular expression ({wrong}); correct it")
    return f"^(?:{pattern})"


def _missing_of_column(config: TableConfig, column: str) -> list[str]:
    """List the texts that stand for nothing in a column of the user's table."""
    names = {word: [of] if isinstance(of, str) else of for word, of in config.columns.items()}
    return [text for word, texts in config.missing.items() if column in names.get(word, ()) for text in texts]


def without_missing(words: Words, config: TableConfig, known: Sequence[str], section: str) -> Words:
    """Take out the values that `missing` says stand for nothing, whatever reader gave them.

    Raises
    ------
    EventsError
        When `missing` names a word that does not exist.
    """
    for word in config.missing:
        if word not in known:
            raise EventsError(f"{section}.missing.{word}: there is no such word; use {', '.join(known)}")
    said = {word: texts for word, texts in config.missing.items() if word in words.table.columns}
    table = words.table.mutate(**{word: _known(words.table, word, texts) for word, texts in said.items()})
    return Words(table, words.names)


def _known(table: ibis.Table, column: str, missing: Sequence[str]) -> ibis.Value:
    """Read a column, null where it says what stands for nothing."""
    value = table[column]
    if not missing:
        return value
    return ibis.ifelse(as_text(value).isin(list(missing)), ibis.null(value.type()), value)


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
    names = (FILE, DAMAGE, FILTERED, UNREAD, UNREAD_IN, LINE, SHAPE)
    return {name: table[name] for name in names if name in table.columns}


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
    """Read a number as a shop writes it, with a currency beside it, null where there is none.

    The one place that says what a number looks like.
    """
    number = _parsed_number(value, config)
    return ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)


def _parsed_number(value: ibis.Value, config: TableConfig) -> ibis.Value:
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
        whole = (value % 1 == 0) & (value.abs() < 2**53)
        value = ibis.ifelse(whole, value.try_cast("int64").cast("string"), value.cast("string"))
    elif kind.is_array():
        value = value.cast("array<string>").join("/")
    elif not kind.is_string():
        value = value.cast("string")
    # Trimming blanks alone costs a quarter of trimming tabs and line ends too, which the reader of lines removes.
    return trim(value).nullif("")

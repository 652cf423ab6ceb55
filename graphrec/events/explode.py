"""Several items in a cell, or in several columns -> a row of each; fields of nested columns -> columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import ibis

from graphrec.config import EventsConfig, ExplodeConfig, TableConfig
from graphrec.errors import EventsError
from graphrec.events.duckdb_functions import json_text, json_valid, text_list
from graphrec.events.files import EMPTY, SHAPE, RawTable
from graphrec.events.words import as_text

_PART = "graphrec_part"
_PARALLEL = "graphrec_parallel_"


@dataclass(frozen=True)
class _Place:
    """Where a word of an entry stands.

    Parameters
    ----------
    columns : sequence of str
        Other columns that are packed alike; none where it stands in the entry itself.
    within : str
        A field, or a regular expression.
    """

    columns: Sequence[str] = ()
    within: str = ""


def exploded(raw: RawTable, config: EventsConfig) -> tuple[RawTable, EventsConfig]:
    """Make a row of each item of a cell, and map `item`, `quantity` and `price` to what was found in it.

    A blank part of a packed cell is none; a cell without any stays one row, without an item; an empty list is told
    in `EMPTY`, a cell that cannot be taken apart in `SHAPE`.

    Raises
    ------
    EventsError
        When a column is not in the table.
    """
    settings = config.explode
    if settings is None:
        return raw, config
    columns = named_columns(raw, settings.column, "explode.column")
    packed = settings.separator is not None or len(columns) > 1
    words = ("item", "quantity", "price")
    places = {word: _place(raw, columns, getattr(settings, word), word) for word in words}
    raw = raw.numbered()
    beside = {word: place.columns for word, place in places.items() if place is not None and place.columns}
    raw = _unnested(raw, columns, settings, beside)
    name = columns[0] if len(columns) == 1 else "+".join(columns if len(columns) < 4 else (columns[0], columns[-1]))
    part = raw.table[_PART]
    found = {f"{name}.{word}": _found(part, raw, word, place, packed) for word, place in places.items()}
    found = {label: value for label, value in found.items() if value is not None}
    item = found.get(f"{name}.item")
    if item is not None and packed:
        wrong = as_text(part).notnull() & item.isnull()
        found[SHAPE] = ibis.coalesce(raw.table[SHAPE], ibis.ifelse(wrong, as_text(part), ibis.null("string")))
    table = raw.view(raw.table.mutate(**{name: part}, **found))
    table = table.drop(_PART, *(label for label in table.columns if label.startswith(_PARALLEL)))
    labels = [label for label in (name, *found) if label != SHAPE and label not in raw.columns]
    mapped = {word: f"{name}.{word}" for word in words if f"{name}.{word}" in found}
    if "item" not in mapped and (config.columns.get("item") in (None, name) or _listed(config) == list(columns)):
        mapped["item"] = name
    return replace(raw, table=table, columns=(*raw.columns, *labels)), config.model_copy(
        update={"columns": config.columns | mapped}
    )


def with_fields(raw: RawTable, config: TableConfig) -> RawTable:
    """Lay the fields of nested columns that the mapping names beside the columns: `customer.id` of `customer`."""
    names = [name for listed in config.columns.values() for name in ([listed] if isinstance(listed, str) else listed)]
    fields = {}
    for name in names:
        column, _, path = name.partition(".")
        if name not in raw.columns and path and column in raw.columns:
            fields[name] = _field(raw.table[column], path)
    if not fields:
        return raw
    return replace(raw, table=raw.view(raw.table.mutate(**fields)), columns=(*raw.columns, *fields))


def named_columns(raw: RawTable, names: str | Sequence[str], setting: str) -> list[str]:
    """List the columns of a table that names, or patterns with `*`, mean, in the order of the table for a pattern.

    Raises
    ------
    EventsError
        When one means none.
    """
    found = []
    for name in [names] if isinstance(names, str) else names:
        own = [name] if name in raw.columns else [column for column in raw.columns if fnmatchcase(column, name)]
        if not own or ("*" not in name and name not in raw.columns):
            raise EventsError(
                f"events.{setting} names column '{name}', which is not in {raw.name}; correct it: it has "
                f"{', '.join(raw.columns)}"
            )
        found += own
    return found


def _place(raw: RawTable, columns: Sequence[str], given: str | Sequence[str] | None, word: str) -> _Place | None:
    """Tell another column that is packed alike from a place within the entry."""
    if given is None or (isinstance(given, str) and given not in raw.columns and "*" not in given):
        return None if given is None else _Place(within=str(given))
    if isinstance(given, str) and given not in raw.columns and not any(fnmatchcase(c, given) for c in raw.columns):
        return _Place(within=given)  # a regular expression may hold a star
    beside = named_columns(raw, given, f"explode.{word}")
    if len(beside) != len(columns):
        raise EventsError(
            f"events.explode.{word} names {len(beside)} columns and events.explode.column {len(columns)}; give as many"
        )
    return _Place(beside)


def _listed(config: EventsConfig) -> list[str]:
    names = config.columns.get("item", [])
    return [names] if isinstance(names, str) else list(names)


def _unnested(
    raw: RawTable, columns: Sequence[str], settings: ExplodeConfig, beside: Mapping[str, Sequence[str]]
) -> RawTable:
    """Make the rows: the entry in `_PART`, what is packed alike beside it."""
    table = raw.table
    entries, blank = _entries(table, columns, settings.separator)
    parallel = {word: _entries(table, names, settings.separator)[0] for word, names in beside.items()}
    uneven = ibis.literal(False)
    for other in parallel.values():
        uneven = uneven | (other.length() != entries.length()).fill_null(True)
    cell = ibis.literal(", ").join([as_text(table[name]).fill_null("") for name in columns])
    none = ibis.array([ibis.null(entries.type().value_type)])
    whole = table[columns[0]]
    broken = (entries.isnull() & ~blank) | (uneven & ~blank)
    empty = (entries.length() == 0).fill_null(False) if whole.type().is_array() else cell.re_search(r"^\[\s*\]$")
    single = blank | broken | empty
    shape = ibis.ifelse(broken, cell, ibis.null("string"))
    reason = ibis.ifelse(empty & ~broken, f"{'+'.join(columns)}: an empty list", ibis.null("string"))
    table = raw.view(
        table.mutate(
            **{_PART: ibis.ifelse(single, none, entries), SHAPE: shape, EMPTY: reason},
            **{
                _PARALLEL + word: ibis.ifelse(single, ibis.array([ibis.null(other.type().value_type)]), other)
                for word, other in parallel.items()
            },
        )
    )
    lists = [_PART, *(_PARALLEL + word for word in parallel)]
    rows = raw.view(
        table.mutate(**{name: table[name].unnest() for name in lists}, graphrec_single=table[_PART].length())
    )
    if len(columns) > 1 or settings.separator is not None:
        rows = rows.filter(as_text(rows[_PART]).notnull() | (rows.graphrec_single == 1))
    return replace(raw, table=raw.view(rows.drop("graphrec_single")))


def _entries(table: ibis.Table, columns: Sequence[str], separator: str | None) -> tuple[ibis.Value, ibis.Value]:
    """List the entries of a row, null where the cell is none; and whether the row has nothing at all."""
    if len(columns) > 1:
        texts = [as_text(table[name]) for name in columns]
        return ibis.array(texts), ibis.coalesce(*texts).isnull()
    value = table[columns[0]]
    if value.type().is_array():
        return value, value.isnull()
    text = as_text(value)
    if separator is None:
        return text_list(text), text.isnull()
    ends = f"(?:{re.escape(separator)}|\\s)+"
    filled = text.re_replace(f"^{ends}|{ends}$", "").nullif("")
    return filled.split(separator), filled.isnull()


def _found(part: ibis.Value, raw: RawTable, word: str, place: _Place | None, packed: bool) -> ibis.Value | None:
    """Take a word out of the entry, or of what stands beside it."""
    if place is None:
        return None
    if place.columns:
        return raw.table[_PARALLEL + word]
    if packed:
        groups = re.compile(place.within).groups
        return as_text(as_text(part).re_extract(place.within, min(groups, 1)))
    return _field(part, place.within)


def _field(value: ibis.Value, path: str) -> ibis.Value:
    """Take a field out of a struct, or of JSON text; null where there is none."""
    while value.type().is_struct() and path:
        name, _, path = path.partition(".")
        if name not in value.type().names:
            return ibis.null("string")
        value = value[name]
    if not path:
        return value
    steps = "".join(f'."{step}"' for step in path.split("."))
    text = as_text(value)
    return json_text(ibis.ifelse(json_valid(text), text, ibis.null("string")), f"${steps}")

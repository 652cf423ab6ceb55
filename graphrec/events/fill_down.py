"""Columns that stand on the first line of an order alone, filled down to its other lines."""

from __future__ import annotations

from dataclasses import replace

import ibis

from graphrec.config import TableConfig
from graphrec.errors import EventsError
from graphrec.events.files import FILE, LINE, RawTable
from graphrec.events.words import as_text


def filled_down(raw: RawTable, config: TableConfig) -> RawTable:
    """Let a blank cell of the columns named by `fill_down` count as the one above it, never across files.

    Where a session's or order's column is mapped and not filled down itself, a cell is filled from the lines of the
    same one alone: an order without a customer does not take that of the order before.

    Raises
    ------
    EventsError
        When a column is not in the table.
    """
    for name in config.fill_down:
        if name not in raw.columns:
            raise EventsError(
                f"events.fill_down names column '{name}', which is not in {config.path} (it has "
                f"{', '.join(raw.columns)}); correct it"
            )
    if not config.fill_down:
        return raw
    raw = raw.numbered()
    anchors = [name for name in _anchors(config) if name in raw.columns]
    first = [name for name in config.fill_down if name in anchors]
    rest = [name for name in config.fill_down if name not in anchors]
    table = _filled(raw, raw.table, first, [])
    # An order that is filled down is one from its own line on; then what it says of itself is filled within it.
    table = _filled(raw, table, rest, anchors)
    return replace(raw, table=table.order_by(LINE))


def _anchors(config: TableConfig) -> list[str]:
    """Name the columns that make up the order, else the session, of a line."""
    names = config.columns.get("order", config.columns.get("session", []))
    return [names] if isinstance(names, str) else list(names)


def _filled(raw: RawTable, table: ibis.Table, names: list[str], within: list[str]) -> ibis.Table:
    """Fill some columns, each from the last line above that has a value."""
    if not names:
        return table
    texts = {name: as_text(table[name]) if table[name].type().is_string() else table[name] for name in names}
    table = raw.view(table.mutate(**texts))
    groups = [FILE, *within]
    above = ibis.cumulative_window(group_by=groups, order_by=LINE)
    blocks = {f"graphrec_block_{place}": table[name].count().over(above) for place, name in enumerate(names)}
    table = raw.view(table.mutate(**blocks))
    filled = {
        name: table[name].max().over(ibis.window(group_by=[*groups, block]))
        for name, block in zip(names, blocks, strict=True)
    }
    return raw.view(table.mutate(**filled).drop(*blocks))

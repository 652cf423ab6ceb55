"""A column for each item, a row for each basket: True, 1 or how many were bought, and False, 0 or nothing."""

from __future__ import annotations

from dataclasses import replace

import ibis

from graphrec.config import EventsConfig
from graphrec.errors import EventsError
from graphrec.events.explode import named_columns
from graphrec.events.files import EMPTY, FILE, LINE, SHAPE, RawTable
from graphrec.events.words import LOG_WORDS, Words, apply_keep_rules, as_text, map_columns, to_words

_ITEM, _QUANTITY, _BASKET = "graphrec_item", "graphrec_quantity", "graphrec_basket"
_YES = ["true", "t", "yes", "y", "x"]
_NO = r"(?:false|f|no|n|[+-]?0+(?:\.0*)?)?"


def log_defaults(config: EventsConfig) -> EventsConfig:
    """Know that what a basket holds was bought."""
    return config.model_copy(update={"default_kind": config.default_kind or "purchase"})


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Make a row of each item that a row marks; the columns that no other word names are items.

    Without a session, an order or a user, a row is a session. A row that marks nothing stays one, and is filtered.
    """
    others = {word: names for word, names in config.columns.items() if word not in ("item", "quantity")}
    items = _item_columns(raw, config, others)
    if not items:
        raise EventsError(
            f"{raw.name} has no column that is left for an item (it has {', '.join(raw.columns)}); 'one_hot' "
            "wants one for each"
        )
    raw = _marked(raw, items)
    known = {"item": [_ITEM], "quantity": [_QUANTITY]}
    if not {"session", "order", "user"} & others.keys():
        known["session"] = [_BASKET]
    settings = config.model_copy(update={"columns": others})
    columns = map_columns(settings, raw, known, LOG_WORDS, "events")
    words = to_words(apply_keep_rules(raw, settings, "events"), columns, config.missing)
    return Words(words.table, {**words.names, "item": "item", "quantity": "cell"})


def _item_columns(raw: RawTable, config: EventsConfig, others: dict[str, str | list[str]]) -> list[str]:
    """List the columns of items: those that are named as such, else all that are not something else."""
    if config.explode is not None:
        return named_columns(raw, config.explode.column, "explode.column")
    taken = {name for names in others.values() for name in ([names] if isinstance(names, str) else names)}
    return [name for name in raw.columns if name not in taken | {rule.column for rule in config.keep}]


def _marked(raw: RawTable, items: list[str]) -> RawTable:
    """Make a row of each cell that says that an item was bought, or that says neither that nor the contrary."""
    raw = raw.numbered()
    cells = [as_text(raw.table[name]).fill_null("").lower() for name in items]
    nothing = ibis.literal("|").join(cells).re_search(rf"^{_NO}(?:\|{_NO})*$")
    basket = raw.table[LINE].cast("string") + "@" + raw.table[FILE].re_extract(r"[^/\\]*$", 0)
    table = raw.view(raw.table.mutate(graphrec_cells=ibis.array(cells), graphrec_nothing=nothing, **{_BASKET: basket}))
    name = ibis.array([ibis.literal(item) for item in items]).unnest()
    place = ibis.array([ibis.literal(number) for number in range(len(items))]).unnest()
    table = raw.view(table.mutate(**{_ITEM: name}, graphrec_cell=table.graphrec_cells.unnest(), graphrec_place=place))
    table = table.filter(
        ~table.graphrec_cell.re_search(f"^{_NO}$") | (table.graphrec_nothing & (table.graphrec_place == 0))
    )
    cell = table.graphrec_cell
    number = cell.try_cast("float64")
    marked = table.graphrec_nothing | cell.isin(_YES) | number.notnull()
    said = table[_ITEM] + ": " + cell
    table = table.mutate(
        **{
            _QUANTITY: ibis.ifelse(table.graphrec_nothing, ibis.null("float64"), number),
            SHAPE: ibis.ifelse(marked, ibis.null("string"), said),
            EMPTY: ibis.ifelse(table.graphrec_nothing, "row: no item is marked", ibis.null("string")),
        }
    )
    table = raw.view(table.drop("graphrec_cells", "graphrec_nothing", "graphrec_cell", "graphrec_place"))
    return replace(raw, table=table, columns=(*raw.columns, _ITEM, _QUANTITY, _BASKET))

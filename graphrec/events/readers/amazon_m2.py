"""Amazon-M2 (KDD Cup 2023): products, and sessions whose earlier items are a list written as text.

Jin et al., "Amazon-M2: A Multilingual Multi-locale Shopping Session Dataset for Recommendation and Text
Generation", 2023. A `keep` rule on the column `locale` chooses a country.
"""

from __future__ import annotations

import ibis

from graphrec.config import CatalogueConfig, EventsConfig
from graphrec.errors import EventsError
from graphrec.events.duckdb_functions import regexp_extract_all
from graphrec.events.files import FILE, RawTable
from graphrec.events.words import Words, apply_keep_rules, as_text, passed_on

_ITEM = r"[A-Za-z0-9]+"
"""Of the text ['B01', 'B02'] and, as numpy writes it, ['B01' 'B02']."""


def log_defaults(config: EventsConfig) -> EventsConfig:
    """Know that sessions tell what was looked at, in order, and no times."""
    return config.model_copy(update={"default_kind": config.default_kind or "view"})


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Make an event of each earlier item and of the next one; a line is a session."""
    _require(raw, ("prev_items", "next_item"))
    table = apply_keep_rules(raw, config, "events")
    earlier = regexp_extract_all(as_text(table.prev_items).fill_null(""), _ITEM)
    last = as_text(table.next_item)
    items = ibis.ifelse(last.isnull(), earlier, earlier.concat(ibis.array([last])))
    # A line whose items cannot be read stays one row, without an item, to be rejected and counted.
    items = ibis.ifelse(items.length() == 0, ibis.array([ibis.null("string")]), items)
    lines = table.select(items=items, line=ibis.row_number(), **passed_on(table))
    session = lines["line"].cast("string") + "@" + lines[FILE].re_extract(r"[^/\\]*$", 0)
    events = lines.mutate(session=session).mutate(item=lines["items"].unnest()).drop("items", "line")
    return Words(events, {"item": "prev_items", "session": "line"})


def catalogue_words(raw: RawTable, config: CatalogueConfig) -> Words:
    """Read the published columns, or the table whose description holds them as 'name: value' lines."""
    table = apply_keep_rules(raw, config, "catalogue")
    if "title" in raw.columns:
        title, brand, colour = (as_text(table[name]) for name in ("title", "brand", "color"))
    else:
        _require(raw, ("id", "price", "description"))
        title, brand, colour = (_line(table.description, name) for name in ("title", "brand", "color"))
    products = table.select(
        item=as_text(table.id),
        title=ibis.ifelse(colour.notnull() & ~title.contains(colour), title + ", " + colour, title),
        brand=brand,
        price=table.price,
        **passed_on(table),
    )
    return Words(products, {word: word for word in products.columns})


def _line(text: ibis.Value, name: str) -> ibis.Value:
    return text.re_extract(rf"(?m)^{name}: *(.*)$", 1).strip().nullif("")


def _require(raw: RawTable, names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in raw.columns]
    if missing:
        raise EventsError(
            f"{raw.name} lacks the columns {', '.join(missing)} of Amazon-M2 (it has {', '.join(raw.columns)}); "
            "use reader: columns"
        )

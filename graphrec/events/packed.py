"""Item ids that are no ids: several items in a cell, read as one. The setting that takes them apart."""

from __future__ import annotations

import json

import pandas as pd

from graphrec.config import EventsConfig
from graphrec.events.tables import Catalogue

_LOOKED_AT = 5_000
_MARKS = frozenset({"true", "false", "0", "1", "yes", "no", "t", "f", "y", "n", "0.0", "1.0"})
_SEPARATORS = (";", "|", "\n", ",", " + ", " & ", "/")
_ID_FIELDS = ("sku", "item_id", "product_id", "variant_id", "item", "id", "code", "name", "title")
_QUANTITY = r"^(.+?)\s*[x*]\s*\d+$"


def packed_items(catalogue: Catalogue, config: EventsConfig) -> str | None:
    """Name the setting that takes the items of a cell apart, where ids look like cells of several; else None."""
    ids = pd.Series(catalogue.items[:_LOOKED_AT], dtype="object")
    names = config.columns.get("item", "item")
    column = names if isinstance(names, str) else "+".join(names)
    if len(ids) == 0 or config.explode is not None:
        return None
    if set(ids.str.lower()) <= _MARKS and len(ids) <= 2:
        said = " and ".join(map(repr, ids))
        return f"the items are {said}: where every item has a column of its own, set events.reader: one_hot"
    if ids.str.match(r"\s*[\[{]").mean() > 0.5:
        return _list(ids, column)
    return _separated(ids, column)


def _list(ids: pd.Series, column: str) -> str:
    """Speak of cells that are lists of JSON or of Python."""
    try:
        entries = json.loads(ids.iloc[0])
    except ValueError:
        entries = []
    entry = entries[0] if isinstance(entries, list) and entries else entries
    fields = list(entry) if isinstance(entry, dict) else []
    known = [field for field in _ID_FIELDS if field in fields] or fields
    item = f", item: {known[0]}" if known else ""
    beside = "".join(f", {word}: {word}" for word in ("quantity", "price") if word in fields and item)
    return f"an item is a list ({ids.iloc[0][:60]!r}); set events.explode: {{column: {column}{item}{beside}}}"


def _separated(ids: pd.Series, column: str) -> str | None:
    """Speak of cells of as many parts as were bought, where the same parts come again and again."""
    for separator in _SEPARATORS:
        parts = ids.str.split(separator, regex=False)
        counts = parts.map(len)
        if (counts > 1).mean() < 0.3 or counts.nunique() < 2:
            continue
        single = parts.explode().str.strip()
        single = single[single != ""]
        found = ""
        if single.str.match(_QUANTITY).mean() > 0.8:
            single = single.str.replace(_QUANTITY, r"\1", regex=True)
            found = r", item: '^(.+?)\s*[x*]\s*\d+$', quantity: '(\d+)$'"
        if single.nunique() > 0.5 * len(single):
            continue
        example = ids[counts > 1].iloc[0][:60]
        return (
            f"an item looks like several in one cell ({example!r}); "
            f"set events.explode: {{column: {column}, separator: {separator!r}{found}}}"
        )
    return None

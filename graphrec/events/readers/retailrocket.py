"""Retailrocket: events.csv, category_tree.csv, and item_properties parts or a table of items and categories.

https://www.kaggle.com/datasets/retailrocket/ecommerce-dataset
"""

from __future__ import annotations

import ibis
import pandas as pd
from ibis import _

from graphrec.config import CatalogueConfig, EventsConfig, TableConfig
from graphrec.errors import EventsError
from graphrec.events.files import RawTable, open_table
from graphrec.events.words import (
    FILTERED,
    LOG_WORDS,
    Words,
    apply_keep_rules,
    as_text,
    map_columns,
    passed_on,
    to_words,
)

_EVENTS = {
    "time": ["timestamp"],
    "user": ["visitorid"],
    "kind": ["event"],
    "item": ["itemid"],
    "order": ["transactionid"],
}
_PRICE_PROPERTY = "790"
"""The only property whose values are all of the form n123.000; the data set's forum takes it for the price."""
_NO_CATEGORY = "0"
_DEEPEST = 12
"""Levels of the tree that are followed; the published one has six."""


def log_defaults(config: EventsConfig) -> EventsConfig:
    """Know the kinds and that times are Unix milliseconds."""
    kinds = {"view": ["view"], "cart": ["addtocart"], "purchase": ["transaction"]}
    return config.model_copy(update={"kinds": kinds | config.kinds, "time_format": config.time_format or "ms"})


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Read events.csv; a transaction's id is the order."""
    columns = map_columns(config, raw, _EVENTS, LOG_WORDS, "events")
    return to_words(apply_keep_rules(raw, config, "events"), columns, config.missing)


def catalogue_words(raw: RawTable, config: CatalogueConfig) -> Words:
    """Read item_properties parts, or a table of items and categories; one row an item.

    An item of several categories gets the one that most items share; 0 stands for a missing one.
    """
    kept = apply_keep_rules(raw, config, "catalogue")
    kept = kept.filter(kept[FILTERED].isnull())
    if {"itemid", "categoryid"} <= set(raw.columns):
        pairs = kept.select(item=as_text(kept.itemid), type=as_text(kept.categoryid))
        prices = None
    elif {"timestamp", "itemid", "property", "value"} <= set(raw.columns):
        latest = _latest_properties(kept)
        pairs = latest.filter(_.property == "categoryid").select(item=_.item, type=_.value)
        number = _.value.strip().re_extract(r"^n(-?[0-9.]+)", 1).try_cast("float64")
        prices = latest.filter(_.property == _PRICE_PROPERTY).select(item=_.item, price=number)
    else:
        raise EventsError(
            f"{raw.name} has the columns {', '.join(raw.columns)}; the reader 'retailrocket' wants itemid and "
            "categoryid, or timestamp, itemid, property and value"
        )
    facts = _one_category(pairs)
    if prices is not None:
        facts = facts.outer_join(prices, "item").select(
            item=ibis.coalesce(_.item, _.item_right), type=_.type, price=_.price
        )
    if config.tree is not None:
        facts = facts.left_join(_tree_paths(config.tree, raw), "type").select(*facts.columns, "category_path")
    blank = ibis.null("string")
    facts = facts.mutate(**dict.fromkeys(passed_on(kept), blank))
    return Words(facts, {word: word for word in facts.columns})


def _latest_properties(table: ibis.Table) -> ibis.Table:
    """Keep the newest value of every item's property."""
    rows = table.select(item=as_text(table.itemid), property=table.property, value=table.value, at=table.timestamp)
    newest = ibis.window(group_by=["item", "property"], order_by=ibis.desc(rows["at"].try_cast("int64")))
    return rows.mutate(age=ibis.row_number().over(newest)).filter(_.age == 0)


def _one_category(pairs: ibis.Table) -> ibis.Table:
    """Choose of an item's categories the one that most items share; the smaller id wins a tie."""
    known = pairs.mutate(type=_.type.nullif(_NO_CATEGORY)).distinct()
    shared = known.mutate(items=_.item.count().over(ibis.window(group_by="type")))
    shared = shared.mutate(items=ibis.ifelse(_.type.isnull(), 0, _["items"]))
    order = ibis.window(group_by="item", order_by=[ibis.desc("items"), "type"])
    return shared.mutate(place=ibis.row_number().over(order)).filter(_.place == 0).select("item", "type")


def _tree_paths(tree: str, raw: RawTable) -> ibis.Table:
    """Lay the way from the root to every category beside its id."""
    nodes = open_table(raw.connection, TableConfig(path=tree))
    if not {"categoryid", "parentid"} <= set(nodes.columns):
        raise EventsError(f"{tree} lacks the columns categoryid and parentid; give category_tree.csv")
    edges = nodes.table.select(child=as_text(nodes.table.categoryid), parent=as_text(nodes.table.parentid)).to_pandas()
    paths = category_paths(edges["child"], edges["parent"])
    frame = pd.DataFrame({"type": list(paths), "category_path": list(paths.values())})
    return raw.connection.create_table("category_paths", frame)


def category_paths(child: pd.Series, parent: pd.Series) -> dict[str, str]:
    """Write the way from the root to every category of a tree."""
    above = pd.Series(parent.to_numpy(), index=child.to_numpy())
    paths = pd.Series(above.index, index=above.index, dtype="str")
    at = above
    for _level in range(_DEEPEST):
        known = at.notna()
        if not known.any():
            break
        paths = paths.where(~known, at.astype("str") + " / " + paths)
        at = at.map(above)
    return dict(paths)

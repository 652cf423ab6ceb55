"""Google Analytics 4: e-commerce events of the BigQuery export as JSON lines.

https://support.google.com/analytics/answer/7029846: an event holds its items as a list and its parameters as a list
of keys and values. An event's item is a row; events without items are one row each and filtered.
"""

from __future__ import annotations

import ibis

from graphrec.config import EventsConfig
from graphrec.errors import EventsError
from graphrec.events.duckdb_functions import json_list, json_text, json_texts
from graphrec.events.files import RawTable
from graphrec.events.words import FILTERED, Words, apply_keep_rules, as_text, passed_on

_KINDS = {"view": ["view_item"], "cart": ["add_to_cart"], "purchase": ["purchase"]}
_CATEGORIES = ("item_category", "item_category2", "item_category3", "item_category4", "item_category5")
_NOT_SET = "(not set)"


def log_defaults(config: EventsConfig) -> EventsConfig:
    """Know the events of a shop; all other events are left out."""
    return config.model_copy(update={"kinds": _KINDS | config.kinds, "time_format": config.time_format or "us"})


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Make a row of each item of each event."""
    missing = [name for name in ("event_name", "event_timestamp", "user_pseudo_id", "items") if name not in raw.columns]
    if missing:
        raise EventsError(
            f"{raw.name} lacks {', '.join(missing)} of GA4's export (it has {', '.join(raw.columns)}); "
            "export whole events as JSON lines"
        )
    table = apply_keep_rules(raw, config, "events")
    known = [name for names in config.kinds.values() for name in names]
    of_shop = table.event_name.isin(known)
    items = json_list(table["items"])
    reason = ibis.cases(
        (table.event_name.notnull() & ~of_shop, "event_name: no event of a shop"),
        (table.event_name.notnull() & (items.length().fill_null(0) == 0), "items: none"),
    )
    session = _parameter(table, raw, "ga_session_id")
    user = as_text(table.user_pseudo_id)
    order = ibis.coalesce(_ecommerce(table, raw), _parameter(table, raw, "transaction_id")).nullif(_NOT_SET)
    none = ibis.array([ibis.null("string")])
    events = table.select(
        item_json=ibis.ifelse(reason.isnull() & (items.length() > 0), items, none),
        time=table.event_timestamp,
        session=user + "|" + session,
        user=user,
        order=order,
        kind=table.event_name,
        **(passed_on(table) | {FILTERED: ibis.coalesce(table[FILTERED], reason)}),
    )
    rows = events.mutate(item_json=events.item_json.unnest())
    facts = {name: json_text(rows.item_json, f"$.{name}").nullif("").nullif(_NOT_SET) for name in _FACTS}
    deepest = ibis.coalesce(*(facts[name] for name in reversed(_CATEGORIES)))
    path = ibis.literal(" / ").join([facts[name].fill_null("") for name in _CATEGORIES])
    lines = rows.mutate(
        item=ibis.coalesce(facts["item_id"], facts["item_name"]),
        title=facts["item_name"],
        brand=facts["item_brand"],
        type=deepest,
        category_path=path.re_replace(r"( / )+$", "").nullif(""),
        price=facts["price"],
        quantity=facts["quantity"],
    ).drop("item_json")
    return Words(lines, _NAMES)


_VALUES = ("int_value", "string_value", "double_value", "float_value")
"""Where a parameter's value may stand; the others are null or not there."""
_FACTS = ("item_id", "item_name", "item_brand", *_CATEGORIES, "price", "quantity")


_NAMES = {
    "item": "items.item_id",
    "time": "event_timestamp",
    "session": "event_params.ga_session_id",
    "user": "user_pseudo_id",
    "kind": "event_name",
    "price": "items.price",
    "quantity": "items.quantity",
}


def _parameter(table: ibis.Table, raw: RawTable, key: str) -> ibis.Value:
    """Read one of an event's parameters, whichever of its types the value has."""
    if "event_params" not in raw.columns:
        return ibis.null("string")
    keys, entries = json_texts(table.event_params, "$[*].key"), json_list(table.event_params)
    entry = ibis.ifelse(keys.contains(key), entries[keys.index(key)], ibis.null("string"))
    return ibis.coalesce(*(json_text(entry, f"$.value.{name}") for name in _VALUES)).nullif("")


def _ecommerce(table: ibis.Table, raw: RawTable) -> ibis.Value:
    if "ecommerce" not in raw.columns:
        return ibis.null("string")
    return json_text(table.ecommerce, "$.transaction_id")

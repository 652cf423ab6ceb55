"""Shopify: the order export, a line of the file a line of an order.

https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders: what concerns the whole order stands on
its first line alone.
"""

from __future__ import annotations

from dataclasses import replace

from graphrec.config import EventsConfig
from graphrec.events.files import RawTable, column_names
from graphrec.events.readers.orders import leaving_out, order_words, present
from graphrec.events.words import Words

_NAMES = {
    "item": ["Lineitem sku", "Lineitem name"],
    "session": ["Name", "Id"],
    "user": ["Email", "Customer", "Phone"],
    "time": ["Created at", "Paid at"],
    "quantity": ["Lineitem quantity"],
    "price": ["Lineitem price"],
    "title": ["Lineitem name"],
    "brand": ["Vendor"],
}
_OF_ORDER = {"user": _NAMES["user"], "time": _NAMES["time"], "cancelled": ["Cancelled at"]}


def log_defaults(config: EventsConfig) -> EventsConfig:
    """Know that all is bought, and which columns stand on an order's first line."""
    own = present(_OF_ORDER, column_names(config))
    return config.model_copy(
        update={
            "default_kind": config.default_kind or "purchase",
            "fill_down": config.fill_down or [name for names in own.values() for name in names],
            "columns": {"session": present(_NAMES, column_names(config)).get("session", [])} | config.columns,
        }
    )


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Read the lines of orders that were not cancelled; an item without a SKU is called by its name."""
    kept = replace(raw, table=leaving_out(raw, "Cancelled at", "Cancelled at: the order was cancelled"))
    return order_words(kept, config, _NAMES, "Shopify", by_title=True)

"""Magento 2: an export of its table `sales_order_item`, or of an order export with a row for each item."""

from __future__ import annotations

from dataclasses import replace

from graphrec.config import EventsConfig
from graphrec.events.files import RawTable
from graphrec.events.readers.orders import leaving_out, order_words
from graphrec.events.words import Words

_NAMES = {
    "item": ["sku", "Item SKU", "product_sku", "product_id"],
    "session": ["increment_id", "Order Number", "Order #", "order_id", "ID"],
    "user": ["customer_id", "customer_email", "Customer Email", "Customer Name"],
    "time": ["created_at", "Order Date", "Purchase Date"],
    "quantity": ["qty_ordered", "Item Qty Ordered", "Qty Ordered", "qty"],
    "price": ["price", "Item Price", "base_price"],
    "title": ["name", "Item Name", "product_name"],
}


def log_defaults(config: EventsConfig) -> EventsConfig:
    """Know that all is bought."""
    return config.model_copy(update={"default_kind": config.default_kind or "purchase"})


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Read the items of orders; the parts of a configurable product, which its own row tells already, are left out."""
    kept = replace(raw, table=leaving_out(raw, "parent_item_id", "parent_item_id: part of another line"))
    return order_words(kept, config, _NAMES, "Magento", by_title=True)

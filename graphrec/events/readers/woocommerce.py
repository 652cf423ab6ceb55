"""WooCommerce: the order exports of its plugins, a row for each item or all items of an order in one cell.

'Advanced Order Export' writes a row for each item, 'Customer / Order CSV Export' packs them into `line_items`: either
`SKU x2; SKU x1` or `sku:A|quantity:2;sku:B|quantity:1`.
"""

from __future__ import annotations

from graphrec.config import EventsConfig, ExplodeConfig
from graphrec.events.files import RawTable, column_names
from graphrec.events.readers.orders import order_words, present
from graphrec.events.words import Words

_NAMES = {
    "item": ["SKU", "item_sku", "Product ID", "product_id", "Item Name", "item_name", "line_items"],
    "session": ["order_number", "Order Number", "order_id", "Order ID"],
    "user": ["customer_id", "Customer User ID", "customer_user", "Email (Billing)", "billing_email", "customer"],
    "time": ["date", "Order Date", "order_date", "date_created"],
    "quantity": ["Quantity", "item_quantity", "Quantity (- Refund)", "qty"],
    "price": ["Item Cost", "item_price", "price"],
    "title": ["Item Name", "item_name", "Product Name"],
    "type": ["Category", "item_category"],
}

_TIMES = "[x*\u00d7]"


def log_defaults(config: EventsConfig) -> EventsConfig:
    """Know that all is bought, and how a cell of several items is packed."""
    fixed: dict[str, object] = {"default_kind": config.default_kind or "purchase"}
    columns = present({"packed": ["line_items"]}, column_names(config))
    if config.explode is None and columns:
        fixed["explode"] = ExplodeConfig(
            column=columns["packed"][0],
            separator=";",
            item=rf"(?:^|\|)(?:sku:)?([^|:]+?)(?:\s*{_TIMES}\s*\d+)?(?:\||$)",
            quantity=rf"(?:quantity:|{_TIMES}\s*)(\d+)",
        )
    return config.model_copy(update=fixed)


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Read the items of orders."""
    return order_words(raw, config, _NAMES, "WooCommerce", by_title=True)

"""REES46 Open CDP: the multi-category store (views, carts, purchases) and the purchase-only electronics store.

https://www.kaggle.com/datasets/mkechinov/ecommerce-behavior-data-from-multi-category-store
https://www.kaggle.com/datasets/mkechinov/ecommerce-purchase-history-from-electronics-store
"""

from __future__ import annotations

from graphrec.config import EventsConfig
from graphrec.events.files import RawTable
from graphrec.events.words import LOG_WORDS, Words, apply_keep_rules, map_columns, to_words

_SHARED = {
    "time": ["event_time"],
    "item": ["product_id"],
    "category_path": ["category_code"],
    "type": ["category_code", "category_id"],
    "brand": ["brand"],
    "price": ["price"],
    "user": ["user_id"],
}
_STORE = {"session": ["user_session"], "kind": ["event_type"]}
_ORDERS = {"session": ["order_id"]}


def log_defaults(config: EventsConfig) -> EventsConfig:
    """Know the kinds: the store's cosmetics file also says when something left the cart."""
    return config.model_copy(
        update={
            "kinds": {"ignore": ["remove_from_cart"]} | config.kinds,
            "default_kind": config.default_kind or "purchase",
        }
    )


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Tell the two schemas apart by the session column."""
    known = _SHARED | (_STORE if "user_session" in raw.columns else _ORDERS)
    if "title" in raw.columns:
        known["title"] = ["title"]
    columns = map_columns(config, raw, known, LOG_WORDS, "events")
    return to_words(apply_keep_rules(raw, config, "events"), columns, config.missing)

"""A shop's log -> Events and Catalogue: reading, checking, sessions, splits, and the generated shop."""

from typing import TYPE_CHECKING

from graphrec.compute.late import late
from graphrec.events.tables import CART, KINDS, PURCHASE, VIEW, Catalogue, Kind, RowCounts

if TYPE_CHECKING:
    from graphrec.events.loading import load_events, read_catalogue
    from graphrec.events.log import Events, Window, describe_kinds
    from graphrec.events.packed import packed_items
    from graphrec.events.split import split_latest

__all__ = [
    "CART",
    "KINDS",
    "PURCHASE",
    "VIEW",
    "Catalogue",
    "Events",
    "Kind",
    "RowCounts",
    "Window",
    "describe_kinds",
    "load_events",
    "packed_items",
    "read_catalogue",
    "split_latest",
]

__getattr__ = late(
    __name__,
    {
        "loading": (
            "load_events",
            "read_catalogue",
        ),
        "log": (
            "Events",
            "Window",
            "describe_kinds",
        ),
        "packed": ("packed_items",),
        "split": ("split_latest",),
    },
)

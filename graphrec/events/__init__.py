"""A shop's log -> Events and Catalogue: reading, checking, sessions, splits, and the generated shop."""

from graphrec.events.loading import load_events, read_catalogue
from graphrec.events.log import Events, Window, describe_kinds
from graphrec.events.split import split_latest
from graphrec.events.tables import CART, KINDS, PURCHASE, VIEW, Catalogue, Kind, RowCounts

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
    "read_catalogue",
    "split_latest",
]

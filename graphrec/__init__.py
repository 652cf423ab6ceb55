"""graphrec: frequently-bought-together lists from a shop's log."""

from typing import TYPE_CHECKING

from graphrec.config import Config, load_config
from graphrec.errors import (
    ConfigError,
    EventsError,
    GraphError,
    GraphrecError,
    GraphrecWarning,
    ModelError,
    UnknownItem,
)
from graphrec.events import Catalogue, Events, load_events
from graphrec.graph import Evidence
from graphrec.results import Explanation, Recommendation, SimilarItem

if TYPE_CHECKING:
    from graphrec.recommender import Recommender

__all__ = [
    "Catalogue",
    "Config",
    "ConfigError",
    "Events",
    "EventsError",
    "Evidence",
    "Explanation",
    "GraphError",
    "GraphrecError",
    "GraphrecWarning",
    "ModelError",
    "Recommendation",
    "Recommender",
    "SimilarItem",
    "UnknownItem",
    "load_config",
    "load_events",
]


def __getattr__(name: str) -> object:
    """Import the recommender, and with it torch, only when it is asked for: reading and counting do without."""
    if name == "Recommender":
        from graphrec.recommender import Recommender

        return Recommender
    raise AttributeError(f"module 'graphrec' has no attribute {name!r}")

"""graphrec: frequently-bought-together lists from a shop's log."""

from graphrec.answers import Explanation, Recommendation, SimilarItem
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

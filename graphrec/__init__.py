"""graphrec: frequently-bought-together lists from a shop's log."""

from typing import TYPE_CHECKING

from graphrec.compute.late import late
from graphrec.compute.waiting import wait_asleep
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

if TYPE_CHECKING:
    from graphrec.events import Catalogue, Events, load_events
    from graphrec.graph import Evidence
    from graphrec.recommender import Recommender
    from graphrec.results import Explanation, Recommendation, SimilarItem

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

wait_asleep()  # here, since whatever is imported of graphrec comes after

__getattr__ = late(
    __name__,
    {
        "events": (
            "Catalogue",
            "Events",
            "load_events",
        ),
        "graph": ("Evidence",),
        "results": (
            "Explanation",
            "Recommendation",
            "SimilarItem",
        ),
        "recommender": ("Recommender",),
    },
)

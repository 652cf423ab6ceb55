"""Events and catalogue -> ProductGraph, whether or not the log holds views."""

from __future__ import annotations

import numpy as np

from graphrec.config import Config
from graphrec.events import Events
from graphrec.graph.build import build_graph
from graphrec.graph.nearest import substitutes_without_views
from graphrec.graph.product_graph import ProductGraph


def build_both_graphs(events: Events, item_matrix: np.ndarray, type_codes: np.ndarray, config: Config) -> ProductGraph:
    """Build the graphs; without views, similar links come from the catalogue and from shared contexts.

    Parameters
    ----------
    events : Events
    item_matrix : ndarray
        `(items, features) float32`.
    type_codes : ndarray
        `(items,) int64`.
    config : Config
    """
    graph = build_graph(events, config.graph)
    if len(graph.similar) or not len(graph.complement):
        return graph
    # Random directions are nobody's likeness.
    matrix = item_matrix if config.features.described else np.zeros((len(item_matrix), 1), dtype=np.float32)
    return substitutes_without_views(graph, matrix, type_codes, config.graph.co_view, config.seed)

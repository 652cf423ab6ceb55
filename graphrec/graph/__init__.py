"""Events -> ProductGraph: similar and complement pairs with what the log says of them."""

from graphrec.graph.build import build_graph, require_complements, require_learnable
from graphrec.graph.low_rank import low_rank_counts
from graphrec.graph.nearest import substitutes_without_views
from graphrec.graph.pairs import Pairs, top_pairs
from graphrec.graph.product_graph import Evidence, ProductGraph
from graphrec.graph.trend import purchase_trend

__all__ = [
    "Evidence",
    "Pairs",
    "ProductGraph",
    "build_graph",
    "low_rank_counts",
    "purchase_trend",
    "require_complements",
    "require_learnable",
    "substitutes_without_views",
    "top_pairs",
]

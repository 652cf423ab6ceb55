"""Events -> ProductGraph: similar and complement pairs with what the log says of them."""

from typing import TYPE_CHECKING

from graphrec.compute.late import late
from graphrec.graph.low_rank import low_rank_counts
from graphrec.graph.nearest import substitutes_without_views
from graphrec.graph.pairs import Pairs, top_pairs
from graphrec.graph.product_graph import Evidence, ProductGraph

if TYPE_CHECKING:
    from graphrec.graph.both_graphs import build_both_graphs
    from graphrec.graph.build import build_graph, require_complements, require_learnable
    from graphrec.graph.sales import Sales, item_sales

__all__ = [
    "Evidence",
    "Pairs",
    "ProductGraph",
    "Sales",
    "build_both_graphs",
    "build_graph",
    "item_sales",
    "low_rank_counts",
    "require_complements",
    "require_learnable",
    "substitutes_without_views",
    "top_pairs",
]

__getattr__ = late(
    __name__,
    {
        "both_graphs": ("build_both_graphs",),
        "build": (
            "build_graph",
            "require_complements",
            "require_learnable",
        ),
        "sales": (
            "Sales",
            "item_sales",
        ),
    },
)

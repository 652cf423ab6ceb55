"""How good lists are: metrics, held-out basket questions, and the counts that any model has to beat."""

from graphrec.evaluation.metrics import METRICS, hit_matrix
from graphrec.evaluation.protocol import (
    BasketQueries,
    Ranker,
    basket_queries,
    co_purchase_ranker,
    evaluate,
    popularity_ranker,
    recommender_ranker,
)

__all__ = [
    "METRICS",
    "BasketQueries",
    "Ranker",
    "basket_queries",
    "co_purchase_ranker",
    "evaluate",
    "hit_matrix",
    "popularity_ranker",
    "recommender_ranker",
]

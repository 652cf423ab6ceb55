"""What a recommender is asked, and what it answers with."""

from graphrec.results.answers import (
    LIST_COLUMNS,
    SOURCES,
    Explanation,
    Lists,
    Recommendation,
    SimilarItem,
    Source,
)

__all__ = ["LIST_COLUMNS", "SOURCES", "Explanation", "Lists", "Recommendation", "SimilarItem", "Source"]

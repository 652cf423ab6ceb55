"""What a recommender answers with: frozen, external ids, and the evidence beside every score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from graphrec.graph import Evidence

Source = Literal["observed", "predicted", "fallback"]
SOURCES: tuple[Source, ...] = get_args(Source)
"""Where a complement comes from; the position of a source is its code."""
LIST_COLUMNS = (
    *("item", "complement", "rank", "score", "uplift", "source"),
    *("bought_together", "lift", "item_type", "complement_type"),
)
"""Columns of a table of lists, one row a pair of item and complement: those of the export."""


@dataclass(frozen=True)
class Recommendation:
    """One complement of a query.

    Parameters
    ----------
    item : str
        External id.
    score : float
        Estimated share of the query's co-purchases that fall on this item; 1 for a given link; after a rerank, a
        log-score.
    uplift : float
        How much likelier the query makes the item: its score over its share of all purchases.
    rank : int
        From 1.
    source : str
        `observed` (bought together, or a given link), `predicted` (likelier than for anyone, by the models) or
        `fallback` (nothing is known that makes it likelier than for anyone).
    evidence : Evidence
        What the log says of the pair; of a cart, of its item with the most baskets.
    """

    item: str
    score: float
    uplift: float
    rank: int
    source: Source
    evidence: Evidence


@dataclass(frozen=True)
class SimilarItem:
    """One substitute of an item.

    Parameters
    ----------
    item : str
        External id.
    score : float
        Cosine of the embeddings.
    rank : int
        From 1.
    """

    item: str
    score: float
    rank: int


@dataclass(frozen=True)
class Explanation:
    """Why, or why not, an item completes another.

    Parameters
    ----------
    item, complement : str
        External ids.
    source : str or None
        None when the complement is beyond the first 100 of the item's list.
    rank : int or None
    evidence : Evidence
    type_probability : float
        P(type of the complement | item) by the type transition.
    complement_type : str
    sentence : str
        The same in words.
    """

    item: str
    complement: str
    source: Source | None
    rank: int | None
    evidence: Evidence
    type_probability: float
    complement_type: str
    sentence: str

"""What a recommender answers with: frozen, external ids, and the evidence beside every score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

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
        log-score, which is negative.
    uplift : float
        How much likelier the query makes the item: its score over its share of all purchases.
    rank : int
        From 1.
    source : str
        `observed` (bought together, or a given link), `predicted` (likelier than for anyone, by the models) or
        `fallback` (nothing is known that makes it likelier than for anyone).
    evidence : Evidence
        What the log says of a pair: this item and one of the query.
    evidence_of : str or None
        Which item of the query that is: of a cart, the one that was bought with this item most often, of equals the
        first in the catalogue; None where none was. How often all of a cart were bought together is not known, only
        that it was not more often.
    """

    item: str
    score: float
    uplift: float
    rank: int
    source: Source
    evidence: Evidence
    evidence_of: str | None = None


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
        None where the rules of lists leave the complement out, however long a list is.
    rank : int or None
        In the list that `recommend` gives.
    score : float or None
        In that list.
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
    score: float | None
    evidence: Evidence
    type_probability: float
    complement_type: str
    sentence: str


@dataclass(frozen=True)
class Lists:
    """Lists of many queries in flat columns, in the order of queries and ranks, before they are told by external ids.

    Parameters
    ----------
    query, item, rank, source : ndarray
        `(n,) int64`: position of the query, code of the complement, rank from 1, position in `SOURCES`.
    score, uplift : ndarray
        `(n,) float64`, as of `Recommendation`.
    item_type, complement_type : ndarray
        `(n,) int64` codes of types; -1 for none.
    evidence : mapping of str to ndarray
        `bought_together`, `support`, `lift` and `bought_first`, `(n,)` each, as of `Evidence`; `member`, the code of
        the query's item that they are of, -1 for a product without one.
    """

    query: np.ndarray
    item: np.ndarray
    rank: np.ndarray
    source: np.ndarray
    score: np.ndarray
    uplift: np.ndarray
    item_type: np.ndarray
    complement_type: np.ndarray
    evidence: Mapping[str, np.ndarray]

    def answers(self, items: pd.Index[str]) -> list[Recommendation]:
        """Tell them as answers; `items` are external ids by code."""
        facts = (self.evidence[name].tolist() for name in ("bought_together", "support", "lift", "bought_first"))
        found = (items[self.item], self.score, self.uplift, self.rank, self.source, items[self.evidence["member"]])
        columns = (values.tolist() for values in found)
        return [
            Recommendation(
                item,
                score,
                uplift,
                rank,
                SOURCES[source],
                Evidence(int(n), support, lift, int(first)),
                of if n else None,
            )
            for item, score, uplift, rank, source, of, n, support, lift, first in zip(*columns, *facts, strict=True)
        ]

    def table(self, items: pd.Index[str], types: Sequence[str]) -> pd.DataFrame:
        """Lay them out in `query` and `LIST_COLUMNS` but the item; `items` and `types` are names by code."""
        names = np.array([*types, None], dtype=object)
        return pd.DataFrame(
            {
                "query": self.query,
                "complement": pd.Series(items[self.item], dtype="str"),
                "rank": self.rank,
                "score": self.score,
                "uplift": self.uplift,
                "source": pd.Series(np.array(SOURCES, dtype=object)[self.source], dtype="str"),
                "bought_together": self.evidence["bought_together"].astype(np.int64),
                "lift": self.evidence["lift"].astype(np.float64),
                "item_type": pd.Series(names[self.item_type], dtype="str"),
                "complement_type": pd.Series(names[self.complement_type], dtype="str"),
            }
        )

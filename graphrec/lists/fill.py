"""Bestsellers that fill a short list."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphrec.complements import ComplementModel
from graphrec.complements.scores import significant
from graphrec.compute.ragged import ranges


@dataclass(frozen=True)
class Fill:
    """Bestsellers for some queries.

    Parameters
    ----------
    query, item : ndarray
        `(n,) int64`.
    """

    query: np.ndarray
    item: np.ndarray

    @classmethod
    def of(cls, model: ComplementModel, short: np.ndarray, enough: np.ndarray) -> Fill:
        """Pair every query whose list is short with so many bestsellers, in the order in which they fill it.

        Parameters
        ----------
        model : ComplementModel
        short, enough : ndarray
            `(queries,) int64`: which queries, and how many for each.
        """
        best_first = model.snapshot.memory.by_popularity
        owner, place = ranges(np.zeros_like(enough), np.minimum(enough, len(best_first)))
        return cls(short[owner], best_first[place])

    def rows(self, kept: np.ndarray) -> Fill:
        """Keep some."""
        return Fill(self.query[kept], self.item[kept])

    def scores(self, model: ComplementModel, queries: int, query: np.ndarray, score: np.ndarray) -> np.ndarray:
        """Score them by their share of the purchases, below everything that was observed or predicted, `(n,) float64`.

        Parameters
        ----------
        model : ComplementModel
        queries : int
        query, score : ndarray
            `(m,)`: what was observed or predicted.
        """
        lowest = np.ones(queries)
        np.minimum.at(lowest, query, score)
        return significant(lowest[self.query] * model.snapshot.memory.popularity[self.item])

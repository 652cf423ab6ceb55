"""Listed pairs that met less often than by chance: counted over baskets of any length, as the log holds them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from graphrec.compute.sparse_entries import entries, stored_places
from graphrec.evaluation.questions import purchases
from graphrec.events import PURCHASE, Events

_EXPECTED = 3.0
"""Meetings that chance alone would have brought, from which never having met says something."""


@dataclass(frozen=True)
class Meetings:
    """How often query items and all others were in one basket, of any length.

    Parameters
    ----------
    count : csr_array
        `(queries, items) float64`: baskets that hold both.
    baskets : int
        How many there are.
    query_bought, bought : ndarray
        `(queries,)` and `(items,)`: baskets that hold an item.
    """

    count: sparse.csr_array
    baskets: int
    query_bought: np.ndarray
    bought: np.ndarray

    @classmethod
    def of(cls, lines: pd.DataFrame, query: np.ndarray, items: int) -> Meetings:
        """Count.

        Parameters
        ----------
        lines : DataFrame
            `basket`, `item` (code): the different items of each basket.
        query : ndarray
            `(queries,) int64` codes.
        items : int
        """
        basket, names = pd.factorize(lines["basket"])
        one = np.ones(len(basket))
        of_item = sparse.csr_array((one, (lines["item"].to_numpy(), basket)), shape=(items, len(names)))
        bought = np.diff(of_item.indptr)
        count = sparse.csr_array(of_item[query] @ of_item.T)
        count.sort_indices()
        return cls(count, len(names), bought[query], bought)

    def share_below_chance(self, ranked: np.ndarray) -> float:
        """Share of the listed pairs whose lift, `count * baskets / (n_i * n_j)`, is below 1; NaN where none is known.

        Pairs that never met count where chance would have brought them together three times or more.

        Parameters
        ----------
        ranked : ndarray
            `(queries, k) int64` codes, -1 where a list is short.
        """
        row, place = np.nonzero(ranked >= 0)
        item = ranked[row, place]
        together = entries(stored_places(self.count), self.count.data, row * self.count.shape[1] + item)
        both = self.query_bought[row] * self.bought[item]
        known = (together > 0) | (both >= _EXPECTED * self.baskets)
        return float((together * self.baskets < both)[known].mean()) if known.any() else float("nan")


def baskets_before(events: Events) -> pd.DataFrame:
    """List the different items of all baskets of a log: `basket`, `item`."""
    with events.connections.duckdb() as engine:
        log = events.table(engine)
        return engine.fetch(log.filter(log.kind == PURCHASE).select("basket", "item").distinct())


def baskets_after(test: pd.DataFrame) -> pd.DataFrame:
    """List the different items of all baskets of `Split.test`: `basket`, `item`."""
    return purchases(test)[["basket", "item"]].drop_duplicates()

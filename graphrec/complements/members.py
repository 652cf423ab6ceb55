"""Members: what is asked by, an item or a cart or a new product, laid out flat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graphrec.complements.known_items import KnownItems, QueryItems


@dataclass(frozen=True)
class Members:
    """Query items laid out flat: a cart is several members of one query.

    Parameters
    ----------
    query : ndarray
        `(members,) int64`, rising.
    items : QueryItems
    queries : int
        How many queries there are.
    """

    query: np.ndarray
    items: QueryItems
    queries: int

    @property
    def item(self) -> np.ndarray:
        """`(members,) int64` codes, -1 for a product that the model has never seen."""
        return self.items.item

    @classmethod
    def of_carts(cls, known: KnownItems, carts: Sequence[np.ndarray]) -> Members:
        """Lay out carts of item codes."""
        query = np.repeat(np.arange(len(carts)), [len(cart) for cart in carts])
        item = np.concatenate([*carts, np.zeros(0, dtype=np.int64)]).astype(np.int64)
        return cls(query, known.queries(item), len(carts))

    @classmethod
    def of_new(cls, products: QueryItems) -> Members:
        """Lay out products that are known by their catalogue row alone, each a query of its own."""
        return cls(np.arange(len(products.item)), products, len(products.item))

    def block(self, start: int, stop: int) -> Members:
        """Take the queries `start : stop`."""
        rows = slice(*np.searchsorted(self.query, [start, stop]))
        return Members(self.query[rows] - start, self.items.rows(rows), stop - start)

"""What is known of items beside the counts: of those of the catalogue, and of those that are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class KnownItems:
    """What is known of every item of the catalogue beside the counts.

    Parameters
    ----------
    embeddings : ndarray
        `(items, dim)`, unit length.
    type_codes : ndarray
        `(items,) int64`.
    price : ndarray
        `(items, 3)`: log price, log price within its type, whether it is missing.
    likeness : csr_array
        `(items, items)`: weights of each item's look-alikes, all of them bought.
    """

    embeddings: np.ndarray
    type_codes: np.ndarray
    price: np.ndarray
    likeness: sparse.csr_array

    def queries(self, codes: np.ndarray) -> QueryItems:
        """Look up items of the catalogue, `(n,)` codes, as queries."""
        return QueryItems(
            codes,
            self.embeddings[codes],
            self.type_codes[codes],
            self.price[codes],
            sparse.csr_array(self.likeness[codes]),
        )

    @cached_property
    def lends_to(self) -> sparse.csr_array:
        """Row n: the items whose look-alike n is."""
        return sparse.csr_array(self.likeness.T)

    def lenders_sell(self, bought: np.ndarray) -> np.ndarray:
        """Return the mean baskets of each item's look-alikes, `(items,) float64`, for `(items,)` baskets."""
        weight = np.asarray(self.likeness.sum(axis=1)).ravel()
        return np.asarray(self.likeness @ bought.astype(np.float64) / np.maximum(weight, 1e-12))


@dataclass(frozen=True)
class QueryItems:
    """Query items, some of which the catalogue may not hold.

    Parameters
    ----------
    item : ndarray
        `(n,) int64` codes, -1 for a product that is not in the catalogue.
    embedding : ndarray
        `(n, dim)`.
    type_code : ndarray
        `(n,) int64`, -1 unknown.
    price : ndarray
        `(n, 3)`, as of `KnownItems`.
    likeness : csr_array
        `(n, items)`, as of `KnownItems`.
    """

    item: np.ndarray
    embedding: np.ndarray
    type_code: np.ndarray
    price: np.ndarray
    likeness: sparse.csr_array

    def rows(self, chosen: np.ndarray | slice) -> QueryItems:
        """Take some of them."""
        likeness = sparse.csr_array(self.likeness[chosen])
        return QueryItems(
            self.item[chosen], self.embedding[chosen], self.type_code[chosen], self.price[chosen], likeness
        )

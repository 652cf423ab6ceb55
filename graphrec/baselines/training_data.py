"""What a baseline may learn from: the log before a cut, as sparse matrices."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, cast

import numpy as np
from scipy import sparse

from graphrec.compute.ragged import row_owners
from graphrec.events import Catalogue

Shared = TypeVar("Shared")


@dataclass(frozen=True)
class TrainingData:
    """A log before a cut.

    Parameters
    ----------
    catalogue : Catalogue
        All items, also those that nobody has touched before the cut.
    types : ndarray
        `(items,) int64` type codes.
    baskets : csr_array
        `(baskets, items) float32` of ones: the baskets of 2 to 100 different items, oldest first.
    age_days : ndarray
        `(baskets,) float64`: days before the last basket; zeros in a log without times.
    bought : ndarray
        `(items,) int64`: baskets of any length that hold an item.
    viewed_together : csr_array or None
        `(items, items) float32`: sessions that viewed both, without the diagonal; None for a log without views.
    bought_first : csr_array or None
        `(items, items) float32`: baskets in which the row was bought strictly before the column; None where no
        basket tells an order.
    of_links : bool
        Whether given links stand for baskets.
    """

    catalogue: Catalogue
    types: np.ndarray
    baskets: sparse.csr_array
    age_days: np.ndarray
    bought: np.ndarray
    viewed_together: sparse.csr_array | None
    bought_first: sparse.csr_array | None
    of_links: bool = False

    @property
    def items(self) -> int:
        """How many items there are."""
        return len(self.catalogue)

    def together(self, basket_weight: np.ndarray | None = None) -> sparse.csr_array:
        """Count the baskets that hold both of two items, `(items, items) float64`, without the diagonal.

        Parameters
        ----------
        basket_weight : ndarray, optional
            `(baskets,)`: what each basket counts for; one each by default.
        """
        lines = self.baskets.astype(np.float64)
        weighed = lines if basket_weight is None else sparse.csr_array(lines.multiply(basket_weight[:, None]))
        counted = sparse.csr_array(lines.T @ weighed)
        counted.setdiag(0)
        counted.eliminate_zeros()
        return counted

    @cached_property
    def counts(self) -> sparse.csr_array:
        """Baskets that hold both of two items, `(items, items) float64`, without the diagonal."""
        return self.together()

    @cached_property
    def linked(self) -> sparse.csr_array:
        """The complement graph, `(items, items) float64`: 1 where any basket holds both, in either order."""
        ones = np.ones(self.counts.nnz)
        return sparse.csr_array((ones, self.counts.indices, self.counts.indptr), shape=self.counts.shape)

    @cached_property
    def basket_sizes(self) -> np.ndarray:
        """Different items of each basket, `(baskets,) float64`."""
        return np.asarray(np.diff(self.baskets.indptr), dtype=np.float64)

    @cached_property
    def held(self) -> np.ndarray:
        """Baskets of 2 to 100 items that hold an item, `(items,) float64`: the margins of `counts`."""
        return np.bincount(self.baskets.indices, minlength=self.items).astype(np.float64)

    @cached_property
    def type_counts(self) -> sparse.csr_array:
        """Sum `counts` over the items of two types, `(types, types) float64`."""
        kinds = len(self.type_bought)
        rows = self.types[row_owners(self.counts)]
        pairs = (self.counts.data, (rows, self.types[self.counts.indices]))
        return sparse.csr_array(sparse.coo_array(pairs, shape=(kinds, kinds)))

    @cached_property
    def type_bought(self) -> np.ndarray:
        """Sum `bought` over the items of each type, `(types,) float64`."""
        return np.bincount(self.types, self.bought)

    def shared(self, key: Hashable, make: Callable[[], Shared]) -> Shared:
        """Return what several grid points of a baseline share; made once, kept as long as the data.

        Parameters
        ----------
        key : hashable
            Names the baseline and everything that the result depends on, the seed included.
        make : callable
        """
        if key not in self._kept:
            self._kept[key] = make()
        return cast(Shared, self._kept[key])

    @cached_property
    def _kept(self) -> dict[Hashable, object]:
        return {}

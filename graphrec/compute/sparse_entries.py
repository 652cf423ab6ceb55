"""Many entries of a sparse matrix at once, by the numbers of its stored places: scipy's look-up passes over all."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from graphrec.compute.ragged import find_sorted, row_owners


def stored_places(matrix: sparse.csr_array) -> np.ndarray:
    """Give numbers to the stored places row by row, `(stored,) int64`, rising where the indices are sorted."""
    return np.asarray(row_owners(matrix) * matrix.shape[1] + matrix.indices, dtype=np.int64)


def entries(places: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the values at wanted places, `(n,) float64`, 0 where nothing is stored.

    Parameters
    ----------
    places, values : ndarray
        `(stored,)`, the places rising.
    wanted : ndarray
        `(n,) int64`.
    """
    place = find_sorted(places, wanted)
    found = np.zeros(len(wanted))
    there = np.flatnonzero(place >= 0)
    found[there] = values[place[there]]
    return found

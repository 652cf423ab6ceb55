"""Many entries of a sparse matrix at once, by the numbers of its stored places: scipy's look-up passes over all."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def stored_places(matrix: sparse.csr_array) -> np.ndarray:
    """Give numbers to the stored places row by row, `(stored,) int64`, rising where the indices are sorted."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return np.asarray(rows * matrix.shape[1] + matrix.indices, dtype=np.int64)


def entries(places: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the values at wanted places, `(n,) float64`, 0 where nothing is stored.

    Parameters
    ----------
    places, values : ndarray
        `(stored,)`, the places rising.
    wanted : ndarray
        `(n,) int64`.
    """
    found = np.zeros(len(wanted))
    if len(places):
        place = np.minimum(np.searchsorted(places, wanted), len(places) - 1)
        there = np.flatnonzero(places[place] == wanted)
        found[there] = values[place[there]]
    return found

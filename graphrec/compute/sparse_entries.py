"""Many entries of a sparse matrix at once, by the numbers of its stored places: scipy's look-up passes over all."""

from __future__ import annotations

import numpy as np
from scipy import sparse

_HIGHEST = (1 << 31) - 1
"""The largest number of 31 bits, all that a positive single-precision float has."""


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


def largest_entries(matrix: sparse.csr_array, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Take the largest entries of each row: rows and columns, `(n,) int64`; all entries are positive.

    Row, falling value and column are packed into one number each, since numbers sort many times faster than triples.
    What differs in the last digits of single precision alone goes by its column.
    """
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    column_bits = matrix.shape[1].bit_length()
    value_bits = min(31, 63 - column_bits - matrix.shape[0].bit_length())
    # The bits of positive floats rise with their values.
    value = _HIGHEST - matrix.data.astype(np.float32).view(np.int32).astype(np.int64)
    packed = (((rows << value_bits) + (value >> (31 - value_bits))) << column_bits) + matrix.indices
    packed.sort()
    kept = packed[np.arange(len(rows)) - matrix.indptr[rows] < most]
    return kept >> (column_bits + value_bits), kept & ((1 << column_bits) - 1)

"""Many entries of a sparse matrix at once, by the numbers of its stored places: scipy's look-up passes over all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy import sparse

from graphrec.compute.ragged import find_sorted, largest_of_sparse_rows, row_owners


def stored_places(matrix: sparse.csr_array) -> np.ndarray:
    """Give numbers to the stored places row by row, `(stored,) int64`, rising where the indices are sorted."""
    return np.asarray(row_owners(matrix) * matrix.shape[1] + matrix.indices, dtype=np.int64)


def columns_of_pairs(
    rows: Mapping[str, sparse.csr_array], owner: np.ndarray, item: np.ndarray
) -> dict[str, np.ndarray]:
    """Look pairs up in matrices of one shape, name -> `(n,) float64`.

    Parameters
    ----------
    rows : mapping of str to csr_array
        `(queries, items)` each, with sorted indices.
    owner, item : ndarray
        `(n,) int64`: row and column of each pair.
    """
    return {
        name: entries(stored_places(matrix), matrix.data, owner * matrix.shape[1] + item)
        for name, matrix in rows.items()
    }


def largest_of_each(rows: Iterable[sparse.csr_array], most: int) -> tuple[np.ndarray, np.ndarray]:
    """Pair rows with the columns of their largest entries in each matrix, `(n,) int64`; a pair may stand twice."""
    owner, item = zip(*(largest_of_sparse_rows(matrix, most) for matrix in rows), strict=True)
    return np.concatenate(owner), np.concatenate(item)


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

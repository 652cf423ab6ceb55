"""Rows of sparse item-item matrices: rescaled, cut to their largest entries, and asked for as scores."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from graphrec.baselines.baseline import Scorer
from graphrec.compute.ragged import largest_of_groups, row_owners


def with_values(matrix: sparse.csr_array, values: np.ndarray) -> sparse.csr_array:
    """Put other values, `(entries,)`, into the same places; zeros among them leave theirs."""
    filled = sparse.csr_array((values, matrix.indices.copy(), matrix.indptr.copy()), shape=matrix.shape)
    filled.eliminate_zeros()
    return filled


def rescaled(matrix: sparse.csr_array, rows: np.ndarray, columns: np.ndarray) -> sparse.csr_array:
    """Multiply every entry by a factor of its row, `(rows,)`, and one of its column, `(columns,)`."""
    return with_values(matrix, matrix.data * rows[row_owners(matrix)] * columns[matrix.indices])


def row_normalised(matrix: sparse.csr_array) -> sparse.csr_array:
    """Divide every row by its sum; empty rows stay empty."""
    return rescaled(matrix, inverse(matrix.sum(axis=1)), np.ones(matrix.shape[1]))


def inverse(values: np.ndarray) -> np.ndarray:
    """Return one over each value, 0 for what is not above 0."""
    values = np.asarray(values, dtype=np.float64)
    return np.asarray(np.divide(1.0, values, out=np.zeros_like(values), where=values > 0))


def top_per_row(matrix: sparse.csr_array, most: int, popularity: np.ndarray) -> sparse.csr_array:
    """Keep the largest entries of each row; of equals those of the more popular column, then of the lower code.

    Parameters
    ----------
    matrix : csr_array
    most : int
        Entries that a row keeps.
    popularity : ndarray
        `(columns,)`.
    """
    rows = row_owners(matrix)
    kept = largest_of_groups(rows, matrix.data, most, -popularity[matrix.indices], matrix.indices)
    return sparse.csr_array((matrix.data[kept], (rows[kept], matrix.indices[kept])), shape=matrix.shape)


def row_scorer(matrix: sparse.csr_array) -> Scorer:
    """Score by the rows of a matrix, 0 where a row says nothing."""

    def score(query: np.ndarray) -> np.ndarray:
        return np.asarray(matrix[query].toarray(), dtype=np.float64)

    return score

"""Counts of pairs -> what their low-rank part expects: items bought with the same others are expected together."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from graphrec.compute.ragged import row_owners


def low_rank_counts(
    counts: sparse.csr_array, rank: int, power_iterations: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Factorise the symmetrically normalised counts, `c_ij / sqrt(d_i * d_j)`, and scale the factors back to counts.

    Parameters
    ----------
    counts : csr_array
        `(items, items) float64`; d are the sums of its rows.
    rank : int
        At most one less than there are items.
    power_iterations : int
        More find the largest singular values more exactly. Of a sparse log thousands are equal, which an iteration to
        the last digit never gets through, so their number is fixed.
    seed : int
        Of the directions from which the decomposition starts (Halko et al. 2011).

    Returns
    -------
    left, right : ndarray
        `(items, rank) float64`; `left[i] @ right[j]` is the expected count of i and j.
    """
    from sklearn.utils.extmath import randomized_svd

    root = np.sqrt(np.asarray(counts.sum(axis=1)).ravel())
    inverse = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
    rows = row_owners(counts)
    values = counts.data * inverse[rows] * inverse[counts.indices]
    normal = sparse.csr_matrix((values, counts.indices, counts.indptr), shape=counts.shape)
    rank = min(rank, counts.shape[0] - 1)
    with threadpool_limits(limits=1):  # several threads add up in an order that changes from run to run
        left, strength, right = randomized_svd(normal, rank, n_iter=power_iterations, random_state=seed)
    return left * strength * root[:, None], right.T * root[:, None]

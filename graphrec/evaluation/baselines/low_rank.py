"""Counts and their low-rank factorisation: what was bought together, and what was bought with the same others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from graphrec.evaluation.baselines.baseline import Scorer
from graphrec.evaluation.baselines.pair_counts import length_weight
from graphrec.evaluation.baselines.sparse_rows import inverse, rescaled
from graphrec.evaluation.baselines.training_data import TrainingData


def fit_count_svd(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by `c_ij + factor * sqrt(d_i * d_j) * L_ij`.

    c are counts of baskets, each worth `(size - 1) ** -power`, d their sums over a row, and L the truncated
    singular value decomposition of `c_ij / sqrt(d_i * d_j)`: where `factor` is large, the count only corrects
    what the factorisation expects.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `rank`, `factor`, `power`.
    seed : int
        Of the directions from which the decomposition starts (Halko et al. 2011).
    """
    rank, power, factor = int(parameters["rank"]), parameters["power"], parameters["factor"]
    counts = data.together(length_weight(data, power)) if power else data.counts
    left, right = data.shared(("count svd", rank, power, seed), lambda: _factors(counts, rank, seed))

    def score(query: np.ndarray) -> np.ndarray:
        return np.asarray(counts[query].toarray() + (factor * left[query]) @ right.T)

    return score


def _factors(counts: sparse.csr_array, rank: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors whose products are the low-rank expectation of the counts, both `(items, rank) float64`."""
    degree = np.asarray(counts.sum(axis=1))
    root = np.sqrt(degree)
    normal = rescaled(counts, inverse(root), inverse(root))
    # Of a sparse log thousands of singular values are equal, which an iteration to the last digit never gets through.
    with threadpool_limits(1, "blas"):
        left, strength, right = randomized_svd(
            sparse.csr_matrix(normal), min(rank, counts.shape[0] - 1), n_iter=6, random_state=seed
        )
    return left * strength * root[:, None], right.T * root[:, None]


def too_few_items(data: TrainingData) -> str | None:
    """Say that a decomposition needs three items."""
    return None if data.items > 2 else f"{data.items} items are too few for a decomposition; it takes 3"

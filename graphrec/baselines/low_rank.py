"""Counts and their low-rank factorisation: what was bought together, and what was bought with the same others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.pair_counts import length_weight
from graphrec.baselines.training_data import TrainingData
from graphrec.graph import low_rank_counts

_POWER_ITERATIONS = 6


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
    left, right = data.shared(
        ("count svd", rank, power, seed), lambda: low_rank_counts(counts, rank, _POWER_ITERATIONS, seed)
    )

    def score(query: np.ndarray) -> np.ndarray:
        return np.asarray(counts[query].toarray() + (factor * left[query]) @ right.T)

    return score


def too_few_items(data: TrainingData) -> str | None:
    """Say that a decomposition needs three items."""
    return None if data.items > 2 else f"{data.items} items are too few for a decomposition; it takes 3"

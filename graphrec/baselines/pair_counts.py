"""Baselines that count: how often items were bought, how often two were bought together, and what chance would do.

Counts of pairs and of their items come from the same baskets, those of 2 to 100 different items, so that no item
has fewer baskets than its pairs.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.sparse_rows import inverse, rescaled, row_scorer, with_values
from graphrec.baselines.training_data import TrainingData
from graphrec.compute.ragged import row_owners


def fit_popularity(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the baskets of two items or more that hold an item, the same for every query."""
    bought = data.held.astype(np.float64)

    def score(query: np.ndarray) -> np.ndarray:
        return np.broadcast_to(bought, (len(query), len(bought)))

    return score


def fit_count(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the baskets that hold both."""
    return row_scorer(data.counts)


def fit_weighted_count(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the baskets that hold both, each worth `(size - 1) ** -power * 0.5 ** (age / half_life)`.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `power`; `half_life` in days, 0 for baskets that do not age.
    seed : int
    """
    weight = length_weight(data, parameters["power"])
    if parameters["half_life"] > 0:
        weight = weight * 0.5 ** (data.age_days / parameters["half_life"])
    return row_scorer(data.together(weight))


def length_weight(data: TrainingData, power: float) -> np.ndarray:
    """Return `(size - 1) ** -power` of every basket: with power 1 an item has one vote in a basket of any length."""
    return np.asarray((data.basket_sizes - 1.0) ** -power)


def fit_lift(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score pairs of at least `min_count` baskets by how many times more often than by chance they were bought."""
    return row_scorer(_lift(data, parameters["min_count"]))


def fit_shrunk_lift(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by `lift * count / (count + shrink)`: few baskets prove little."""
    lift = _lift(data, 1)
    count = data.counts.data
    return row_scorer(with_values(lift, lift.data * count / (count + parameters["shrink"])))


def fit_npmi(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score pairs of at least `min_count` baskets by normalised pointwise mutual information, `log(lift) / -log(p)`.

    1 where two items are only bought together, 0 at chance and below. Bouma, "Normalized (Pointwise) Mutual
    Information in Collocation Extraction", 2009.
    """
    lift = _lift(data, parameters["min_count"])
    share = _at_least(data.counts, parameters["min_count"]).data / max(data.baskets.shape[0], 1)
    information = np.log(lift.data) / np.maximum(-np.log(share), 1e-12)
    return row_scorer(with_values(lift, np.maximum(information, 0.0)))


def fit_cosine(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by `count / (sqrt(n_i * n_j) + shrink)`."""
    counts, root = data.counts, np.sqrt(data.held)
    norm = root[row_owners(counts)] * root[counts.indices] + parameters["shrink"]
    return row_scorer(with_values(counts, counts.data / norm))


def _lift(data: TrainingData, min_count: float) -> sparse.csr_array:
    counts, once = _at_least(data.counts, min_count), inverse(data.held)
    return rescaled(counts, once * data.baskets.shape[0], once)


def _at_least(counts: sparse.csr_array, min_count: float) -> sparse.csr_array:
    return with_values(counts, np.where(counts.data >= min_count, counts.data, 0.0))

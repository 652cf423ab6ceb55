"""Baselines that walk at random: from item to basket to item, and over views and purchases."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.sparse_rows import inverse, rescaled, row_normalised, row_scorer, top_per_row
from graphrec.baselines.training_data import TrainingData

_REVERSE = 0.1
"""What a purchase in the other order counts for."""
_NEIGHBOURS = 50
"""Items that the first step of the two-step walk can reach."""


def fit_p3alpha(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the walk item -> basket -> item, each step's probability to the power `alpha`.

    Cooper et al., "Random Walks in Recommender Systems: Exact Computation and Simulations", 2014.
    """
    return row_scorer(_walk(data, parameters["alpha"], 0.0))


def fit_rp3beta(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score as P3alpha does, over the popularity of the item reached to the power `beta`.

    Paudel et al., "Updatable, Accurate, Diverse, and Scalable Recommendations for Interactive Applications", 2016.
    """
    return row_scorer(_walk(data, parameters["alpha"], parameters["beta"]))


def _walk(data: TrainingData, alpha: float, beta: float) -> sparse.csr_array:
    # Of ones, both steps' matrices are a power of a row's size: a sum over baskets, weighed by theirs.
    walked = data.together(data.basket_sizes**-alpha)
    once = inverse(data.held)
    return rescaled(walked, once**alpha, once**beta)


def fit_two_step_walk(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by `P + weight * V P`: one step of purchases, or one step to a similar item and then one of purchases.

    P holds the counts, to which a basket that tells the other order adds a tenth. V holds the 50 items most viewed
    together with an item; in a log without views those most bought together.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `weight`.
    seed : int
    """
    weight = parameters["weight"]
    purchases = row_normalised(_directed(data))
    near = data.counts if data.viewed_together is None else data.viewed_together
    similar = row_normalised(top_per_row(near, _NEIGHBOURS, data.bought))

    def score(query: np.ndarray) -> np.ndarray:
        walked = purchases[query] + weight * (similar[query] @ purchases)
        return np.asarray(walked.toarray(), dtype=np.float64)

    return score


def _directed(data: TrainingData) -> sparse.csr_array:
    if data.bought_first is None:
        return data.counts
    return sparse.csr_array(data.counts - (1 - _REVERSE) * data.bought_first.T.astype(np.float64))

"""Baselines that know item types: they also speak for items that nobody has bought."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.sparse_rows import inverse, row_normalised, top_per_row
from graphrec.baselines.training_data import TrainingData


def fit_popularity_in_types(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score the items of the `types` types bought most with the query's type by popularity; no opinion on others."""
    most = top_per_row(data.type_counts, int(parameters["types"]), data.type_bought)
    bought = data.bought.astype(np.float64)

    def score(query: np.ndarray) -> np.ndarray:
        predicted = most[data.types[query]].toarray()[:, data.types] > 0
        return np.where(predicted, bought, -np.inf)

    return score


def fit_untouched_first(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score as popularity within the predicted types does, but put what nobody has bought yet first in its type.

    The rule that a shop follows with arrivals; it knows nothing of the query but its type. The items of types that
    are not predicted follow in the same order.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `types`: how many types are predicted.
    seed : int
    """
    most = top_per_row(data.type_counts, int(parameters["types"]), data.type_bought)
    within_type = np.where(data.bought > 0, data.bought / (data.bought.max(initial=0) + 1), 1.0)

    def score(query: np.ndarray) -> np.ndarray:
        predicted = most[data.types[query]].toarray()[:, data.types] > 0
        return np.asarray(within_type + 2.0 * predicted)

    return score


def fit_type_backoff(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by `count + kappa * P(type of j | type of i) * P(j | type of j)`.

    The types' co-purchases and the items' share of their type's purchases are a prior worth `kappa` baskets.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `kappa`.
    seed : int
    """
    transition = row_normalised(data.type_counts)
    share = parameters["kappa"] * data.bought * inverse(data.type_bought)[data.types]

    def score(query: np.ndarray) -> np.ndarray:
        prior = transition[data.types[query]].toarray()[:, data.types] * share
        return np.asarray(data.counts[query].toarray() + prior)

    return score

"""The graph of given links that ways to complete a graph work on, and what known substitutes say."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.training_data import TrainingData

IGNORED, LEFT_OUT, WALKED = range(3)
"""What is done with substitute links: nothing; no opinion is had on them; that, and they are links like others."""


def not_of_links(data: TrainingData) -> str | None:
    """Say that a way to complete a graph of given links is none to complete a log."""
    return None if data.of_links else "it completes given links, and this is a log of purchases"


def graph_of_links(data: TrainingData, substitutes: float) -> sparse.csr_array:
    """Return the links, `(items, items) float64` of ones, symmetric and without the diagonal.

    Parameters
    ----------
    data : TrainingData
    substitutes : float
        `WALKED` to put the substitute links in, another to keep to the complement links.
    """
    viewed = data.viewed_together
    if substitutes != WALKED or viewed is None:
        return data.linked

    def both() -> sparse.csr_array:
        held = sparse.csr_array(data.linked + viewed)
        return sparse.csr_array((np.ones(held.nnz), held.indices, held.indptr), shape=held.shape)

    return data.shared("links of both relations", both)


def without_substitutes(data: TrainingData, substitutes: float, scorer: Scorer) -> Scorer:
    """Have no opinion on known substitutes: a pair that is one is no complement."""
    viewed = data.viewed_together
    if substitutes == IGNORED or viewed is None:
        return scorer

    def score(query: np.ndarray) -> np.ndarray:
        scores = scorer(query).copy()
        scores[viewed[query].nonzero()] = -np.inf
        return scores

    return score

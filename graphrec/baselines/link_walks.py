"""Baselines that walk over given links: from product to product, each step over one link."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy import sparse

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.link_graph import graph_of_links, without_substitutes
from graphrec.baselines.sparse_rows import inverse, rescaled, row_normalised
from graphrec.baselines.training_data import TrainingData

_Walk = Callable[[np.ndarray, sparse.csr_array, sparse.csr_array], np.ndarray]
"""Queries, the matrix of a step and that of the last one -> `(queries, items)`."""
_LONGEST_PATH = 4
_POWER_ITERATIONS = 100


def fit_link_walk_2(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the chance that a walk is at the item after two steps, over the item's degree to the power `beta`.

    With `beta` 0 the scores are a row of `D^-1 A D^-1 A`, A the links and D their numbers.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `beta`; `substitutes`, as in `link_graph`.
    seed : int
    """
    return _fit_walk(data, parameters, lambda query, step, last: (step[query] @ last).toarray())


def fit_link_walk_3(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score as the two-step walk does, after three steps: `D^-1 A D^-1 A D^-1 A`.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `beta`; `substitutes`, as in `link_graph`.
    seed : int
    """
    return _fit_walk(data, parameters, lambda query, step, last: (step[query] @ step).toarray() @ last)


def _fit_walk(data: TrainingData, parameters: Mapping[str, float], walked: _Walk) -> Scorer:
    step, last = _steps(graph_of_links(data, parameters["substitutes"]), parameters["beta"])
    return without_substitutes(data, parameters["substitutes"], lambda query: np.asarray(walked(query, step, last)))


def fit_katz(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the paths of up to four links between two products, a link worth `share` over the largest eigenvalue.

    With a share of 1 the sum over paths of all lengths would not converge. Katz, "A New Status Index Derived from
    Sociometric Analysis", 1953.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `share`; `substitutes`, as in `link_graph`.
    seed : int
    """
    substitutes = parameters["substitutes"]
    links = graph_of_links(data, substitutes)
    eigenvalue = data.shared(("largest eigenvalue", links.nnz), lambda: _largest_eigenvalue(links))
    worth = parameters["share"] / max(eigenvalue, 1.0)

    def score(query: np.ndarray) -> np.ndarray:
        paths = worth * links[query].toarray()
        total = paths
        for _ in range(1, _LONGEST_PATH):
            paths = worth * (paths @ links)
            total = total + paths
        return np.asarray(total)

    return without_substitutes(data, substitutes, score)


def _steps(links: sparse.csr_array, beta: float) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Make the matrix of one step, and that of the last one."""
    step, degree = row_normalised(links), np.asarray(links.sum(axis=1))
    return step, rescaled(step, np.ones(len(degree)), inverse(np.maximum(degree, 1.0) ** beta))


def _largest_eigenvalue(links: sparse.csr_array) -> float:
    """Find it by power iteration: 0 without links, at least 1 with any."""
    vector = np.asarray(links.sum(axis=1), dtype=np.float64)
    value = 0.0
    for _ in range(_POWER_ITERATIONS):
        length = float(np.linalg.norm(vector))
        if not length:
            break
        # A graph of two sides has the eigenvalues x and -x, between which single steps swing for ever.
        vector = links @ (links @ (vector / length))
        value = float(np.linalg.norm(vector)) ** 0.5
    return value

"""Baselines that look at the neighbours which two products share among the given links, or expect them to share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.link_graph import graph_of_links, without_substitutes
from graphrec.baselines.sparse_rows import inverse, rescaled
from graphrec.baselines.training_data import TrainingData
from graphrec.graph import low_rank_counts

_HIGHEST_RANK = 1024
_SVD_ITERATIONS = 6


def fit_common_neighbours(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the number of products that both are linked with.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `substitutes`, as in `link_graph`.
    seed : int
    """
    links = graph_of_links(data, parameters["substitutes"])
    return without_substitutes(data, parameters["substitutes"], _through_neighbours(links, np.ones(data.items)))


def fit_adamic_adar(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the shared neighbours, each worth one over the logarithm of its number of links.

    Adamic and Adar, "Friends and Neighbors on the Web", 2003. Parameters as of `fit_common_neighbours`.
    """
    links = graph_of_links(data, parameters["substitutes"])
    worth = inverse(np.log(np.maximum(links.sum(axis=1), 1)))
    return without_substitutes(data, parameters["substitutes"], _through_neighbours(links, worth))


def fit_resource_allocation(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the shared neighbours, each worth one over its number of links: ranks as a walk of two steps does.

    Zhou, Lü and Zhang, "Predicting Missing Links via Local Information", 2009. Parameters as of
    `fit_common_neighbours`.
    """
    links = graph_of_links(data, parameters["substitutes"])
    return without_substitutes(data, parameters["substitutes"], _through_neighbours(links, inverse(links.sum(axis=1))))


def _through_neighbours(links: sparse.csr_array, worth: np.ndarray) -> Scorer:
    weighed = rescaled(links, worth, np.ones(len(worth)))

    def score(query: np.ndarray) -> np.ndarray:
        return np.asarray((links[query] @ weighed).toarray(), dtype=np.float64)

    return score


def fit_link_svd(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by `(u_i * s) @ v_j * sqrt(d_j)`, the truncated SVD of the links over the roots of both degrees.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `rank`; `substitutes`, as in `link_graph`.
    seed : int
        Of the directions from which the decomposition starts (Halko et al. 2011).
    """
    rank, substitutes = int(parameters["rank"]), parameters["substitutes"]
    links = graph_of_links(data, substitutes)
    # Of the highest rank all lower ones are the first columns.
    left, right = data.shared(
        ("link svd", links.nnz, seed), lambda: low_rank_counts(links, _HIGHEST_RANK, _SVD_ITERATIONS, seed)
    )

    def score(query: np.ndarray) -> np.ndarray:
        return np.asarray(left[query, :rank] @ right[:, :rank].T)

    return without_substitutes(data, substitutes, score)

"""Baselines that learn a vector an item: item2vec, BPR and ALS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.libraries import open_library
from graphrec.baselines.skip_gram import skip_gram
from graphrec.baselines.training_data import TrainingData

_LONGEST_WINDOW = 100


@dataclass(frozen=True)
class ItemVectors:
    """What a factorisation says of items.

    Parameters
    ----------
    query, candidate : ndarray
        `(items, dim) float64`: of an item that is asked for, and of one that may be the answer.
    bias : ndarray
        `(items,) float64`, of a candidate.
    known : ndarray
        `(items,) bool`: whether an item has vectors.
    """

    query: np.ndarray
    candidate: np.ndarray
    bias: np.ndarray
    known: np.ndarray

    def scorer(self, cosine: bool) -> Scorer:
        """Score by products plus bias, or by cosines; no opinion where either item has no vector."""
        left, right, bias = self.query, self.candidate, self.bias
        if cosine:
            left, right, bias = _unit(left), _unit(right), np.zeros_like(bias)

        def score(query: np.ndarray) -> np.ndarray:
            both = self.known[query][:, None] & self.known
            return np.where(both, left[query] @ right.T + bias, -np.inf)

        return score


def fit_item2vec(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the query's input vector times the candidate's output vector of a skip-gram over baskets.

    Barkan and Koenigstein, "Item2Vec: Neural Item Embedding for Collaborative Filtering", 2016; input times output
    as in Kvernadze et al., "Two Is Better Than One: Dual Embeddings for Complementary Product Recommendations", 2022.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `epochs`; `ns_exponent`, the power of the popularity by which negative items are drawn.
    seed : int
    """
    tokens = np.split(data.baskets.indices.astype(str), data.baskets.indptr[1:-1])
    query, candidate = skip_gram(
        # gensim takes lists of texts.
        [basket.tolist() for basket in tokens],
        data.items,
        # A basket has no order: every item sees all others.
        window=min(int(data.basket_sizes.max(initial=1)), _LONGEST_WINDOW),
        epochs=int(parameters["epochs"]),
        ns_exponent=parameters["ns_exponent"],
        seed=seed,
    )
    return ItemVectors(query, candidate, np.zeros(data.items), data.held > 0).scorer(cosine=False)


def fit_bpr(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the item vectors of Bayesian personalised ranking, with baskets as users.

    Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", 2009. As a product the query's
    vector stands for the basket's, so that the candidate's bias counts too.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `factors`, `iterations`; `cosine`, 1 for cosines and 0 for products.
    seed : int
    """
    factors, iterations = int(parameters["factors"]), int(parameters["iterations"])

    def learn() -> ItemVectors:
        model = open_library("implicit.cpu.bpr").BayesianPersonalizedRanking(
            factors=factors, iterations=iterations, random_state=seed, num_threads=1
        )
        learned = _learned_items(model, data)
        # The last column of the library's item vectors is their bias.
        return ItemVectors(learned[:, :-1], learned[:, :-1], learned[:, -1], data.held > 0)

    return data.shared(("bpr", factors, iterations, seed), learn).scorer(bool(parameters["cosine"]))


def fit_als(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the item vectors of implicit alternating least squares, with baskets as users.

    Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `factors`; `alpha`, how much more an item of a basket counts than one that is not; `cosine`, 1 for cosines
        and 0 for products.
    seed : int
    """
    factors, alpha = int(parameters["factors"]), parameters["alpha"]

    def learn() -> ItemVectors:
        model = open_library("implicit.cpu.als").AlternatingLeastSquares(
            factors=factors, alpha=alpha, random_state=seed
        )
        learned = _learned_items(model, data)
        return ItemVectors(learned, learned, np.zeros(data.items), data.held > 0)

    return data.shared(("als", factors, alpha, seed), learn).scorer(bool(parameters["cosine"]))


def _learned_items(model: object, data: TrainingData) -> np.ndarray:
    # The library warns of BLAS threads that fight with its own.
    with threadpool_limits(1, "blas"):
        model.fit(sparse.csr_matrix(data.baskets), show_progress=False)  # type: ignore[attr-defined]
    return np.asarray(model.item_factors, dtype=np.float64)  # type: ignore[attr-defined]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))

"""What the networks say of pairs, P(j | i) = P(type of j | i) P(j | i, type), and which pairs they name."""

from __future__ import annotations

import numpy as np

from graphrec.complements.networks.complement_index import ComplementIndex
from graphrec.complements.networks.predictor import ComplementPredictor

_LEAST = 1e-300
"""Probability of a type that stands for none in a logarithm."""


def predicted(
    predictor: ComplementPredictor,
    index: ComplementIndex,
    embeddings: np.ndarray,
    types: int,
    per_type: int,
    usual: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Pair queries with the likeliest items of their likeliest types, and of those that are likelier than usual.

    The likeliest types alone would be those of staples.

    Parameters
    ----------
    predictor : ComplementPredictor
    index : ComplementIndex
    embeddings : ndarray
        `(queries, dim)`.
    types : int
        Likeliest types to search, and as many of those that are likelier here than anywhere.
    per_type : int
        Items to take from each.
    usual : ndarray
        `(types,)`: share of each type among all complements.

    Returns
    -------
    owner, item : ndarray
        `(n,) int64`: position of the query and code of the item.
    """
    probability = predictor.type_probabilities(embeddings)
    orders = (probability, probability - usual)
    top = np.hstack([np.argsort(-order, axis=1, kind="stable")[:, :types] for order in orders])
    owner, kind = np.divmod(np.unique(np.arange(len(top))[:, None] * len(usual) + top), len(usual))
    found = index.search(predictor.queries(embeddings, kind, owner), kind, per_type)
    return owner[found.request], found.item


def priors(
    predictor: ComplementPredictor, index: ComplementIndex, embeddings: np.ndarray, owner: np.ndarray, item: np.ndarray
) -> np.ndarray:
    """Return P(item | query) by the networks, `(n,) float64`.

    Parameters
    ----------
    predictor : ComplementPredictor
    index : ComplementIndex
    embeddings : ndarray
        `(queries, dim)`.
    owner, item : ndarray
        `(n,) int64`: position of the query and code of the item.
    """
    probability = predictor.type_probabilities(embeddings)
    requests, request = np.unique(owner * probability.shape[1] + index.type_of(item), return_inverse=True)
    asked, kind = np.divmod(requests, probability.shape[1])
    queries = predictor.queries(embeddings, kind, asked)
    log_type = np.log(np.maximum(probability[asked, kind], _LEAST)) - index.log_partition(queries, kind)
    return np.asarray(np.exp(log_type[request] + index.logits(queries[request], item)))

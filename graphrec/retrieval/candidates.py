"""Query items -> candidates with the model's probability: the top types' items, joined with observed pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphrec.complements import ComplementPredictor
from graphrec.retrieval.complement_index import ComplementIndex


@dataclass(frozen=True)
class Candidates:
    """Possible complements of some query items; a pair may stand twice.

    Parameters
    ----------
    owner : ndarray
        `(n,) int64`, position of the query item.
    item : ndarray
        `(n,) int64`, code of the candidate.
    prior : ndarray
        `(n,) float64`, P(candidate | query item) by the models.
    """

    owner: np.ndarray
    item: np.ndarray
    prior: np.ndarray


def retrieve(
    predictor: ComplementPredictor,
    index: ComplementIndex,
    type_codes: np.ndarray,
    embeddings: np.ndarray,
    observed: tuple[np.ndarray, np.ndarray],
    types: int,
    per_type: int,
) -> Candidates:
    """Collect candidates from each query's likeliest types, and give observed pairs their probability.

    Parameters
    ----------
    predictor : ComplementPredictor
    index : ComplementIndex
    type_codes : ndarray
        `(items,)` of the catalogue.
    embeddings : ndarray
        `(queries, dim)`.
    observed : pair of ndarray
        `(m,)` owners and `(m,)` item codes of pairs that the log holds.
    types : int
        Likeliest types to search; 0 to score the observed pairs alone.
    per_type : int
        Items to take from each.
    """
    probability = predictor.type_probabilities(embeddings)
    count = probability.shape[1]
    top = np.argsort(-probability, axis=1, kind="stable")[:, : min(types, count)]
    owner, item = observed
    wanted = (np.arange(len(embeddings))[:, None] * count + top).ravel()
    pair_key = owner * count + type_codes[item]
    keys = np.unique(np.concatenate([wanted, pair_key]))
    request_owner, request_type = np.divmod(keys, count)
    queries = predictor.queries(embeddings[request_owner], request_type)
    found = index.search(queries, request_type, np.isin(keys, wanted), per_type)
    log_type = np.log(np.maximum(probability[request_owner, request_type], 1e-300)) - found.log_partition

    pair_request = np.searchsorted(keys, pair_key)
    pair_logit = index.logits(queries[pair_request], item)
    return Candidates(
        owner=np.concatenate([request_owner[found.request], owner]),
        item=np.concatenate([found.item, item]),
        prior=np.exp(np.concatenate([log_type[found.request] + found.logit, log_type[pair_request] + pair_logit])),
    )

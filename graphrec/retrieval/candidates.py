"""Query items -> candidates with the networks' probability: predicted, observed, expected by the counts, popular."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from graphrec.complements import ComplementPredictor, KnownItems, Memory, QueryItems, candidate_features
from graphrec.config import ComplementsConfig
from graphrec.retrieval.complement_index import ComplementIndex
from graphrec.retrieval.index import largest


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
        `(m,)` owners and `(m,)` item codes of pairs that are candidates anyway.
    types : int
        Likeliest types to search; 0 to score the given pairs alone.
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


_ROWS = 256
"""Queries whose expected counts with all items are computed at once."""


@dataclass(frozen=True)
class CandidateSource:
    """Where the candidates of a query come from, and what is known of them.

    Parameters
    ----------
    predictor : ComplementPredictor
    index : ComplementIndex
    memory : Memory
    known : KnownItems
    config : ComplementsConfig
    """

    predictor: ComplementPredictor
    index: ComplementIndex
    memory: Memory
    known: KnownItems
    config: ComplementsConfig

    def collect(self, queries: QueryItems, per_type: int, types: int) -> Candidates:
        """Collect the candidates of each query, each once and never the query itself.

        Parameters
        ----------
        queries : QueryItems
        per_type : int
            Items to take from each of the likeliest types.
        types : int
        """
        seen = np.flatnonzero(queries.item >= 0)
        owner, edge = self.memory.graph.complement.edges_of(queries.item[seen])
        expected_owner, expected_item = self._expected(queries.item[seen])
        popular = self.memory.bestsellers[: self.config.popular_candidates]
        rows = np.arange(len(queries.item))
        given = (
            np.concatenate([seen[owner], seen[expected_owner], np.repeat(rows, len(popular))]),
            np.concatenate(
                [
                    self.memory.graph.complement.indices[edge].astype(np.int64),
                    expected_item,
                    np.tile(popular, len(rows)),
                ]
            ),
        )
        given = _distinct(*given, self.memory.graph.items)
        found = self.given(queries, given, types if self.config.networks else 0, per_type)
        _, first = np.unique(found.owner * self.memory.graph.items + found.item, return_index=True)
        first = first[found.item[first] != queries.item[found.owner[first]]]
        return Candidates(found.owner[first], found.item[first], found.prior[first])

    def given(
        self, queries: QueryItems, given: tuple[np.ndarray, np.ndarray], types: int = 0, per_type: int = 1
    ) -> Candidates:
        """Give pairs their probability by the networks, 0 where these are off; beside those of the likeliest types.

        Parameters
        ----------
        queries : QueryItems
        given : pair of ndarray
            `(m,) int64` positions of the query and item codes.
        types, per_type : int
            As of `retrieve`.
        """
        found = retrieve(self.predictor, self.index, self.memory.type_codes, queries.embedding, given, types, per_type)
        return found if self.config.networks else replace(found, prior=np.zeros(len(found.prior)))

    def features(self, queries: QueryItems, candidates: Candidates) -> np.ndarray:
        """Describe candidates for the ranker, `(n, features) float64`."""
        if not self.config.networks:
            queries = replace(queries, embedding=np.zeros_like(queries.embedding))
        return candidate_features(self.memory, self.known, queries, candidates.owner, candidates.item, candidates.prior)

    def _expected(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pair query items with those that the low-rank part of the counts expects most."""
        # Without pairs nothing is expected, and any item would be as good as another.
        most = min(self.config.expected_candidates, self.memory.graph.items) if self.config.memory else 0
        found = [np.zeros((0, most), dtype=np.int64)]
        for start in range(0, len(codes) if most else 0, _ROWS):
            scores = self.memory.left[codes[start : start + _ROWS]] @ self.memory.right.T
            found.append(largest(scores, most)[0])
        items = np.concatenate(found)
        return np.repeat(np.arange(len(items)), most), items.ravel()


def _distinct(owner: np.ndarray, item: np.ndarray, items: int) -> tuple[np.ndarray, np.ndarray]:
    keys = np.unique(owner * items + item)
    return keys // items, keys % items

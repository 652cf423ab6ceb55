"""Query items -> candidates with the networks' probability: predicted, observed, expected by the counts, popular."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from graphrec.complements import (
    Borrowed,
    ComplementPredictor,
    KnownItems,
    Memory,
    QueryItems,
    candidate_features,
)
from graphrec.config import ComplementsConfig
from graphrec.retrieval.complement_index import ComplementIndex
from graphrec.retrieval.index import Index


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
    pair_key = owner * count + type_codes[item]
    wanted, asked = (np.zeros(len(embeddings) * count, dtype=bool) for _ in range(2))
    wanted[(np.arange(len(embeddings))[:, None] * count + top).ravel()] = True
    asked[pair_key] = True
    keys = np.flatnonzero(wanted | asked)
    request_owner, request_type = np.divmod(keys, count)
    queries = predictor.queries(embeddings, request_type, request_owner)
    found = index.search(queries, request_type, wanted[keys], per_type)
    log_type = np.log(np.maximum(probability[request_owner, request_type], 1e-300)) - found.log_partition

    place = np.zeros(len(wanted), dtype=np.int64)
    place[keys] = np.arange(len(keys))
    pair_request = place[pair_key]
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
    expected : Index
        Over `memory.right`: asked by a row of `memory.left`, it finds what the counts expect most.
    """

    predictor: ComplementPredictor
    index: ComplementIndex
    memory: Memory
    known: KnownItems
    config: ComplementsConfig
    expected: Index

    def collect(self, queries: QueryItems, borrowed: Borrowed, per_type: int, types: int, popular: int) -> Candidates:
        """Collect the candidates of each query, each once and never the query itself.

        Parameters
        ----------
        queries : QueryItems
        borrowed : Borrowed
            As of `borrowed`.
        per_type : int
            Items to take from each of the likeliest types.
        types : int
        popular : int
            Bestsellers to take, and as many of what sells these days.
        """
        seen = np.flatnonzero(queries.item >= 0)
        owner, edge = self.memory.graph.complement.edges_of(queries.item[seen])
        expected_owner, expected_item = self._expected(queries.item[seen])
        borrowed_owner, borrowed_item = borrowed.candidates(self.config.borrowed_candidates)
        bestsellers = np.unique(np.concatenate([order[:popular] for order in self.memory.best_first]))
        rows = np.arange(len(queries.item))
        given = (
            np.concatenate([seen[owner], seen[expected_owner], borrowed_owner, np.repeat(rows, len(bestsellers))]),
            np.concatenate(
                [
                    self.memory.graph.complement.indices[edge].astype(np.int64),
                    expected_item,
                    borrowed_item,
                    np.tile(bestsellers, len(rows)),
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

    def evidence(self, queries: QueryItems, borrowed: Borrowed, candidates: Candidates) -> dict[str, np.ndarray]:
        """Look up what the memory holds of each pair and of its look-alikes, `(n,)` each, for `candidate_features`.

        Of a query that is in no log it says of the pair what item 0 has.
        """
        code = np.maximum(queries.item[candidates.owner], 0)
        return {
            **self.memory.graph.evidence_columns(code, candidates.item),
            **borrowed.columns(candidates.owner, candidates.item),
            "lenders_sell": self._lenders_sell[candidates.item],
        }

    @cached_property
    def _lenders_sell(self) -> np.ndarray:
        return self.known.lenders_sell(self.memory.graph.bought)

    def borrowed(self, queries: QueryItems) -> Borrowed:
        """Let queries borrow from their look-alikes."""
        memory = self.memory
        return Borrowed.of(
            queries.likeness, self.known.lends_to, memory.bought_together, memory.graph.bought, queries.item
        )

    def features(self, queries: QueryItems, candidates: Candidates, evidence: Mapping[str, np.ndarray]) -> np.ndarray:
        """Describe candidates, of which evidence was looked up, for the ranker, `(n, features) float64`."""
        if not self.config.networks:
            queries = replace(queries, embedding=np.zeros_like(queries.embedding))
        owner, item, prior = candidates.owner, candidates.item, candidates.prior
        return candidate_features(self.memory, self.known, queries, owner, item, prior, evidence)

    def _expected(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pair query items, by position, with those that the low-rank part of the counts expects most."""
        # Of an item without pairs nothing is expected, and any other would be as good as the next.
        asked = np.flatnonzero(self.memory.left[codes].any(axis=1))
        most = min(self.config.expected_candidates, self.memory.graph.items)
        found = [np.zeros((0, most), dtype=np.int64)]
        for start in range(0, len(asked), _ROWS):
            block = codes[asked[start : start + _ROWS]]
            found.append(self.expected.search(self.memory.left[block], most)[0])
        items = np.concatenate(found)
        real = items >= 0
        return np.repeat(asked, real.sum(axis=1)), items[real]


def _distinct(owner: np.ndarray, item: np.ndarray, items: int) -> tuple[np.ndarray, np.ndarray]:
    keys = np.sort(owner * items + item)
    keys = keys[np.diff(keys, prepend=-1) > 0]
    return keys // items, keys % items

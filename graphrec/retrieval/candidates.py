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
    Walks,
    candidate_features,
    outside_features,
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
    usual: np.ndarray | None = None,
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
    usual : ndarray, optional
        `(types,)`: share of each type among all complements. With it, as many types are searched that are likelier
        here than anywhere: the likeliest ones are those of staples.
    """
    probability = predictor.type_probabilities(embeddings)
    count = probability.shape[1]
    orders = [probability] if usual is None else [probability, probability - usual]
    top = np.hstack([np.argsort(-order, axis=1, kind="stable")[:, : min(types, count)] for order in orders])
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
_WALKS_OF_LINKS = 150
"""Candidates of walks of each length on given links: together they outlast an export of 200."""


@dataclass(frozen=True)
class QueryRows:
    """Rows of sparse matrices that some queries share: what look-alikes lend them, and where walks lead.

    Parameters
    ----------
    borrowed : Borrowed
    walks : Walks
    """

    borrowed: Borrowed
    walks: Walks


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
    given_links : bool
        Whether the pairs are given links, of which one that is known is never an answer again.
    """

    predictor: ComplementPredictor
    index: ComplementIndex
    memory: Memory
    known: KnownItems
    config: ComplementsConfig
    expected: Index
    given_links: bool

    def collect(self, queries: QueryItems, rows: QueryRows, per_type: int, types: int, popular: int) -> Candidates:
        """Collect the candidates of each query, each once and never the query itself.

        Parameters
        ----------
        queries : QueryItems
        rows : QueryRows
            As of `rows`.
        per_type : int
            Items to take from each of the likeliest types.
        types : int
        popular : int
            Bestsellers to take, and as many of what sells these days.
        """
        seen = np.flatnonzero(queries.item >= 0)
        owner, edge = self.memory.graph.complement.edges_of(queries.item[seen])
        expected_owner, expected_item = self._expected(queries.item[seen])
        bestsellers = np.unique(np.concatenate([order[:popular] for order in self.memory.best_first]))
        everyone = np.arange(len(queries.item))
        found_by_source = (
            (seen[owner], self.memory.graph.complement.indices[edge].astype(np.int64)),
            (seen[expected_owner], expected_item),
            rows.borrowed.candidates(self.config.borrowed_candidates),
            rows.walks.candidates(self._walked),
            self._of_types(queries.type_code),
            (np.repeat(everyone, len(bestsellers)), np.tile(bestsellers, len(everyone))),
        )
        owners, items = zip(*found_by_source, strict=True)
        given = _distinct(np.concatenate(owners), np.concatenate(items), self.memory.graph.items)
        usual = self.memory.type_transition[-1]
        found = self.given(queries, given, types if self.config.networks else 0, per_type, usual)
        _, first = np.unique(found.owner * self.memory.graph.items + found.item, return_index=True)
        first = first[found.item[first] != queries.item[found.owner[first]]]
        return Candidates(found.owner[first], found.item[first], found.prior[first])

    def given(
        self,
        queries: QueryItems,
        given: tuple[np.ndarray, np.ndarray],
        types: int = 0,
        per_type: int = 1,
        usual: np.ndarray | None = None,
    ) -> Candidates:
        """Give pairs their probability by the networks, 0 where these are off; beside those of the likeliest types.

        Parameters
        ----------
        queries : QueryItems
        given : pair of ndarray
            `(m,) int64` positions of the query and item codes.
        types, per_type, usual : int, int, ndarray
            As of `retrieve`.
        """
        codes = self.memory.type_codes
        found = retrieve(self.predictor, self.index, codes, queries.embedding, given, types, per_type, usual)
        return found if self.config.networks else replace(found, prior=np.zeros(len(found.prior)))

    def evidence(self, queries: QueryItems, rows: QueryRows, candidates: Candidates) -> dict[str, np.ndarray]:
        """Look up what the memory holds of each pair and of its look-alikes, `(n,)` each, for `candidate_features`.

        Of a query that is in no log it says of the pair what item 0 has.
        """
        code = np.maximum(queries.item[candidates.owner], 0)
        return {
            **self.memory.graph.evidence_columns(code, candidates.item),
            **rows.borrowed.columns(candidates.owner, candidates.item),
            **rows.walks.columns(candidates.owner, candidates.item),
            "lenders_sell": self._lenders_sell[candidates.item],
        }

    def rows(self, queries: QueryItems) -> QueryRows:
        """Let queries borrow from their look-alikes, and walk from them where walks are asked for."""
        memory = self.memory
        borrowed = Borrowed.of(
            queries.likeness, self.known.lends_to, memory.bought_together, memory.graph.bought, queries.item
        )
        nowhere = len(queries.item), memory.graph.items
        return QueryRows(borrowed, Walks.of(memory.walked, queries.item) if self._walked else Walks.none(*nowhere))

    def features(self, queries: QueryItems, candidates: Candidates, evidence: Mapping[str, np.ndarray]) -> np.ndarray:
        """Describe candidates, of which evidence was looked up, for the ranker, `(n, features) float64`."""
        if not self.config.networks:
            queries = replace(queries, embedding=np.zeros_like(queries.embedding))
        owner, item, prior = candidates.owner, candidates.item, candidates.prior
        return candidate_features(self.memory, self.known, queries, owner, item, prior, evidence)

    def outside(self, queries: QueryItems, candidates: Candidates) -> np.ndarray:
        """Describe what are no candidates of each query, `(queries, 3) float64`, as of `outside_features`."""
        seen = queries.item >= 0
        bought = np.where(seen, self.memory.graph.bought[np.maximum(queries.item, 0)], 0)
        popularity = self.memory.popularity[candidates.item]
        return outside_features(candidates.owner, len(queries.item), popularity, bought)

    @property
    def _walked(self) -> int:
        asked = self.config.walk_candidates
        return asked if asked is not None else (_WALKS_OF_LINKS if self.given_links else 0)

    @cached_property
    def _lenders_sell(self) -> np.ndarray:
        return self.known.lenders_sell(self.memory.graph.bought)

    @cached_property
    def _best_of_types(self) -> tuple[np.ndarray, np.ndarray]:
        return self.memory.best_of_types(self.config.type_candidates)

    def _of_types(self, types: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pair queries, by position, with what their types are bought with beyond what anyone buys."""
        edges, items = self._best_of_types
        known = np.flatnonzero(types >= 0)
        start, size = edges[types[known]], np.diff(edges)[types[known]]
        owner = np.repeat(np.arange(len(known)), size)
        place = np.arange(len(owner)) - np.repeat(size.cumsum() - size, size)
        return known[owner], items[start[owner] + place]

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

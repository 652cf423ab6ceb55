"""Complements of one type near a point: a shard per type, small ones searched exactly, large ones by Annoy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graphrec.complements.networks.landmarks import Landmarks, log_sum_exp
from graphrec.complements.networks.pair_data import log_popularity_in_type, members_by_type
from graphrec.complements.networks.predictor import ComplementPredictor
from graphrec.config import RetrievalConfig
from graphrec.retrieval import AnnoyIndex, ExactIndex, Index, is_large, recall_against_exact


@dataclass(frozen=True)
class Retrieved:
    """Items found for some requests.

    Parameters
    ----------
    request, item : ndarray
        `(n,) int64`: position of the request, code of the item.
    """

    request: np.ndarray
    item: np.ndarray


@dataclass(frozen=True)
class ComplementIndex:
    """All items by type, each at its place in the complement space with its popularity beside it.

    ::

        stored   [ place / temperature | log popularity in the type ]
        query    [ query point         | 1                          ]     inner product = logit

    Parameters
    ----------
    stored : ndarray
        `(items, space + 1) float64`, in the order of `members`.
    members : ndarray
        `(items,) int64` codes sorted by type.
    edges : ndarray
        `(types + 1,)`: type t is `members[edges[t] : edges[t + 1]]`.
    row_of : ndarray
        `(items,)`: position in `members` of each code.
    forests : mapping of int to AnnoyIndex
        Of the types that are too large for exact search.
    """

    stored: np.ndarray
    members: np.ndarray
    edges: np.ndarray
    row_of: np.ndarray
    forests: Mapping[int, AnnoyIndex]

    @classmethod
    def of(
        cls, predictor: ComplementPredictor, embeddings: np.ndarray, popularity: np.ndarray, type_codes: np.ndarray
    ) -> ComplementIndex:
        """Lay the items out where the networks place them as complements, without forests.

        Parameters
        ----------
        predictor : ComplementPredictor
        embeddings : ndarray
            `(items, dim)`.
        popularity : ndarray
            `(items,)`, above 0: purchases.
        type_codes : ndarray
            `(items,) int64`.
        """
        log_popularity = log_popularity_in_type(popularity, type_codes, predictor.types)
        places = predictor.places(embeddings)
        return cls.lay_out(places, log_popularity, type_codes, predictor.types, predictor.temperature)

    @classmethod
    def lay_out(
        cls,
        places: np.ndarray,
        log_popularity: np.ndarray,
        type_codes: np.ndarray,
        types: int,
        temperature: float,
    ) -> ComplementIndex:
        """Sort items by type, without forests."""
        members, edges = members_by_type(type_codes, types)
        stored = np.column_stack([places / temperature, log_popularity])[members]
        row_of = np.empty(len(members), dtype=np.int64)
        row_of[members] = np.arange(len(members))
        return cls(np.ascontiguousarray(stored, dtype=np.float64), members, edges, row_of, {})

    def with_forests(self, forests: Mapping[int, AnnoyIndex]) -> ComplementIndex:
        """Return the index with Annoy for some types."""
        return ComplementIndex(self.stored, self.members, self.edges, self.row_of, forests)

    @cached_property
    def landmarks(self) -> dict[int, Landmarks]:
        """What the softmax of each type that Annoy searches is summed over."""
        return {kind: Landmarks.of(self.shard(kind)) for kind in self.forests}

    def large_types(self, config: RetrievalConfig) -> list[int]:
        """Types that are searched by Annoy."""
        return [
            int(t) for t in np.arange(len(self.edges) - 1) if is_large(int(self.edges[t + 1] - self.edges[t]), config)
        ]

    def shard(self, type_code: int) -> np.ndarray:
        """Vectors of one type, `(members, space + 1)`."""
        return self.stored[self.edges[type_code] : self.edges[type_code + 1]]

    def search(self, queries: np.ndarray, types: np.ndarray, k: int) -> Retrieved:
        """Find the `k` likeliest items of a type for each request.

        Parameters
        ----------
        queries : ndarray
            `(requests, space) float64`.
        types : ndarray
            `(requests,) int64`.
        k : int
        """
        augmented = np.column_stack([queries, np.ones(len(queries))])
        nothing = np.zeros(0, dtype=np.int64)
        found = [(nothing, nothing)]
        for kind, requests in _by_type(types):
            index: Index = self.forests.get(kind) or ExactIndex(self.shard(kind))
            positions = index.search(augmented[requests], k)[0]
            real = positions >= 0
            found.append((np.repeat(requests, real.sum(axis=1)), self.members[self.edges[kind] + positions[real]]))
        return Retrieved(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def log_partition(self, queries: np.ndarray, types: np.ndarray) -> np.ndarray:
        """Sum the softmax over all items of each request's type, `(requests,) float64`, as a logarithm.

        `exp(logit - log_partition)` is P(item | query, type).
        """
        summed = np.full(len(queries), np.inf)
        for kind, requests in _by_type(types):
            if kind in self.forests:
                summed[requests] = self.landmarks[kind].log_sum(queries[requests])
            else:
                shard = self.shard(kind)
                summed[requests] = log_sum_exp(queries[requests] @ shard[:, :-1].T + shard[:, -1])
        return summed

    def type_of(self, items: np.ndarray) -> np.ndarray:
        """Type under which items are laid out, `(n,) int64`."""
        return np.asarray(np.searchsorted(self.edges, self.row_of[items], side="right") - 1)

    def logits(self, queries: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Score given items, row by row, `(n,) float64`."""
        stored = self.stored[self.row_of[items]]
        return np.asarray(np.einsum("nd,nd->n", queries, stored[:, :-1]) + stored[:, -1])


def _by_type(types: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    order = np.argsort(types, kind="stable")
    starts = np.flatnonzero(np.diff(types[order], prepend=-1))
    return ((int(types[requests[0]]), requests) for requests in np.split(order, starts[1:]) if len(requests))


def build_forests(
    index: ComplementIndex, queries: Callable[[int], np.ndarray], config: RetrievalConfig, seed: int
) -> tuple[ComplementIndex, float | None]:
    """Build Annoy for the large types and measure it.

    Parameters
    ----------
    index : ComplementIndex
    queries : callable
        Type -> `(queries, space)`, what it is asked when it is measured.
    config : RetrievalConfig
    seed : int

    Returns
    -------
    ComplementIndex
    float or None
        Recall@10 against exact search, averaged over the large types by size; None where there is none.
    """
    forests, recalls, sizes = {}, [], []
    for kind in index.large_types(config):
        shard = index.shard(kind)
        forests[kind] = AnnoyIndex.build(shard, config, seed)
        asked = queries(kind)
        augmented = np.column_stack([asked, np.ones(len(asked))])
        recalls.append(recall_against_exact(forests[kind], shard, augmented, 10))
        sizes.append(len(shard))
    return index.with_forests(forests), float(np.average(recalls, weights=sizes)) if sizes else None

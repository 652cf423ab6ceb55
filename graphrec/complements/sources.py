"""Candidate sources: where the possible complements of a query come from, one small class each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from graphrec.complements.known_items import QueryItems
from graphrec.complements.networks.predicted import predicted
from graphrec.complements.query_rows import QueryRows
from graphrec.complements.snapshot import Snapshot
from graphrec.compute.ragged import blocks, ranges

_AT_ONCE = 256
"""Queries whose low-rank counts with all items are computed at once."""
_WALKS_OF_LINKS = 150
"""Candidates of walks of each length on given links: together they outlast an export of 200."""

Pairs = tuple[np.ndarray, np.ndarray]
"""`(n,) int64` each: position of the query and code of a candidate; a pair may stand twice."""


class CandidateSource(Protocol):
    """Names possible complements."""

    def pairs(self, snapshot: Snapshot, queries: QueryItems, rows: QueryRows) -> Pairs:
        """Pair queries, by position, with candidates.

        Parameters
        ----------
        snapshot : Snapshot
        queries : QueryItems
        rows : QueryRows
            Of the same queries.
        """
        ...


@dataclass(frozen=True)
class BoughtWith:
    """What the log has seen bought with the query, or what a given link leads to."""

    def pairs(self, snapshot: Snapshot, queries: QueryItems, rows: QueryRows) -> Pairs:
        """See `CandidateSource.pairs`."""
        seen = np.flatnonzero(queries.item >= 0)
        complement = snapshot.memory.graph.complement
        owner, edge = complement.edges_of(queries.item[seen])
        return seen[owner], complement.indices[edge].astype(np.int64)


@dataclass(frozen=True)
class LowRank:
    """What is bought with the same others: the most expected by the low-rank part of the counts."""

    def pairs(self, snapshot: Snapshot, queries: QueryItems, rows: QueryRows) -> Pairs:
        """See `CandidateSource.pairs`; of an item without pairs nothing is expected."""
        seen = np.flatnonzero(queries.item >= 0)
        asked = seen[snapshot.memory.left[queries.item[seen]].any(axis=1)]
        most = min(snapshot.config.complements.expected_candidates, snapshot.items)
        found = [np.zeros((0, most), dtype=np.int64)]
        for block in blocks(len(asked), _AT_ONCE):
            left = snapshot.memory.left[queries.item[asked[block]]]
            found.append(snapshot.expected.search(left, most)[0])
        items = np.concatenate(found)
        real = items >= 0
        return np.repeat(asked, real.sum(axis=1)), items[real]


@dataclass(frozen=True)
class Neighbours:
    """What the query's look-alikes are bought with most, and those whose look-alikes the query is."""

    def pairs(self, snapshot: Snapshot, queries: QueryItems, rows: QueryRows) -> Pairs:
        """See `CandidateSource.pairs`."""
        return rows.borrowed.candidates(snapshot.config.complements.borrowed_candidates)


@dataclass(frozen=True)
class Walked:
    """Where walks of two and of three steps on the complement graph lead most often."""

    def pairs(self, snapshot: Snapshot, queries: QueryItems, rows: QueryRows) -> Pairs:
        """See `CandidateSource.pairs`."""
        asked = snapshot.config.complements.walk_candidates
        most = asked if asked is not None else (_WALKS_OF_LINKS if snapshot.given_links else 0)
        return rows.walks.candidates(most)


@dataclass(frozen=True)
class BoughtWithType:
    """What is bought with items of the query's type most beyond what anyone buys."""

    def pairs(self, snapshot: Snapshot, queries: QueryItems, rows: QueryRows) -> Pairs:
        """See `CandidateSource.pairs`."""
        edges, items = snapshot.best_of_types
        known = np.flatnonzero(queries.type_code >= 0)
        kind = queries.type_code[known]
        owner, place = ranges(edges[kind], np.diff(edges)[kind])
        return known[owner], items[place]


@dataclass(frozen=True)
class Predicted:
    """The likeliest items of the types that the networks expect."""

    def pairs(self, snapshot: Snapshot, queries: QueryItems, rows: QueryRows) -> Pairs:
        """See `CandidateSource.pairs`."""
        settings, usual = snapshot.config.complements, snapshot.usual_types
        types, per_type = min(settings.types, len(usual)), settings.candidates_per_type
        return predicted(snapshot.predictor, snapshot.index, queries.embedding, types, per_type, usual)


@dataclass(frozen=True)
class Bestsellers:
    """What sells best, and what sells best these days where the trend is looked at."""

    def pairs(self, snapshot: Snapshot, queries: QueryItems, rows: QueryRows) -> Pairs:
        """See `CandidateSource.pairs`."""
        most = snapshot.config.complements.popular_candidates
        best = np.unique(np.concatenate([order[:most] for order in snapshot.memory.best_first]))
        return np.repeat(np.arange(len(queries.item)), len(best)), np.tile(best, len(queries.item))


CANDIDATE_SOURCES: Mapping[str, CandidateSource] = {
    "bought_with": BoughtWith(),
    "low_rank": LowRank(),
    "neighbours": Neighbours(),
    "walks": Walked(),
    "bought_with_type": BoughtWithType(),
    "predicted": Predicted(),
    "bestsellers": Bestsellers(),
}
"""By their names in `complements.sources`."""

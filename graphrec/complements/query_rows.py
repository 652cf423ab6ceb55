"""Rows of sparse matrices that some queries share: what look-alikes lend them, and where walks lead."""

from __future__ import annotations

from dataclasses import dataclass

from graphrec.complements.counts.walks import Walks
from graphrec.complements.known_items import QueryItems
from graphrec.complements.neighbours.borrowing import Borrowed
from graphrec.complements.snapshot import Snapshot


@dataclass(frozen=True)
class QueryRows:
    """What some queries share, computed once for their candidates and the evidence of these.

    Parameters
    ----------
    borrowed : Borrowed
    walks : Walks
    """

    borrowed: Borrowed
    walks: Walks

    @classmethod
    def of(cls, snapshot: Snapshot, queries: QueryItems) -> QueryRows:
        """Let queries borrow from their look-alikes, and walk from them where a source or evidence asks for walks."""
        memory, known, settings = snapshot.memory, snapshot.known, snapshot.config.complements
        together, bought = memory.bought_together, memory.graph.bought
        borrowed = Borrowed.of(queries.likeness, known.lends_to, together, bought, queries.item)
        walked = snapshot.given_links if settings.walk_candidates is None else settings.walk_candidates > 0
        walks = Walks.of(memory.walked, queries.item) if walked else Walks.none(len(queries.item), snapshot.items)
        return cls(borrowed, walks)

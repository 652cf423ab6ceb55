"""Settings of the nearest-neighbour index."""

from __future__ import annotations

from pydantic import Field

from graphrec.config.section import Section


class RetrievalConfig(Section):
    """The Annoy index."""

    trees: int = Field(20, ge=1)
    search_k: int = Field(2_000, ge=1)
    """Nodes inspected per query; Annoy's own default, trees times k, loses a fifth of recall@10."""
    exact_below: int = Field(5_000, ge=0)
    """A type with fewer items is searched exactly, which is both right and as fast there; so are the look-alikes and
    the low-rank counts of a shop with fewer items, and a band of them with fewer."""
    recall_queries: int = Field(500, ge=1)
    """Queries on which Annoy is measured against exact search when it is built."""

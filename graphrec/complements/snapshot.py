"""Snapshot: all that is known of a shop's complements at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from graphrec.complements.counts.memory import Memory
from graphrec.complements.known_items import KnownItems
from graphrec.complements.networks.complement_index import ComplementIndex
from graphrec.complements.networks.predictor import ComplementPredictor
from graphrec.config import Config
from graphrec.graph import ProductGraph
from graphrec.retrieval import Index, lay_out_by_size

if TYPE_CHECKING:
    from graphrec.events import Events


@dataclass(frozen=True)
class Snapshot:
    """All that is known of a shop's complements at a moment.

    A fit takes one of its whole log to answer by, and one before each temporal fold for its ranker to learn on.

    Parameters
    ----------
    predictor : ComplementPredictor
    index : ComplementIndex
    memory : Memory
    known : KnownItems
    expected : Index
        Over `memory.right`: asked by a row of `memory.left`, it finds what the counts expect most.
    config : Config
    """

    predictor: ComplementPredictor
    index: ComplementIndex
    memory: Memory
    known: KnownItems
    expected: Index
    config: Config

    @classmethod
    def at(
        cls, events: Events, graph: ProductGraph, predictor: ComplementPredictor, known: KnownItems, config: Config
    ) -> Snapshot:
        """Count a log up to a moment, and lay its items out where the networks place them; without forests.

        Parameters
        ----------
        events : Events
            Up to that moment.
        graph : ProductGraph
            Of the same events.
        predictor : ComplementPredictor
        known : KnownItems
            The networks, and what is known of the items beside the counts; of the moment or older.
        config : Config
        """
        from graphrec.graph import item_sales  # a model that is asked reads no log

        settings = config.complements
        sales = item_sales(events, settings.trend_days)
        memory = Memory.of(graph, known.type_codes, predictor.types, sales, settings.ranks, config.seed)
        index = ComplementIndex.of(predictor, known.embeddings, sales.popularity, known.type_codes)
        return cls(predictor, index, memory, known, lay_out_by_size(memory.right, config.retrieval), config)

    @property
    def items(self) -> int:
        """How many items the catalogue holds."""
        return self.memory.graph.items

    @property
    def given_links(self) -> bool:
        """Whether the pairs are given links, of which one that is known is never an answer again."""
        return self.config.events.reader == "links"

    @cached_property
    def best_of_types(self) -> tuple[np.ndarray, np.ndarray]:
        """What is bought with each type most beyond what anyone buys, as of `Memory.best_of_types`."""
        return self.memory.best_of_types(self.config.complements.type_candidates)

    @property
    def usual_types(self) -> np.ndarray:
        """Share of each type among all complements, `(types,) float64`; where types are no evidence, of each alike."""
        counted = self.memory.type_transition[-1]
        looked_at = "types" in self.config.complements.evidence
        return counted if looked_at else np.full_like(counted, 1.0 / len(counted))

    @cached_property
    def lenders_sell(self) -> np.ndarray:
        """Mean baskets of each item's look-alikes, `(items,) float64`."""
        return self.known.lenders_sell(self.memory.graph.bought)

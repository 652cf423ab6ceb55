"""Everything that decides a model, given the data."""

from __future__ import annotations

from pydantic import Field

from graphrec.config.log import CatalogueConfig, EventsConfig, SplitConfig
from graphrec.config.model import (
    ComplementsConfig,
    EncoderConfig,
    FeaturesConfig,
    GraphConfig,
    RerankConfig,
    RetrievalConfig,
)
from graphrec.config.section import Section


class Config(Section):
    """Everything that decides a model, given the data."""

    events: EventsConfig = EventsConfig()
    catalogue: CatalogueConfig = CatalogueConfig()
    split: SplitConfig = SplitConfig()
    graph: GraphConfig = GraphConfig()
    features: FeaturesConfig = FeaturesConfig()
    encoder: EncoderConfig = EncoderConfig()
    complements: ComplementsConfig = ComplementsConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    rerank: RerankConfig = RerankConfig()
    seed: int = Field(0, ge=0)
    """Of every random choice."""

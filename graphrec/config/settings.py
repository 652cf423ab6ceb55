"""Everything that decides a model, given the data."""

from __future__ import annotations

from pydantic import Field, field_validator

from graphrec.config.lists import ListsConfig
from graphrec.config.log import (
    CatalogueConfig,
    EngineConfig,
    EvaluationConfig,
    EventsConfig,
    SplitConfig,
    StoreConfig,
)
from graphrec.config.model import (
    ComplementsConfig,
    EncoderConfig,
    FeaturesConfig,
    GraphConfig,
    RerankConfig,
    RetrievalConfig,
    TrainingConfig,
)
from graphrec.config.section import Section


class Config(Section):
    """Everything that decides a model, given the data."""

    events: EventsConfig = EventsConfig()
    catalogue: CatalogueConfig = CatalogueConfig()
    store: StoreConfig = StoreConfig()
    engine: EngineConfig = EngineConfig()
    split: SplitConfig = SplitConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    graph: GraphConfig = GraphConfig()
    features: FeaturesConfig = FeaturesConfig()
    encoder: EncoderConfig = EncoderConfig()
    complements: ComplementsConfig = ComplementsConfig()
    lists: ListsConfig = ListsConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    rerank: RerankConfig = RerankConfig()
    training: TrainingConfig = TrainingConfig()
    seed: int = Field(0, ge=0)
    """Of every random choice."""

    @field_validator("engine", mode="before")
    @classmethod
    def _engine_by_name(cls, value: object) -> object:
        """Let `engine: spark` stand for an engine of which nothing else is set."""
        return {"name": value} if isinstance(value, str) else value

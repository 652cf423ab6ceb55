"""Everything that decides a model, given the data."""

from __future__ import annotations

from pydantic import Field, field_validator

from graphrec.config.complements import ComplementsConfig, NetworksConfig, RankerConfig
from graphrec.config.compute import EngineConfig, TrainingConfig
from graphrec.config.embeddings import EncoderConfig, FeaturesConfig
from graphrec.config.evaluation import EvaluationConfig, SplitConfig
from graphrec.config.events import CatalogueConfig, EventsConfig, StoreConfig
from graphrec.config.graph import GraphConfig
from graphrec.config.lists import ListsConfig
from graphrec.config.retrieval import RetrievalConfig
from graphrec.config.section import Section
from graphrec.config.sessions import RerankConfig, SessionsConfig


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
    networks: NetworksConfig = NetworksConfig()
    complements: ComplementsConfig = ComplementsConfig()
    ranker: RankerConfig = RankerConfig()
    lists: ListsConfig = ListsConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    rerank: RerankConfig = RerankConfig()
    sessions: SessionsConfig = SessionsConfig()
    training: TrainingConfig = TrainingConfig()
    seed: int = Field(0, ge=0)
    """Of every random choice."""

    @field_validator("engine", mode="before")
    @classmethod
    def _engine_by_name(cls, value: object) -> object:
        """Let `engine: spark` stand for an engine of which nothing else is set."""
        return {"name": value} if isinstance(value, str) else value

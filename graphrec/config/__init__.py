"""Every setting of graphrec with its default: this package is the only place where defaults live."""

from graphrec.config.lists import ListsConfig
from graphrec.config.loading import load_config, parse_config
from graphrec.config.log import (
    CatalogueConfig,
    EngineConfig,
    EvaluationConfig,
    EventsConfig,
    KeepRule,
    SplitConfig,
    StoreConfig,
    TableConfig,
)
from graphrec.config.model import (
    ComplementConfig,
    ComplementsConfig,
    EncoderConfig,
    FeaturesConfig,
    GraphConfig,
    PairConfig,
    RerankConfig,
    RetrievalConfig,
    SimilarConfig,
    TrainingConfig,
)
from graphrec.config.settings import Config
from graphrec.config.shop import ShopConfig

__all__ = [
    "CatalogueConfig",
    "ComplementConfig",
    "ComplementsConfig",
    "Config",
    "EncoderConfig",
    "EngineConfig",
    "EvaluationConfig",
    "EventsConfig",
    "FeaturesConfig",
    "GraphConfig",
    "KeepRule",
    "ListsConfig",
    "PairConfig",
    "RerankConfig",
    "RetrievalConfig",
    "ShopConfig",
    "SimilarConfig",
    "SplitConfig",
    "StoreConfig",
    "TableConfig",
    "TrainingConfig",
    "load_config",
    "parse_config",
]

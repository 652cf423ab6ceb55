"""Every setting of graphrec with its default: this package is the only place where defaults live."""

from graphrec.config.complements import ComplementsConfig, NetworksConfig, RankerConfig
from graphrec.config.compute import EngineConfig, TrainingConfig
from graphrec.config.embeddings import EncoderConfig, FeaturesConfig
from graphrec.config.evaluation import EvaluationConfig, SplitConfig
from graphrec.config.events import CatalogueConfig, EventsConfig, ExplodeConfig, KeepRule, StoreConfig, TableConfig
from graphrec.config.graph import CoPurchaseConfig, CoViewConfig, GraphConfig, PairConfig
from graphrec.config.lists import ListsConfig
from graphrec.config.loading import load_config, parse_config
from graphrec.config.retrieval import RetrievalConfig
from graphrec.config.sessions import RerankConfig, SessionsConfig
from graphrec.config.settings import Config
from graphrec.config.shop import ShopConfig

__all__ = [
    "CatalogueConfig",
    "CoPurchaseConfig",
    "CoViewConfig",
    "ComplementsConfig",
    "Config",
    "EncoderConfig",
    "EngineConfig",
    "EvaluationConfig",
    "EventsConfig",
    "ExplodeConfig",
    "FeaturesConfig",
    "GraphConfig",
    "KeepRule",
    "ListsConfig",
    "NetworksConfig",
    "PairConfig",
    "RankerConfig",
    "RerankConfig",
    "RetrievalConfig",
    "SessionsConfig",
    "ShopConfig",
    "SplitConfig",
    "StoreConfig",
    "TableConfig",
    "TrainingConfig",
    "load_config",
    "parse_config",
]

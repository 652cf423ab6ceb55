"""Embeddings + complement pairs -> what completes an item: type transition, regressor, blend."""

from graphrec.complements.blend import HeldOutLists, choose_strength, posterior
from graphrec.complements.borrowing import Borrowed
from graphrec.complements.candidate_features import POSTERIOR, candidate_features
from graphrec.complements.known_items import KnownItems, QueryItems
from graphrec.complements.memory import Memory, remembered_pairs
from graphrec.complements.pair_data import (
    ComplementPairs,
    EmbeddedCatalogue,
    log_popularity_in_type,
    members_by_type,
)
from graphrec.complements.predictor import ComplementPredictor
from graphrec.complements.ranker import LabelledLists, Ranker, fit_ranker
from graphrec.complements.regressor import EmbeddingRegressor, fit_regressor
from graphrec.complements.stored_places import stored_places
from graphrec.complements.type_transition import TypeTransition, fit_type_transition

__all__ = [
    "POSTERIOR",
    "Borrowed",
    "ComplementPairs",
    "ComplementPredictor",
    "EmbeddedCatalogue",
    "EmbeddingRegressor",
    "HeldOutLists",
    "KnownItems",
    "LabelledLists",
    "Memory",
    "QueryItems",
    "Ranker",
    "TypeTransition",
    "candidate_features",
    "choose_strength",
    "fit_ranker",
    "fit_regressor",
    "fit_type_transition",
    "log_popularity_in_type",
    "members_by_type",
    "posterior",
    "remembered_pairs",
    "stored_places",
]

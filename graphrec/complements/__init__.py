"""Embeddings + complement pairs -> what completes an item: type transition, regressor, blend."""

from graphrec.complements.blend import HeldOutLists, choose_strength, posterior
from graphrec.complements.borrowing import Borrowed
from graphrec.complements.calibration import calibration_error, choose_temperature
from graphrec.complements.candidate_features import COUNT, POSTERIOR, candidate_features
from graphrec.complements.known_items import KnownItems, QueryItems
from graphrec.complements.labelled_lists import LabelledLists, outside_features
from graphrec.complements.memory import Memory, remembered_pairs
from graphrec.complements.pair_data import (
    ComplementPairs,
    EmbeddedCatalogue,
    log_popularity_in_type,
    members_by_type,
)
from graphrec.complements.predictor import ComplementPredictor
from graphrec.complements.ranker import Ranker, fit_ranker, list_shares
from graphrec.complements.regressor import EmbeddingRegressor, fit_regressor
from graphrec.complements.specificity import (
    UNTRIED,
    Order,
    choose_specificity,
    discounted_gains,
    mean_shares,
    surely_better,
)
from graphrec.complements.stored_places import stored_places
from graphrec.complements.type_transition import TypeTransition, fit_type_transition
from graphrec.complements.walks import Walks

__all__ = [
    "COUNT",
    "POSTERIOR",
    "UNTRIED",
    "Borrowed",
    "ComplementPairs",
    "ComplementPredictor",
    "EmbeddedCatalogue",
    "EmbeddingRegressor",
    "HeldOutLists",
    "KnownItems",
    "LabelledLists",
    "Memory",
    "Order",
    "QueryItems",
    "Ranker",
    "TypeTransition",
    "Walks",
    "calibration_error",
    "candidate_features",
    "choose_specificity",
    "choose_strength",
    "choose_temperature",
    "discounted_gains",
    "fit_ranker",
    "fit_regressor",
    "fit_type_transition",
    "list_shares",
    "log_popularity_in_type",
    "mean_shares",
    "members_by_type",
    "outside_features",
    "posterior",
    "remembered_pairs",
    "stored_places",
    "surely_better",
]

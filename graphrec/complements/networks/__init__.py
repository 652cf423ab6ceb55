"""Type transition and embedding regressor: what completes an item whose pairs nobody has counted (P-Companion)."""

from typing import TYPE_CHECKING

from graphrec.complements.networks.complement_index import ComplementIndex, build_forests
from graphrec.complements.networks.pair_data import members_by_type
from graphrec.complements.networks.predictor import ComplementPredictor
from graphrec.complements.networks.regressor import EmbeddingRegressor
from graphrec.complements.networks.type_transition import TypeTransition
from graphrec.compute.late import late

if TYPE_CHECKING:
    from graphrec.complements.networks.fit import LEAST_PURCHASES, fit_predictor

__all__ = [
    "LEAST_PURCHASES",
    "ComplementIndex",
    "ComplementPredictor",
    "EmbeddingRegressor",
    "TypeTransition",
    "build_forests",
    "fit_predictor",
    "members_by_type",
]

__getattr__ = late(__name__, {"fit": ("LEAST_PURCHASES", "fit_predictor")})

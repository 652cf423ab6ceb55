"""What any model has to beat: counts, walks, factorisations and rules, each chosen from a small stated grid."""

from graphrec.evaluation.baselines.baseline import Baseline, Scorer
from graphrec.evaluation.baselines.discounting import rank_codes_at_discounts
from graphrec.evaluation.baselines.libraries import is_installed
from graphrec.evaluation.baselines.ranking import popularity_order, rank_codes, ranked
from graphrec.evaluation.baselines.reading import read_training_data
from graphrec.evaluation.baselines.recommender import BaselineRecommender
from graphrec.evaluation.baselines.registry import BASELINES
from graphrec.evaluation.baselines.repeat_last import repeat_last
from graphrec.evaluation.baselines.training_data import TrainingData

__all__ = [
    "BASELINES",
    "Baseline",
    "BaselineRecommender",
    "Scorer",
    "TrainingData",
    "is_installed",
    "popularity_order",
    "rank_codes",
    "rank_codes_at_discounts",
    "ranked",
    "read_training_data",
    "repeat_last",
]

"""What any model has to beat: counts, walks, factorisations and rules, each chosen from a small stated grid."""

from graphrec.baselines.baseline import Baseline, Scorer
from graphrec.baselines.libraries import is_installed
from graphrec.baselines.ranking import popularity_order, rank_codes, ranked
from graphrec.baselines.reading import read_training_data
from graphrec.baselines.recommender import BaselineRecommender
from graphrec.baselines.registry import BASELINES
from graphrec.baselines.repeat_last import repeat_last
from graphrec.baselines.training_data import TrainingData
from graphrec.baselines.uplift import SPECIFICITIES, rank_codes_by_uplift, scorer_by_uplift

__all__ = [
    "BASELINES",
    "SPECIFICITIES",
    "Baseline",
    "BaselineRecommender",
    "Scorer",
    "TrainingData",
    "is_installed",
    "popularity_order",
    "rank_codes",
    "rank_codes_by_uplift",
    "ranked",
    "read_training_data",
    "repeat_last",
    "scorer_by_uplift",
]

"""How good lists are: a split in time, questions about later baskets, and every baseline that a model has to beat."""

from graphrec.evaluation.evaluate import Evaluation, evaluate
from graphrec.evaluation.leaderboard import write_evaluation
from graphrec.evaluation.metrics import METRICS, hit_matrix, metrics_per_question
from graphrec.evaluation.next_items import NextItemEvaluation, evaluate_next_items
from graphrec.evaluation.question_sets import QuestionSets, make_question_sets
from graphrec.evaluation.questions import Questions, basket_lines, every_item, one_random_item
from graphrec.evaluation.rolling import write_cuts
from graphrec.evaluation.split import Split, split_log

__all__ = [
    "METRICS",
    "Evaluation",
    "NextItemEvaluation",
    "QuestionSets",
    "Questions",
    "Split",
    "basket_lines",
    "evaluate",
    "evaluate_next_items",
    "every_item",
    "hit_matrix",
    "make_question_sets",
    "metrics_per_question",
    "one_random_item",
    "split_log",
    "write_cuts",
    "write_evaluation",
]

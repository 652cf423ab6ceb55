"""What a shopper looks at next: models of sessions, held against each other on later sessions."""

from graphrec.evaluation.next_items.evaluation import NextItemEvaluation, evaluate_next_items

__all__ = ["NextItemEvaluation", "evaluate_next_items"]

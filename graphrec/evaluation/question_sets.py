"""The sets of questions that every model is asked, made once from a split."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from graphrec.baselines.training_data import TrainingData
from graphrec.evaluation.questions import (
    OrderedPairs,
    Questions,
    basket_lines,
    by_product,
    every_item,
    never_together,
    one_random_item,
    ordered_pairs,
    purchases,
    sign_test,
    some_baskets,
)
from graphrec.evaluation.split import Split
from graphrec.events import PURCHASE


@dataclass(frozen=True)
class History:
    """What shoppers had touched in their session before they bought.

    Parameters
    ----------
    question : ndarray
        `(n,) int64`, rising: position of the question.
    item, kind : ndarray
        `(n,) int64`, latest first within a question.
    """

    question: np.ndarray
    item: np.ndarray
    kind: np.ndarray


@dataclass(frozen=True)
class QuestionSets:
    """The questions of an evaluation.

    Parameters
    ----------
    known : Questions
        One random known item of each basket.
    every : Questions
        All known items of some of the baskets, one by one.
    novel : Questions
        Of `every`, the answers that were known but never in a basket with the query before the cut.
    cold_queries : Questions
        All items of a basket that nobody had touched before the cut.
    cold_targets : Questions
        Of `every`, the answers that nobody had touched before the cut.
    history : History
        Of the questions `known`; empty in a log without views and carts.
    order : OrderedPairs
        Pairs of known items with a significant order.
    """

    known: Questions
    every: Questions
    novel: Questions
    cold_queries: Questions
    cold_targets: Questions
    history: History
    order: OrderedPairs

    @cached_property
    def asked(self) -> np.ndarray:
        """All different known items that are asked by, `(n,) int64` rising."""
        return np.union1d(self.every.query, self.known.query)

    def fingerprint(self) -> str:
        """Hash the questions: equal questions, equal text."""
        digest = hashlib.sha256()
        for questions in (self.every, self.cold_queries, self.known):
            for part in (questions.query, questions.answer_question, questions.answer_item):
                digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def make_question_sets(split: Split, data: TrainingData, seed: int) -> QuestionSets:
    """Draw the questions about the later baskets, or about the held-out links.

    Parameters
    ----------
    split : Split
    data : TrainingData
        Of the whole training log.
    seed : int
    """
    bought, cold = data.bought > 0, split.cold
    settings = split.config.evaluation
    # A product is asked about by all of its links: a part of them would leave right answers out.
    lines = basket_lines(split.test, len(split.test) if split.of_links else settings.questions, seed)
    if split.of_links:
        return _about_links(lines, bought, cold)
    share = min(1.0, settings.questions_by_every_item / max(len(lines), 1))
    some = some_baskets(lines, round(share * lines["basket"].nunique()), seed)
    every = every_item(some, bought)
    pair_is_new = never_together(every, data.counts) & bought[every.answer_item]
    known = one_random_item(lines, bought, seed)
    return QuestionSets(
        known=known,
        every=every,
        novel=every.only(pair_is_new),
        cold_queries=every_item(some, cold),
        cold_targets=every.only(cold[every.answer_item]),
        history=_history(split.test, known),
        order=ordered_pairs(lines, bought, sign_test()),
    )


def _about_links(lines: pd.DataFrame, bought: np.ndarray, cold: np.ndarray) -> QuestionSets:
    """Ask about each product's held-out links together; they are all new, and there are no sessions and no order."""
    every, nothing = by_product(every_item(lines, bought)), np.zeros(0, dtype=np.int64)
    return QuestionSets(
        known=every,
        every=every,
        novel=every.only(bought[every.answer_item]),
        cold_queries=by_product(every_item(lines, cold)),
        cold_targets=every.only(cold[every.answer_item]),
        history=History(nothing, nothing, nothing),
        order=OrderedPairs(nothing, nothing),
    )


def _history(events: pd.DataFrame, questions: Questions) -> History:
    """List what was viewed and carted in the session of each question's basket before its first purchase."""
    baskets = purchases(events).groupby("basket", as_index=False)
    starts = baskets.agg(session=("session", "first"), start=("position", "min"))
    asked = pd.DataFrame(
        {"question": np.arange(len(questions)), "basket": questions.basket, "query": questions.query}
    ).merge(starts, on="basket")
    looks = events.loc[events["kind"] != PURCHASE, ["session", "item", "kind", "position"]]
    met = asked.merge(looks, on="session")
    met = met[(met["position"] < met["start"]) & (met["item"] != met["query"])]
    met = met.sort_values(["question", "position"], ascending=[True, False])
    met = met.drop_duplicates(["question", "item"])
    columns = (met[name].to_numpy(dtype=np.int64) for name in ("question", "item", "kind"))
    return History(*columns)

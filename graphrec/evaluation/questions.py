"""Later baskets as questions: some item of a basket is the query, its other items the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from graphrec.baselines.reading import BASKET_SIZES
from graphrec.compute.ragged import distinct_pairs
from graphrec.events import PURCHASE


@dataclass(frozen=True)
class Questions:
    """Questions about baskets.

    Parameters
    ----------
    query : ndarray
        `(questions,) int64` item codes.
    basket : ndarray
        `(questions,) int64`, hash of the basket that a question is about.
    answer_question, answer_item : ndarray
        `(answers,) int64`: position of the question, rising; code of a right answer.
    customer : ndarray, optional
        `(questions,) int64`: who bought the basket, a number of its own where that is not known; the basket by default.
    """

    query: np.ndarray
    basket: np.ndarray
    answer_question: np.ndarray
    answer_item: np.ndarray
    customer: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.query)

    @cached_property
    def distinct(self) -> tuple[np.ndarray, np.ndarray]:
        """Different queries, `(n,) int64` rising, and the place of each question's query among them."""
        codes, place = np.unique(self.query, return_inverse=True)
        return codes, place

    @cached_property
    def answers(self) -> np.ndarray:
        """How many right answers each question has, `(questions,) int64`."""
        return np.bincount(self.answer_question, minlength=len(self))

    @cached_property
    def cluster(self) -> np.ndarray:
        """Questions of one number are no independent observations, `(questions,) int64`: those about one customer."""
        return self.basket if self.customer is None else self.customer

    def only(self, answers: np.ndarray) -> Questions:
        """Keep some of the answers, `(answers,) bool`, and the questions that still have one."""
        question, item = self.answer_question[answers], self.answer_item[answers]
        asked, place = np.unique(question, return_inverse=True)
        return Questions(self.query[asked], self.basket[asked], place, item, self.cluster[asked])

    def of(self, questions: np.ndarray) -> Questions:
        """Keep some of the questions, `(questions,) bool`."""
        return self.only(questions[self.answer_question])


def purchases(events: pd.DataFrame) -> pd.DataFrame:
    """Take the purchases of `Split.test`, which all have a basket."""
    return events[events["kind"] == PURCHASE].astype({"basket": np.int64})


def basket_lines(events: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """List the different items of the baskets of 2 to 100 items.

    Parameters
    ----------
    events : DataFrame
        `basket`, `item`, `kind`, `time` and, where it is known, `user`, as in `Split.test`.
    most : int
        Baskets to keep, drawn at random.
    seed : int

    Returns
    -------
    DataFrame
        `basket` (its hash), `item`, `time` (when it was first bought), `customer` (a number for each), sorted.
    """
    bought = purchases(events)
    bought["customer"] = customers(bought)
    lines = bought.groupby(["basket", "item"], as_index=False).agg(time=("time", "min"), customer=("customer", "min"))
    size = lines.groupby("basket")["item"].transform("size")
    lines = lines[(size >= BASKET_SIZES[0]) & (size <= BASKET_SIZES[1])]
    return some_baskets(lines.sort_values(["basket", "item"], ignore_index=True), most, seed)


def customers(bought: pd.DataFrame) -> np.ndarray:
    """Give buyers of baskets numbers, `(rows,) int64`; a basket of nobody known has a number of its own.

    Parameters
    ----------
    bought : DataFrame
        `basket` and, where the log has it, `user`.
    """
    known = bought["user"] if "user" in bought else pd.Series(np.nan, index=bought.index)
    user = pd.factorize(known)[0].astype(np.int64)
    basket = pd.factorize(bought["basket"])[0].astype(np.int64)
    return np.where(user >= 0, user, user.max(initial=-1) + 1 + basket)


def some_baskets(lines: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Keep the lines of at most so many baskets, drawn at random."""
    baskets = lines["basket"].unique()
    kept = np.random.default_rng(seed).permutation(baskets)[:most]
    return lines[lines["basket"].isin(kept)]


def one_random_item(lines: pd.DataFrame, known: np.ndarray, seed: int) -> Questions:
    """Ask about each basket by one random item that was known before the cut.

    Parameters
    ----------
    lines : DataFrame
        As of `basket_lines`.
    known : ndarray
        `(items,) bool`: items that may be asked by.
    seed : int
    """
    askable = lines[known[lines["item"]]].sample(frac=1.0, random_state=seed)
    return _questions(lines, askable.drop_duplicates("basket").sort_values("basket"))


def every_item(lines: pd.DataFrame, known: np.ndarray) -> Questions:
    """Ask about each basket by all of its items that are known, one by one."""
    return _questions(lines, lines[known[lines["item"]]])


def _questions(lines: pd.DataFrame, asked: pd.DataFrame) -> Questions:
    asked = asked.reset_index(drop=True).rename(columns={"item": "query"})
    pairs = asked[["basket", "query"]].assign(question=np.arange(len(asked))).merge(lines, on="basket")
    pairs = pairs[pairs["query"] != pairs["item"]].sort_values(["question", "item"])
    return Questions(
        asked["query"].to_numpy(dtype=np.int64),
        asked["basket"].to_numpy(dtype=np.int64),
        pairs["question"].to_numpy(dtype=np.int64),
        pairs["item"].to_numpy(dtype=np.int64),
        asked["customer"].to_numpy(dtype=np.int64) if "customer" in asked else None,
    )


def by_product(questions: Questions) -> Questions:
    """Ask about each query once, by the answers of all its baskets: for given links, each a basket of two."""
    codes, place = questions.distinct
    items = int(questions.answer_item.max(initial=-1)) + 1
    question, item = distinct_pairs(place[questions.answer_question], questions.answer_item, items)
    return Questions(codes, np.arange(len(codes)), question, item)


def never_together(questions: Questions, counts: sparse.csr_array) -> np.ndarray:
    """Tell which answers were never in a basket with their query before the cut, `(answers,) bool`."""
    query = questions.query[questions.answer_question]
    if not len(query):
        return np.zeros(0, dtype=bool)
    return np.asarray(np.asarray(counts[query, questions.answer_item]).ravel() == 0)


def popularity_bands(bought: np.ndarray, bands: int) -> np.ndarray:
    """Sort items into bands of equal shares of all purchases, `(items,) int64`: 0 the rarest."""
    order = np.lexsort((np.arange(len(bought)), bought))
    before = np.concatenate([[0], bought[order].cumsum()[:-1]])
    band = np.empty(len(bought), dtype=np.int64)
    band[order] = np.minimum(before * bands // max(int(bought.sum()), 1), bands - 1)
    return band


@dataclass(frozen=True)
class OrderedPairs:
    """Pairs that later baskets hold in one order significantly more often than in the other.

    Parameters
    ----------
    first, then : ndarray
        `(pairs,) int64` codes.
    """

    first: np.ndarray
    then: np.ndarray


def ordered_pairs(lines: pd.DataFrame, known: np.ndarray, critical: Sequence[int]) -> OrderedPairs:
    """Find pairs whose order a sign test does not put down to chance.

    Parameters
    ----------
    lines : DataFrame
        As of `basket_lines`.
    known : ndarray
        `(items,) bool`: both must be.
    critical : sequence of int
        As of `sign_test`: by the number of baskets, how often one must have come first.
    """
    lines = lines[known[lines["item"]]].dropna(subset="time")
    pairs = lines.merge(lines, on="basket", suffixes=("", "_then"))
    pairs = pairs[pairs["time"] < pairs["time_then"]]
    ahead = pairs.groupby(["item", "item_then"], as_index=False).size()
    back = ahead.rename(columns={"item": "item_then", "item_then": "item", "size": "back"})
    both = ahead.merge(back, on=["item", "item_then"], how="left").fillna({"back": 0})
    needed = np.array(critical)
    total = np.minimum((both["size"] + both["back"]).to_numpy(dtype=np.int64), len(needed) - 1)
    clear = both[both["size"].to_numpy() >= needed[total]]
    return OrderedPairs(clear["item"].to_numpy(dtype=np.int64), clear["item_then"].to_numpy(dtype=np.int64))


def sign_test(most: int = 400) -> list[int]:
    """Say how many of n tries must fall to one side for a two-sided sign test at 5%, for n from 0 to `most`."""
    from scipy.stats import binom

    tries = np.arange(most + 1)
    return [int(value) + 1 for value in binom.ppf(0.975, tries, 0.5)]

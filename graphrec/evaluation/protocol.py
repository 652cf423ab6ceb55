"""Held-out baskets as questions: one known item of a later basket is the query, its others the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from graphrec.evaluation.metrics import METRICS, hit_matrix
from graphrec.events import KINDS, Events
from graphrec.graph import ProductGraph
from graphrec.recommender import Recommender

Ranker = Callable[[np.ndarray, int], np.ndarray]
"""`(queries,)` item codes and k -> `(queries, k)` ranked codes, -1 where a list is short."""

_BASKET_SIZES = (2, 100)


@dataclass(frozen=True)
class BasketQueries:
    """Questions about later baskets.

    Parameters
    ----------
    query : ndarray
        `(queries,) int64` item codes.
    answer_query, answer_item : ndarray
        `(answers,) int64`: position of the query, code of a right answer.
    """

    query: np.ndarray
    answer_query: np.ndarray
    answer_item: np.ndarray


def basket_queries(train: Events, test: Events, seed: int) -> BasketQueries:
    """Take from each later basket of 2 to 100 items one random item that was bought before the cut.

    Parameters
    ----------
    train, test : Events
        Over one catalogue.
    seed : int
        Of the choice.
    """
    purchase = KINDS.index("purchase")
    bought = train.frame["item"].to_numpy()[train.frame["kind"].to_numpy() == purchase]
    known = np.zeros(len(train.catalogue), dtype=bool)
    known[bought] = True
    lines = test.frame.loc[test.frame["kind"] == purchase, ["session", "item"]].drop_duplicates()
    size = lines.groupby("session")["item"].transform("size")
    lines = lines[(size >= _BASKET_SIZES[0]) & (size <= _BASKET_SIZES[1])].sort_values(["session", "item"])
    shuffled = lines[known[lines["item"]]].sample(frac=1.0, random_state=seed)
    chosen = shuffled.drop_duplicates("session").sort_values("session")
    joined = lines.merge(chosen.rename(columns={"item": "query"}), on="session")
    answers = joined[joined["item"] != joined["query"]]
    position = np.searchsorted(chosen["session"].to_numpy(), answers["session"].to_numpy())
    return BasketQueries(chosen["item"].to_numpy(dtype=np.int64), position, answers["item"].to_numpy(dtype=np.int64))


def evaluate(ranker: Ranker, queries: BasketQueries, k: int) -> dict[str, float]:
    """Ask every question over the whole catalogue and average each metric."""
    hits = hit_matrix(ranker(queries.query, k), queries.answer_query, queries.answer_item)
    answers = np.bincount(queries.answer_query, minlength=len(queries.query))
    return {name: float(metric(hits, answers).mean()) for name, metric in METRICS.items()}


def recommender_ranker(recommender: Recommender) -> Ranker:
    """Rank as a recommender does."""

    def rank(query: np.ndarray, k: int) -> np.ndarray:
        frame = recommender.recommend_many([recommender.items[code] for code in query], k)
        ranked = np.full((len(query), k), -1, dtype=np.int64)
        codes = recommender.model.catalogue.codes(frame["complement"])
        ranked[frame["query"].to_numpy(), frame["rank"].to_numpy() - 1] = codes
        return ranked

    return rank


def popularity_ranker(graph: ProductGraph) -> Ranker:
    """Rank by how many baskets hold an item, the same for every query."""
    order = np.argsort(-graph.bought, kind="stable")

    def rank(query: np.ndarray, k: int) -> np.ndarray:
        best = np.broadcast_to(order[: k + 1], (len(query), min(k + 1, len(order))))
        keep = best != query[:, None]
        # Drop the query, or the last place where it is not among the best.
        keep[keep.all(axis=1), -1] = False
        return np.asarray(best[keep].reshape(len(query), -1))

    return rank


def co_purchase_ranker(graph: ProductGraph) -> Ranker:
    """Rank by how many baskets hold both; ties and the rest of a short list by popularity."""
    popularity = popularity_ranker(graph)

    def rank(query: np.ndarray, k: int) -> np.ndarray:
        owner, edge = graph.complement.edges_of(query)
        item = graph.complement.indices[edge].astype(np.int64)
        count = graph.complement.columns["count"][edge].astype(np.float64)
        fill = popularity(query, k)
        owner = np.concatenate([owner, np.repeat(np.arange(len(query)), fill.shape[1])])
        item = np.concatenate([item, fill.ravel()])
        count = np.concatenate([count, np.zeros(fill.size)])
        order = np.lexsort((-graph.bought[item], -count, owner))
        owner, item = owner[order], item[order]
        _, first = np.unique(owner * graph.items + item, return_index=True)
        kept = np.sort(first)
        owner, item = owner[kept], item[kept]
        place = np.arange(len(owner)) - np.searchsorted(owner, owner)
        ranked = np.full((len(query), k), -1, dtype=np.int64)
        ranked[owner[place < k], place[place < k]] = item[place < k]
        return ranked

    return rank

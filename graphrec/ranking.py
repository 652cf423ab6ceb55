"""Queries -> ranked complements: candidates blended, substitutes out, short lists filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graphrec.complements import posterior
from graphrec.model import Model
from graphrec.retrieval import retrieve

SOURCES = ("observed", "predicted", "fallback")
"""Where a complement comes from; the position of a source is its code."""
_OBSERVED, _PREDICTED, _FALLBACK = range(3)

_BLOCK = 1024
"""Queries ranked at once."""


@dataclass(frozen=True)
class Members:
    """Query items laid out flat: a cart is several members of one query.

    Parameters
    ----------
    query : ndarray
        `(members,) int64`, rising.
    item : ndarray
        `(members,) int64` codes, -1 for a product that the model has never seen.
    embedding : ndarray
        `(members, dim)`.
    queries : int
        How many queries there are.
    """

    query: np.ndarray
    item: np.ndarray
    embedding: np.ndarray
    queries: int

    @classmethod
    def of_carts(cls, model: Model, carts: Sequence[np.ndarray]) -> Members:
        """Lay out carts of item codes."""
        query = np.repeat(np.arange(len(carts)), [len(cart) for cart in carts])
        item = np.concatenate([*carts, np.zeros(0, dtype=np.int64)]).astype(np.int64)
        return cls(query, item, model.embeddings[item], len(carts))

    @classmethod
    def of_new(cls, embeddings: np.ndarray) -> Members:
        """Lay out products that are known by their embedding alone, each a query of its own."""
        rows = np.arange(len(embeddings))
        return cls(rows, np.full(len(rows), -1), embeddings, len(rows))

    def block(self, start: int, stop: int) -> Members:
        """Take the queries `start : stop`."""
        rows = slice(*np.searchsorted(self.query, [start, stop]))
        return Members(self.query[rows] - start, self.item[rows], self.embedding[rows], stop - start)


@dataclass(frozen=True)
class Ranking:
    """Ranked complements of many queries, in the order of queries and ranks.

    Parameters
    ----------
    query, item, rank, source : ndarray
        `(n,) int64`; `rank` from 1; `source` a position in `SOURCES`.
    score : ndarray
        `(n,) float64`, falling with rank.
    """

    query: np.ndarray
    item: np.ndarray
    rank: np.ndarray
    source: np.ndarray
    score: np.ndarray


def rank_complements(model: Model, members: Members, k: int) -> Ranking:
    """Rank the `k` best complements of every query.

    A query gets fewer only where the shop has fewer other items.
    """
    parts = []
    for start in range(0, members.queries, _BLOCK):
        stop = min(start + _BLOCK, members.queries)
        part = _rank_block(model, members.block(start, stop), k)
        parts.append(Ranking(part.query + start, part.item, part.rank, part.source, part.score))
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Ranking(nothing, nothing, nothing, nothing, np.zeros(0))
    joined = (np.concatenate(columns) for columns in zip(*(vars(part).values() for part in parts), strict=True))
    return Ranking(*joined)


def _rank_block(model: Model, members: Members, k: int) -> Ranking:
    items = len(model.catalogue)
    query, item, score, source = _score_candidates(model, members, k)
    known = members.item >= 0
    in_cart = np.unique(members.query[known] * items + members.item[known])
    owner, edge = model.graph.similar.edges_of(members.item[known])
    similar = np.unique(members.query[known][owner] * items + model.graph.similar.indices[edge])

    key = query * items + item
    wanted = ~np.isin(key, in_cart) & ((source == _OBSERVED) | ~np.isin(key, similar))
    query, item, score, source, key = (a[wanted] for a in (query, item, score, source, key))
    tier = np.zeros(len(query), dtype=np.int64)

    short = np.flatnonzero(np.bincount(query, minlength=members.queries) < k)
    if len(short):
        most_similar = int(np.bincount(similar // items, minlength=1).max())
        fill_query, fill_item = _popular(model, members, short, most_similar, k)
        fill_key = fill_query * items + fill_item
        new = ~np.isin(fill_key, in_cart) & ~np.isin(fill_key, key)
        fill_query, fill_item, fill_key = fill_query[new], fill_item[new], fill_key[new]
        is_similar = np.isin(fill_key, similar)
        query, item = np.concatenate([query, fill_query]), np.concatenate([item, fill_item])
        fill_score = _fallback_scores(model, members.queries, query, score, fill_query, fill_item)
        # A substitute stands in a list only where the shop has nothing else, and says so by its score.
        score = np.concatenate([score, np.where(is_similar, 0.0, fill_score)])
        source = np.concatenate([source, np.full(len(fill_query), _FALLBACK)])
        tier = np.concatenate([tier, np.where(is_similar, 2, 1)])

    order = np.lexsort((item, -score, tier, query))
    query = query[order]
    rank = np.arange(len(query)) - np.searchsorted(query, query) + 1
    top = rank <= k
    order = order[top]
    return Ranking(query[top], item[order], rank[top], source[order], score[order])


def _score_candidates(model: Model, members: Members, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Blend memory and model for every candidate; a cart's score is the mean over its members."""
    items, complement = len(model.catalogue), model.graph.complement
    settings = model.config.complements
    known = np.flatnonzero(members.item >= 0)
    owner, edge = complement.edges_of(members.item[known])
    strongest = edge - complement.indptr[members.item[known]][owner] < max(50, 5 * k)
    observed = known[owner[strongest]], complement.indices[edge[strongest]].astype(np.int64)
    per_type = max(settings.candidates_per_type, 2 * k)
    found = retrieve(
        model.predictor,
        model.complement_index,
        model.type_codes,
        members.embedding,
        observed,
        settings.types,
        per_type,
    )
    _, first = np.unique(found.owner * items + found.item, return_index=True)
    member, item, prior = found.owner[first], found.item[first], found.prior[first]
    source_item = members.item[member]
    facts = model.graph.evidence_columns(np.maximum(source_item, 0), item)
    seen = source_item >= 0
    total = np.where(seen, model.graph.complement_weight[np.maximum(source_item, 0)], 0.0)
    score = posterior(np.where(seen, facts["weight"], 0.0), prior, total, model.prior_strength)

    key, pair = np.unique(members.query[member] * items + item, return_inverse=True)
    size = np.bincount(members.query, minlength=members.queries)
    query = key // items
    mean = np.bincount(pair, score, minlength=len(key)) / size[query]
    was_bought = np.bincount(pair, seen & (facts["count"] > 0), minlength=len(key)) > 0
    return query, key % items, _significant(mean), np.where(was_bought, _OBSERVED, _PREDICTED)


def _popular(model: Model, members: Members, short: np.ndarray, similar: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Pair every query whose list is short with enough bestsellers that k of them can stay."""
    graph = model.graph
    order = np.lexsort((np.arange(graph.items), -graph.viewed, -graph.bought))
    enough = order[: 2 * k + len(members.item) + similar + 1]
    return np.repeat(short, len(enough)), np.tile(enough, len(short))


def _fallback_scores(
    model: Model,
    queries: int,
    query: np.ndarray,
    score: np.ndarray,
    fill_query: np.ndarray,
    fill_item: np.ndarray,
) -> np.ndarray:
    """Score bestsellers by their share of the purchases, below everything that was observed or predicted."""
    lowest = np.ones(queries)
    np.minimum.at(lowest, query[: len(score)], score)
    bought = model.graph.bought + 0.5
    return _significant(lowest[fill_query] * bought[fill_item] / bought.sum())


def _significant(score: np.ndarray) -> np.ndarray:
    """Round to nine significant digits, so that the last bits of a sum decide no rank."""
    exponent = np.floor(np.log10(np.maximum(score, 1e-100)))
    scale = 10.0 ** (8 - exponent)
    return np.where(score > 0, np.round(score * scale) / scale, 0.0)

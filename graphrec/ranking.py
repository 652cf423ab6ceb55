"""Queries -> ranked complements: candidates blended, substitutes out, short lists filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from graphrec.complements import Borrowed, QueryItems, members_by_type, posterior, stored_places
from graphrec.model import Model
from graphrec.retrieval import Candidates

SOURCES = ("observed", "predicted", "fallback")
"""Where a complement comes from; the position of a source is its code."""
_OBSERVED, _PREDICTED, _FALLBACK = range(3)

_BLOCK = 1024
"""Queries ranked at once."""
_SHELF = 10
"""Places that are to hold several types."""
_AT_ONCE = 8192
"""Candidates described and scored at once: so many stay near the processor."""
_WIDER = 8
"""Times as many types and bestsellers are searched where items are kept out of the answer, since these are the
likeliest ones."""
_CLEAR = 2.33
"""Standard deviations, one-sided at 1%, from which an order is none by chance."""
_LEAST = 1e-100
"""Probability that stands for none in a logarithm."""


@dataclass(frozen=True)
class Members:
    """Query items laid out flat: a cart is several members of one query.

    Parameters
    ----------
    query : ndarray
        `(members,) int64`, rising.
    items : QueryItems
    queries : int
        How many queries there are.
    """

    query: np.ndarray
    items: QueryItems
    queries: int

    @property
    def item(self) -> np.ndarray:
        """`(members,) int64` codes, -1 for a product that the model has never seen."""
        return self.items.item

    @classmethod
    def of_carts(cls, model: Model, carts: Sequence[np.ndarray]) -> Members:
        """Lay out carts of item codes."""
        query = np.repeat(np.arange(len(carts)), [len(cart) for cart in carts])
        item = np.concatenate([*carts, np.zeros(0, dtype=np.int64)]).astype(np.int64)
        return cls(query, model.queries(item), len(carts))

    @classmethod
    def of_new(cls, products: QueryItems) -> Members:
        """Lay out products that are known by their catalogue row alone, each a query of its own."""
        return cls(np.arange(len(products.item)), products, len(products.item))

    def block(self, start: int, stop: int) -> Members:
        """Take the queries `start : stop`."""
        rows = slice(*np.searchsorted(self.query, [start, stop]))
        return Members(self.query[rows] - start, self.items.rows(rows), stop - start)


@dataclass(frozen=True)
class Ranking:
    """Ranked complements of many queries, in the order of queries and ranks.

    Parameters
    ----------
    query, item, rank, source : ndarray
        `(n,) int64`; `rank` from 1; `source` a position in `SOURCES`.
    score : ndarray
        `(n,) float64`: P(item | query), the estimated share of the query's co-purchases.
    uplift : ndarray
        `(n,) float64`: times as likely as among all purchases, `score / P(item)`.
    """

    query: np.ndarray
    item: np.ndarray
    rank: np.ndarray
    source: np.ndarray
    score: np.ndarray
    uplift: np.ndarray


def rank_complements(model: Model, members: Members, k: int, excluded: sparse.csr_array | None = None) -> Ranking:
    """Rank the `k` best complements of every query.

    A query gets fewer only where the shop has fewer other items.

    Parameters
    ----------
    model : Model
    members : Members
    k : int
    excluded : csr_array, optional
        `(queries, items)`: what is stored in a row must not be in the query's answer.
    """
    return rank_at_specificities(model, members, k, (model.specificity,), excluded)[0]


def rank_at_specificities(
    model: Model,
    members: Members,
    k: int,
    specificities: Sequence[float],
    excluded: sparse.csr_array | None = None,
) -> list[Ranking]:
    """Rank as `rank_complements`, once for each specificity; the candidates are scored once for all.

    Parameters
    ----------
    model : Model
    members : Members
    k : int
    specificities : sequence of float
        As `lists.specificity`.
    excluded : csr_array, optional
        `(queries, items)`.
    """
    nothing = np.zeros(0, dtype=np.int64)
    parts = [[Ranking(nothing, nothing, nothing, nothing, np.zeros(0), np.zeros(0))] for _ in specificities]
    for start in range(0, members.queries, _BLOCK):
        stop = min(start + _BLOCK, members.queries)
        kept_out = nothing if excluded is None else stored_places(excluded[start:stop])
        block = members.block(start, stop)
        settings, wider = model.config.complements, _WIDER if len(kept_out) else 1
        per_type = max(settings.candidates_per_type, 2 * k)
        types, popular = settings.types * wider, settings.popular_candidates * wider
        borrowed = model.candidates.borrowed(block.items)
        found = model.candidates.collect(block.items, borrowed, per_type, types, popular)
        evidence = model.candidates.evidence(block.items, borrowed, found)
        scores = _log_scores(model, block.items, found, evidence)
        share = _shares(model, found, scores)
        for specificity, ranked in zip(specificities, parts, strict=True):
            part = _rank_block(model, block, k, kept_out, found, share, evidence, specificity)
            ranked.append(Ranking(part.query + start, part.item, part.rank, part.source, part.score, part.uplift))
    return [
        Ranking(*(np.concatenate(columns) for columns in zip(*(vars(part).values() for part in ranked), strict=True)))
        for ranked in parts
    ]


def _rank_block(
    model: Model,
    members: Members,
    k: int,
    kept_out: np.ndarray,
    found: Candidates,
    share: np.ndarray,
    evidence: Mapping[str, np.ndarray],
    specificity: float,
) -> Ranking:
    items = len(model.catalogue)
    kept_out = np.concatenate([kept_out, _bought_before(model, members, found, evidence)])
    most_kept_out = int(np.bincount(kept_out // items, minlength=1).max()) if len(kept_out) else 0
    query, item, score, source = _score_candidates(model, members, found, share, evidence["count"])
    known = members.item >= 0
    in_cart = np.unique(np.concatenate([members.query[known] * items + members.item[known], kept_out]))
    owner, edge = model.graph.similar.edges_of(members.item[known])
    similar = np.unique(members.query[known][owner] * items + model.graph.similar.indices[edge])

    key = query * items + item
    wanted = ~_among(in_cart, key) & ((source == _OBSERVED) | ~_among(similar, key))
    query, item, score, source, key = (a[wanted] for a in (query, item, score, source, key))
    tier = np.zeros(len(query), dtype=np.int64)

    short = np.flatnonzero(np.bincount(query, minlength=members.queries) < k)
    if len(short):
        most_similar = int(np.bincount(similar // items, minlength=1).max())
        fill_query, fill_item = _popular(model, members, short, most_similar + most_kept_out, k)
        fill_key = fill_query * items + fill_item
        new = ~_among(in_cart, fill_key) & ~np.isin(fill_key, key)
        fill_query, fill_item, fill_key = fill_query[new], fill_item[new], fill_key[new]
        is_similar = _among(similar, fill_key)
        query, item = np.concatenate([query, fill_query]), np.concatenate([item, fill_item])
        fill_score = _fallback_scores(model, members.queries, query, score, fill_query, fill_item)
        # A substitute stands in a list only where the shop has nothing else, and says so by its score.
        score = np.concatenate([score, np.where(is_similar, 0.0, fill_score)])
        source = np.concatenate([source, np.full(len(fill_query), _FALLBACK)])
        tier = np.concatenate([tier, np.where(is_similar, 2, 1)])

    popularity = model.memory.popularity[item]
    beyond = _significant(score - specificity * popularity)
    order = np.lexsort((item, -beyond, tier, query))
    order = order[_varied(query[order], model.type_codes[item[order]], model.config.lists.min_types)]
    query = query[order]
    rank = np.arange(len(query)) - np.searchsorted(query, query) + 1
    top = rank <= k
    order = order[top]
    return Ranking(query[top], item[order], rank[top], source[order], score[order], score[order] / popularity[order])


def _bought_before(model: Model, members: Members, found: Candidates, evidence: Mapping[str, np.ndarray]) -> np.ndarray:
    """Give, as numbers, the candidates that are clearly bought before their query, where lists lead one way."""
    if not model.config.lists.one_way:
        return np.zeros(0, dtype=np.int64)
    before, after = evidence["later"], evidence["first"]
    # The sign test in its normal approximation, with continuity correction.
    clear = before - after - 1 >= _CLEAR * np.sqrt(before + after)
    clear &= members.item[found.owner] >= 0
    return np.asarray(members.query[found.owner[clear]] * len(model.catalogue) + found.item[clear])


def _varied(query: np.ndarray, types: np.ndarray, least: int) -> np.ndarray:
    """Order sorted lists so that the first ten places of each hold the `least` types that come first in it, `(n,)`.

    What stands lowest of the types that are there anyway gives way; all others keep their order.
    """
    row = np.arange(len(query))
    by_type = np.lexsort((row, types, query))
    opens = np.ones(len(query), dtype=bool)
    opens[by_type[1:]] = (np.diff(query[by_type]) != 0) | (np.diff(types[by_type]) != 0)
    start = np.searchsorted(query, query)
    number = opens.cumsum()
    kept = opens & (number - (number - opens)[start] <= least)
    others = (~kept).cumsum()
    place = others - (others - ~kept)[start]
    room = _SHELF - np.bincount(query[kept], minlength=int(query.max(initial=-1)) + 1)
    below = ~kept & (place > room[query])
    return np.lexsort((row, below, query))


def rank_within_type(
    model: Model, codes: np.ndarray, types: np.ndarray, k: int, groups: np.ndarray | None = None
) -> np.ndarray:
    """Rank the items of one type as complements, `(queries, k) int64` codes, -1 where the type has fewer.

    Parameters
    ----------
    model : Model
    codes, types : ndarray
        `(queries,) int64`: query items and the type of complement that is asked for.
    k : int
    groups : ndarray, optional
        `(items,) int64`: types of the items, where the model does not know the types that are asked for.
    """
    groups = model.type_codes if groups is None else groups
    members, edges = members_by_type(groups, int(max(groups.max(), types.max(initial=0))) + 1)
    ranked = np.full((len(codes), k), -1, dtype=np.int64)
    for start in range(0, len(codes), _BLOCK):
        query, kind = codes[start : start + _BLOCK], types[start : start + _BLOCK]
        size = edges[kind + 1] - edges[kind]
        owner = np.repeat(np.arange(len(query)), size)
        item = members[np.arange(len(owner)) - np.searchsorted(owner, owner) + edges[kind][owner]]
        other = item != query[owner]
        owner, item = owner[other], item[other]
        queries = model.queries(query)
        given = model.candidates.given(queries, (owner, item))
        borrowed = model.candidates.borrowed(queries)
        scores = _log_scores(model, queries, given, model.candidates.evidence(queries, borrowed, given))
        score = _shares(model, given, scores) - model.specificity * model.memory.popularity[item]
        unheard = _unheard_of(model, given, borrowed)
        order = np.lexsort((item, -_significant(score), unheard, owner))
        owner, item = owner[order], item[order]
        rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
        ranked[start + owner[rank < k], rank[rank < k]] = item[rank < k]
    return ranked


def _unheard_of(model: Model, given: Candidates, borrowed: Borrowed) -> np.ndarray:
    """Tell which items without a past are none that networks or look-alikes would name, `(n,) bool`.

    The ranker has seen new items only where they were named: of the others its score says nothing.
    """
    settings, items = model.config.complements, len(model.catalogue)
    by_prior = np.lexsort((given.item, -given.prior, given.owner))
    place = np.empty(len(by_prior), dtype=np.int64)
    place[by_prior] = np.arange(len(by_prior)) - np.searchsorted(given.owner[by_prior], given.owner[by_prior])
    lent_owner, lent_item = borrowed.candidates(settings.borrowed_candidates)
    lent = np.isin(given.owner * items + given.item, lent_owner * items + lent_item)
    new = model.graph.bought[given.item] == 0
    return np.asarray(new & ~lent & (place >= settings.candidates_per_type))


def _score_candidates(
    model: Model, members: Members, found: Candidates, share: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Score every candidate by its share of its query's co-purchases; a cart's score is the mean over its members."""
    items = len(model.catalogue)
    source_item = members.item[found.owner]
    key, pair = np.unique(members.query[found.owner] * items + found.item, return_inverse=True)
    size = np.bincount(members.query, minlength=members.queries)
    query = key // items
    mean = np.bincount(pair, share, minlength=len(key)) / size[query]
    was_bought = np.bincount(pair, (source_item >= 0) & (count > 0), minlength=len(key)) > 0
    return query, key % items, _significant(mean), np.where(was_bought, _OBSERVED, _PREDICTED)


def _log_scores(model: Model, queries: QueryItems, found: Candidates, evidence: Mapping[str, np.ndarray]) -> np.ndarray:
    """Score each candidate: by the ranker, else by the log posterior of memory and networks."""
    if model.ranker is None:
        seen, code = queries.item[found.owner] >= 0, np.maximum(queries.item[found.owner], 0)
        weight = np.where(seen, evidence["weight"], 0.0)
        total = np.where(seen, model.memory.graph.complement_weight[code], 0.0)
        return np.asarray(np.log(np.maximum(posterior(weight, found.prior, total, model.prior_strength), _LEAST)))
    parts = [np.zeros(0)]
    for start in range(0, len(found.owner), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        part = Candidates(found.owner[rows], found.item[rows], found.prior[rows])
        facts = {name: values[rows] for name, values in evidence.items()}
        parts.append(model.ranker.score(model.candidates.features(queries, part, facts)))
    return np.concatenate(parts)


def _shares(model: Model, found: Candidates, log_scores: np.ndarray) -> np.ndarray:
    """Make probabilities of log scores; the ranker's are the shares of a list."""
    if not len(found.owner):
        return np.zeros(0)
    if model.ranker is None:
        return np.asarray(np.exp(log_scores))
    starts = np.flatnonzero(np.diff(found.owner, prepend=-1))
    size = np.diff(np.append(starts, len(found.owner)))
    odds = np.exp(log_scores - np.repeat(np.maximum.reduceat(log_scores, starts), size))
    return np.asarray(odds / np.repeat(np.add.reduceat(odds, starts), size))


def _popular(model: Model, members: Members, short: np.ndarray, unwanted: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Pair every query whose list is short with enough bestsellers that k of them can stay."""
    enough = model.memory.popular[: 2 * k + len(members.item) + unwanted + 1]
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
    return _significant(lowest[fill_query] * model.memory.popularity[fill_item])


def _among(numbers: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Tell which of the asked are among rising numbers, as `numpy.isin`, which would sort both once more."""
    if not len(numbers):
        return np.zeros(len(asked), dtype=bool)
    place = np.minimum(np.searchsorted(numbers, asked), len(numbers) - 1)
    return np.asarray(numbers[place] == asked)


def _significant(score: np.ndarray) -> np.ndarray:
    """Round to nine significant digits, so that the last bits of a sum decide no rank."""
    exponent = np.floor(np.log10(np.maximum(np.abs(score), 1e-100)))
    scale = 10.0 ** (8 - exponent)
    return np.where(score != 0, np.round(score * scale) / scale, 0.0)

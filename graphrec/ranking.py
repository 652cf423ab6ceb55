"""Queries -> ranked complements: candidates by what the query changes, substitutes out, short lists filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from graphrec.candidate_scores import (
    FALLBACK,
    OBSERVED,
    Scored,
    candidate_shares,
    log_scores,
    never_together,
    score_candidates,
    significant,
)
from graphrec.complements import Borrowed, list_shares, members_by_type, stored_places
from graphrec.lists import varied
from graphrec.members import Members
from graphrec.model import Model
from graphrec.retrieval import Candidates

_BLOCK = 1024
"""Queries ranked at once."""
_SHELF, _LOOKED_AT = 10, 4
"""Places of a list, beside so many times k, that are looked at for near-duplicates."""
_WINDOW = 5
"""First places of a list, as many as a page shows beside a product, that hold one pack of a thing."""
_GIVEN, _CANDIDATE, _FILL, _LAST = range(4)
"""Tiers of a list, see `_rank_block`."""
_WIDER = 8
"""Times as many types and bestsellers are searched where items are kept out of the answer, since these are the
likeliest ones."""
_CLEAR = 2.33
"""Standard deviations, one-sided at 1%, from which an order is none by chance."""
_LEAST = 1e-100
"""Probability that stands for none in a logarithm."""


@dataclass(frozen=True)
class Ranking:
    """Ranked complements of many queries, in the order of queries and ranks.

    Parameters
    ----------
    query, item, rank, source : ndarray
        `(n,) int64`; `rank` from 1; `source` a position in `SOURCES`.
    score : ndarray
        `(n,) float64`: P(item | query), the estimated share of the query's co-purchases; 1 for a given link.
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
        rows = model.candidates.rows(block.items)
        found = model.candidates.collect(block.items, rows, per_type, types, popular)
        evidence = model.candidates.evidence(block.items, rows, found)
        share = candidate_shares(model, block.items, found, evidence)
        scored = score_candidates(model, block, found, share, evidence)
        kept_out = np.concatenate([kept_out, _bought_before(model, block, found, evidence)])
        for specificity, ranked in zip(specificities, parts, strict=True):
            part = _rank_block(model, block, k, kept_out, scored, specificity)
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
    scored: Scored,
    specificity: float,
) -> Ranking:
    """Sort scored candidates into lists.

    They come in tiers: given links, candidates, bestsellers that fill a short list, and what is listed only where the
    shop has nothing else: substitutes, and what is bought together less often than chance.
    """
    items = len(model.catalogue)
    known = members.item >= 0
    in_cart = np.unique(np.concatenate([members.query[known] * items + members.item[known], kept_out]))
    similar = _substitutes(model, members)

    wanted = ~_among(in_cart, scored.key)
    query, item = scored.query[wanted], scored.item[wanted]
    score, source, unlikely = scored.score[wanted], scored.source[wanted], scored.unlikely[wanted]
    substitute = (source != OBSERVED) & _among(similar, scored.key[wanted])
    tier = np.where(scored.given[wanted], _GIVEN, np.where(substitute | unlikely, _LAST, _CANDIDATE))

    short = np.flatnonzero(np.bincount(query[tier < _LAST], minlength=members.queries) < k)
    if len(short):
        most_similar = int(np.bincount(similar // items, minlength=1).max())
        most_kept_out = int(np.bincount(in_cart // items, minlength=1).max(initial=0))
        fill_query, fill_item = _popular(model, members, short, most_similar + most_kept_out, k)
        fill_key = fill_query * items + fill_item
        new = ~_among(in_cart, fill_key) & ~np.isin(fill_key, scored.key)
        fill_query, fill_item, fill_key = fill_query[new], fill_item[new], fill_key[new]
        wrong = _among(similar, fill_key) | never_together(model, members, fill_query, fill_item)
        fill_score = _fallback_scores(model, members.queries, query, score, fill_query, fill_item)
        query, item = np.concatenate([query, fill_query]), np.concatenate([item, fill_item])
        score = np.concatenate([score, fill_score])
        source = np.concatenate([source, np.full(len(fill_query), FALLBACK)])
        tier = np.concatenate([tier, np.where(wrong, _LAST, _FILL)])

    anyone = model.anyone[item]
    beyond = significant(np.where(tier == _FILL, score, score - specificity * anyone))
    order = np.lexsort((item, -beyond, tier, query))
    query, item, score, source, tier = (a[order] for a in (query, item, score, source, tier))
    if model.config.lists.near_duplicates == "one":
        stays = (tier == _GIVEN) | _one_of_each(model, members, query, item, k)
        order = _behind_the_window(query, stays & (tier < _LAST))
        query, item, score, source, tier = (a[order] for a in (query, item, score, source, tier))
    if not model.candidates.given_links:
        types = np.where(tier == _LAST, -1, model.type_codes[item])
        order = varied(query, types, model.config.lists.min_types)
        query, item, score, source, tier = (a[order] for a in (query, item, score, source, tier))
    rank = np.arange(len(query)) - np.searchsorted(query, query) + 1
    top = rank <= k
    query, item, score, source = (a[top] for a in (query, item, score, source))
    return Ranking(query, item, rank[top], source, score, score / model.memory.popularity[item])


def _substitutes(model: Model, members: Members) -> np.ndarray:
    """Give, as rising numbers, what shoppers would buy instead of a member of a query.

    Given links without substitute links name none: there what shares neighbours is what a link is likeliest to lead to.
    """
    if model.candidates.given_links and not model.graph.similar_from_views:
        return np.zeros(0, dtype=np.int64)
    known = members.item >= 0
    owner, edge = model.graph.similar.edges_of(members.item[known])
    return np.unique(members.query[known][owner] * len(model.catalogue) + model.graph.similar.indices[edge])


def _behind_the_window(query: np.ndarray, stays: np.ndarray) -> np.ndarray:
    """Order sorted lists so that the first places hold what stays, and all else follows as it stands, `(n,)`."""
    number = stays.cumsum()
    start = np.searchsorted(query, query)
    first = stays & (number - (number - stays)[start] <= _WINDOW)
    return np.lexsort((np.arange(len(query)), ~first, query))


def _one_of_each(model: Model, members: Members, query: np.ndarray, item: np.ndarray, k: int) -> np.ndarray:
    """Tell which places of sorted lists stay when another pack of the query or of an item above goes, `(n,) bool`."""
    rank = np.arange(len(query)) - np.searchsorted(query, query)
    looked_at = rank < _LOOKED_AT * k + _SHELF
    ranked = np.full((members.queries, _LOOKED_AT * k + _SHELF), -1, dtype=np.int64)
    ranked[query[looked_at], rank[looked_at]] = item[looked_at]
    place = np.arange(len(members.query)) - np.searchsorted(members.query, members.query)
    cart = np.full((members.queries, int(place.max(initial=0)) + 1), -1, dtype=np.int64)
    cart[members.query, place] = members.item
    stays = np.ones(len(query), dtype=bool)
    stays[looked_at] = model.near_duplicates.one_of_each(cart, ranked)[query[looked_at], rank[looked_at]]
    return stays


def _bought_before(model: Model, members: Members, found: Candidates, evidence: Mapping[str, np.ndarray]) -> np.ndarray:
    """Give, as numbers, the candidates that are clearly bought before their query, where lists lead one way."""
    if not model.config.lists.one_way:
        return np.zeros(0, dtype=np.int64)
    before, after = evidence["later"], evidence["first"]
    # The sign test in its normal approximation, with continuity correction.
    clear = before - after - 1 >= _CLEAR * np.sqrt(before + after)
    clear &= members.item[found.owner] >= 0
    return np.asarray(members.query[found.owner[clear]] * len(model.catalogue) + found.item[clear])


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
        rows = model.candidates.rows(queries)
        scores = log_scores(model, queries, given, model.candidates.evidence(queries, rows, given))
        score = _beyond_in_type(model, owner, item, scores)
        unheard = _unheard_of(model, given, rows.borrowed)
        order = np.lexsort((item, -significant(score), unheard, owner))
        owner, item = owner[order], item[order]
        rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
        ranked[start + owner[rank < k], rank[rank < k]] = item[rank < k]
    return ranked


def _beyond_in_type(model: Model, owner: np.ndarray, item: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Order the items of one type by P(item | query, type) - specificity * P(item | type), `(n,) float64`."""
    nothing_else = np.full(int(owner.max(initial=-1)) + 1, -np.inf)
    share = list_shares(scores, owner, nothing_else)
    total = np.bincount(owner, model.anyone[item], minlength=len(nothing_else))
    return np.asarray(share - model.specificity * model.anyone[item] / np.maximum(total[owner], _LEAST))


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
    return significant(lowest[fill_query] * model.memory.popularity[fill_item])


def _among(numbers: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Tell which of the asked are among rising numbers, as `numpy.isin`, which would sort both once more."""
    if not len(numbers):
        return np.zeros(len(asked), dtype=bool)
    place = np.minimum(np.searchsorted(numbers, asked), len(numbers) - 1)
    return np.asarray(numbers[place] == asked)

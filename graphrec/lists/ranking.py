"""Queries -> ranked complements: candidates by what the query changes, substitutes out, short lists filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from graphrec.complements import ComplementModel, Members, collect_candidates
from graphrec.complements.candidates import Candidates
from graphrec.complements.scores import (
    FALLBACK,
    OBSERVED,
    Scored,
    expected_together,
    never_together,
    score_candidates,
    should_have_met,
    significant,
)
from graphrec.complements.snapshot import Snapshot
from graphrec.compute.ragged import blocks, is_among, padded, rank_within
from graphrec.compute.sparse_entries import stored_places
from graphrec.lists.fill import Fill
from graphrec.lists.near_duplicates import NearDuplicates
from graphrec.lists.staples import Staples
from graphrec.lists.variety import varied

_BLOCK = 1024
"""Queries ranked at once."""
_LOOKED_AT = 50
"""First places of a list that are looked at for near-duplicates, however long a list is asked for."""
_FILLED = 50
"""Candidates up to which a list is filled, however short a list is asked for: a list is the head of a longer one."""
_WINDOW = 5
"""First places of a list, as many as a page shows beside a product, that hold one pack of a thing."""
_GIVEN, _CANDIDATE, _STAPLE, _FILL, _LAST, _DROPPED = range(6)
"""Tiers of a list, see `_rank_block`."""
_OF_STAPLES = {"keep": _CANDIDATE, "demote": _STAPLE, "drop": _DROPPED}
"""`lists.staples` -> tier of a staple."""
_CLEAR = 2.33
"""Standard deviations, one-sided at 1%, from which an order is none by chance."""


@dataclass(frozen=True)
class ListRules:
    """What a list is made by, beside what completes its query.

    Parameters
    ----------
    specificity : float
        As of `lists.specificity`.
    min_types : int
        As of `lists.min_types`.
    one_way : bool
        As of `lists.one_way`.
    staples : Staples
        Which complements are staples, and where they stand.
    near_duplicates : NearDuplicates or None
        Of which the first places hold one each; None to leave them where they are.
    """

    specificity: float
    min_types: int
    one_way: bool
    staples: Staples
    near_duplicates: NearDuplicates | None


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


def rank_at_specificities(
    model: ComplementModel,
    rules: ListRules,
    members: Members,
    k: int,
    specificities: Sequence[float],
    excluded: sparse.csr_array | None = None,
) -> list[Ranking]:
    """Rank the `k` best complements of every query, once for each specificity: the head of a longer list.

    A query gets fewer only where the shop has fewer other items. Candidates are scored once for all specificities.

    Parameters
    ----------
    model : ComplementModel
    rules : ListRules
    members : Members
    k : int
    specificities : sequence of float
        As `lists.specificity`.
    excluded : csr_array, optional
        `(queries, items)`: what is stored in a row must not be in the query's answer.
    """
    nothing = np.zeros(0, dtype=np.int64)
    parts = [[Ranking(nothing, nothing, nothing, nothing, np.zeros(0), np.zeros(0))] for _ in specificities]
    for block in blocks(members.queries, _BLOCK):
        asked = members.block(block.start, block.stop)
        candidates = collect_candidates(model.snapshot, asked.items)
        scored = score_candidates(model, asked, candidates, model.shares(asked.items, candidates))
        kept_out = nothing if excluded is None else stored_places(excluded[block])
        if rules.one_way:
            kept_out = np.concatenate([kept_out, _bought_before(model, asked, candidates)])
        for specificity, ranked in zip(specificities, parts, strict=True):
            at = replace(rules, specificity=specificity)
            part = _rank_block(model, at, asked, k, kept_out, scored)
            ranked.append(Ranking(part.query + block.start, part.item, part.rank, part.source, part.score, part.uplift))
    return [
        Ranking(*(np.concatenate(columns) for columns in zip(*(vars(part).values() for part in ranked), strict=True)))
        for ranked in parts
    ]


def _rank_block(
    model: ComplementModel, rules: ListRules, members: Members, k: int, kept_out: np.ndarray, scored: Scored
) -> Ranking:
    """Sort scored candidates into lists.

    They come in tiers: given links, candidates, staples, bestsellers that fill a short list, and what is listed only
    where the shop has nothing else: substitutes, and what is bought together less often than chance.
    """
    snapshot = model.snapshot
    known = members.item >= 0
    in_cart = np.unique(np.concatenate([members.query[known] * snapshot.items + members.item[known], kept_out]))
    similar = _substitutes(snapshot, members)

    wanted = ~is_among(in_cart, scored.key)
    query, item = scored.query[wanted], scored.item[wanted]
    score, source, unlikely = scored.score[wanted], scored.source[wanted], scored.unlikely[wanted]
    substitute = (source != OBSERVED) & is_among(similar, scored.key[wanted])
    staple = rules.staples.among(snapshot, item, scored.together[wanted], scored.expected[wanted])
    tier = np.where(staple, _OF_STAPLES[rules.staples.place], _CANDIDATE)
    tier = np.where(scored.given[wanted], _GIVEN, np.where(substitute | unlikely, np.maximum(tier, _LAST), tier))

    short = np.flatnonzero(np.bincount(query[tier < _LAST], minlength=members.queries) < max(k, _FILLED))
    if len(short):
        unwanted = should_have_met(snapshot, members)
        for keys in (similar, in_cart):
            unwanted += np.bincount(keys // snapshot.items, minlength=members.queries)
        fill = Fill.of(model, short, 2 * max(k, _FILLED) + unwanted[short])
        key = fill.query * snapshot.items + fill.item
        new = ~is_among(in_cart, key) & ~np.isin(key, scored.key)
        fill, key = fill.rows(new), key[new]
        fill_score = fill.scores(model, members.queries, query, score)
        query, item = np.concatenate([query, fill.query]), np.concatenate([item, fill.item])
        score = np.concatenate([score, fill_score])
        source = np.concatenate([source, np.full(len(key), FALLBACK)])
        tier = np.concatenate([tier, _tier_of_fill(snapshot, rules, members, fill, is_among(similar, key))])

    beyond = significant(np.where(tier == _FILL, score, score - rules.specificity * model.anyone[item]))
    order = np.lexsort((item, -beyond, tier, query))
    query, item, score, source, tier = (a[order] for a in (query, item, score, source, tier))
    if rules.near_duplicates is not None:
        stays = (tier == _GIVEN) | _one_of_each(rules.near_duplicates, members, query, item)
        order = _behind_the_window(query, stays & (tier < _LAST) & (tier != _STAPLE))
        query, item, score, source, tier = (a[order] for a in (query, item, score, source, tier))
    if not snapshot.given_links:
        # How far a list is filled depends on how long a list is asked for: what stands beyond brings no type in.
        beyond_fill = (tier == _FILL) & (rank_within(query) >= _FILLED)
        types = np.where((tier >= _LAST) | beyond_fill, -1, snapshot.known.type_codes[item])
        order = varied(query, types, rules.min_types)
        query, item, score, source, tier = (a[order] for a in (query, item, score, source, tier))
    rank = rank_within(query) + 1
    top = rank <= k
    query, item, score, source = (a[top] for a in (query, item, score, source))
    return Ranking(query, item, rank[top], source, score, score / snapshot.memory.popularity[item])


def _tier_of_fill(
    snapshot: Snapshot, rules: ListRules, members: Members, fill: Fill, substitute: np.ndarray
) -> np.ndarray:
    """Say in which tier bestsellers stand that were never bought with the query, `(n,) int64`."""
    expected = expected_together(snapshot, members, fill.query, fill.item)
    staple = rules.staples.among(snapshot, fill.item, np.zeros(len(expected)), expected)
    last = substitute | never_together(snapshot, expected)
    dropped = staple & (rules.staples.place == "drop")
    return np.select([dropped, last], [_DROPPED, _LAST], _FILL)


def _substitutes(snapshot: Snapshot, members: Members) -> np.ndarray:
    """Give, as rising numbers, what shoppers would buy instead of a member of a query.

    Given links without substitute links name none: there what shares neighbours is what a link is likeliest to lead to.
    """
    graph = snapshot.memory.graph
    if snapshot.given_links and not graph.similar_from_views:
        return np.zeros(0, dtype=np.int64)
    known = members.item >= 0
    owner, edge = graph.similar.edges_of(members.item[known])
    return np.unique(members.query[known][owner] * snapshot.items + graph.similar.indices[edge])


def _behind_the_window(query: np.ndarray, stays: np.ndarray) -> np.ndarray:
    """Order sorted lists so that the first places hold what stays, and all else follows as it stands, `(n,)`."""
    number = stays.cumsum()
    start = np.searchsorted(query, query)
    first = stays & (number - (number - stays)[start] <= _WINDOW)
    return np.lexsort((np.arange(len(query)), ~first, query))


def _one_of_each(near: NearDuplicates, members: Members, query: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Tell which places of sorted lists stay when another pack of the query or of an item above goes, `(n,) bool`."""
    rank = rank_within(query)
    looked_at = rank < _LOOKED_AT
    ranked = padded(query, item, (members.queries, _LOOKED_AT))
    largest_cart = int(np.bincount(members.query).max(initial=1))
    cart = padded(members.query, members.item, (members.queries, largest_cart))
    stays = np.ones(len(query), dtype=bool)
    stays[looked_at] = near.one_of_each(cart, ranked)[query[looked_at], rank[looked_at]]
    return stays


def _bought_before(model: ComplementModel, members: Members, candidates: Candidates) -> np.ndarray:
    """Give, as numbers, the candidates that are clearly bought before their query."""
    before, after = candidates.facts["later"], candidates.facts["first"]
    # The sign test in its normal approximation, with continuity correction.
    clear = before - after - 1 >= _CLEAR * np.sqrt(before + after)
    return np.asarray(members.query[candidates.owner[clear]] * model.snapshot.items + candidates.item[clear])

"""The best of one type by a fitted model, for questions in which the type is given."""

from __future__ import annotations

import numpy as np

from graphrec.complements import ComplementModel, QueryRows, describe_pairs
from graphrec.complements.candidates import Candidates
from graphrec.complements.networks import members_by_type
from graphrec.complements.ranker import list_shares
from graphrec.complements.scores import significant
from graphrec.compute.ragged import blocks, ranges, rank_within

_BLOCK = 256
"""Queries scored at once."""
_LEAST = 1e-100
"""Share of a type's purchases that stands for none."""


def rank_within_type(
    model: ComplementModel, specificity: float, codes: np.ndarray, types: np.ndarray, k: int, groups: np.ndarray
) -> np.ndarray:
    """Rank the items of one type as complements, `(queries, k) int64` codes, -1 where the type has fewer.

    Parameters
    ----------
    model : ComplementModel
    specificity : float
        As of `lists.specificity`.
    codes, types : ndarray
        `(queries,) int64`: query items and the type of complement that is asked for.
    k : int
    groups : ndarray
        `(items,) int64`: types of the items, which may be others than the model's own.
    """
    members, edges = members_by_type(groups, int(max(groups.max(), types.max(initial=0))) + 1)
    ranked = np.full((len(codes), k), -1, dtype=np.int64)
    for block in blocks(len(codes), _BLOCK):
        query, kind = codes[block], types[block]
        owner, place = ranges(edges[kind], edges[kind + 1] - edges[kind])
        item = members[place]
        other = item != query[owner]
        owner, item = owner[other], item[other]
        queries = model.snapshot.known.queries(query)
        rows = QueryRows.of(model.snapshot, queries)
        candidates = describe_pairs(model.snapshot, queries, rows, owner, item)
        score = _beyond_in_type(model, specificity, candidates, model.log_scores(queries, candidates))
        order = np.lexsort((item, -significant(score), _unheard_of(model, candidates, rows), owner))
        owner, item = owner[order], item[order]
        rank = rank_within(owner)
        ranked[block.start + owner[rank < k], rank[rank < k]] = item[rank < k]
    return ranked


def _beyond_in_type(
    model: ComplementModel, specificity: float, candidates: Candidates, scores: np.ndarray
) -> np.ndarray:
    """Order the items of one type by P(item | query, type) - specificity * P(item | type), `(n,) float64`."""
    owner, anyone = candidates.owner, model.anyone[candidates.item]
    nothing_else = np.full(int(owner.max(initial=-1)) + 1, -np.inf)
    share = list_shares(scores, owner, nothing_else)
    total = np.bincount(owner, anyone, minlength=len(nothing_else))
    return np.asarray(share - specificity * anyone / np.maximum(total[owner], _LEAST))


def _unheard_of(model: ComplementModel, candidates: Candidates, rows: QueryRows) -> np.ndarray:
    """Tell which items without a past are none that networks or look-alikes would name, `(n,) bool`.

    The ranker has seen new items only where they were named: of the others its score says nothing.
    """
    settings, items = model.snapshot.config.complements, model.snapshot.items
    owner, item = candidates.owner, candidates.item
    by_prior = np.lexsort((item, -candidates.prior, owner))
    place = np.empty(len(by_prior), dtype=np.int64)
    place[by_prior] = rank_within(owner[by_prior])
    lent_owner, lent_item = rows.borrowed.candidates(settings.borrowed_candidates)
    lent = np.isin(owner * items + item, lent_owner * items + lent_item)
    new = model.snapshot.memory.graph.bought[item] == 0
    return np.asarray(new & ~lent & (place >= settings.candidates_per_type))

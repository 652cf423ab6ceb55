"""Candidates of queries -> their probability, where it comes from, and what speaks against them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphrec.complements.candidates import Candidates
from graphrec.complements.complement_model import ComplementModel
from graphrec.complements.members import Members
from graphrec.complements.snapshot import Snapshot
from graphrec.results import SOURCES

OBSERVED, PREDICTED, FALLBACK = range(len(SOURCES))
"""Positions in `SOURCES`: where a complement comes from."""

_SHOULD_HAVE_MET = 1.0
"""Baskets that two items should share by chance, from which on a pair that the graph does not hold stands last. It
never met, or it was pruned since it met so seldom that others came first."""


@dataclass(frozen=True)
class Scored:
    """Candidates of queries, each once.

    Parameters
    ----------
    query, item, key : ndarray
        `(n,) int64`; the key is `query * items + item`, rising.
    score : ndarray
        `(n,) float64`: P(item | query), 1 for a given link.
    source : ndarray
        `(n,) int64`, a position in `SOURCES`.
    together, expected : ndarray
        `(n,) float64`: baskets that hold the item and a member of the query, and those that would by chance.
    unlikely : ndarray
        `(n,) bool`: bought together with the query less often than chance would have it.
    given : ndarray
        `(n,) bool`: a link that the shop has given.
    """

    query: np.ndarray
    item: np.ndarray
    key: np.ndarray
    score: np.ndarray
    source: np.ndarray
    together: np.ndarray
    expected: np.ndarray
    unlikely: np.ndarray
    given: np.ndarray


def score_candidates(model: ComplementModel, members: Members, candidates: Candidates, share: np.ndarray) -> Scored:
    """Score every candidate by its share of its query's co-purchases; a cart's score is the mean over its members.

    Parameters
    ----------
    model : ComplementModel
    members : Members
    candidates : Candidates
        Of the members.
    share : ndarray
        `(n,) float64`, as of `ComplementModel.shares`.
    """
    snapshot, items = model.snapshot, model.snapshot.items
    count = candidates.facts["count"]
    key, pair = np.unique(members.query[candidates.owner] * items + candidates.item, return_inverse=True)
    query, item = key // items, key % items
    size = np.bincount(members.query, minlength=members.queries)
    mean = np.bincount(pair, share, minlength=len(key)) / size[query]
    count = np.bincount(pair, count, minlength=len(key))
    given = (count > 0) & snapshot.given_links
    score = np.where(given, 1.0, significant(mean))
    # What is no likelier than for anyone is known of no query in particular.
    beyond = score > np.maximum(model.anyone[item], snapshot.memory.popularity[item])
    source = np.where(count > 0, OBSERVED, np.where(beyond, PREDICTED, FALLBACK))
    expected = expected_together(snapshot, members, query, item)
    unlikely = _below_chance(count, expected) & ~given
    return Scored(query, item, key, score, source, count, expected, unlikely, given)


def expected_together(snapshot: Snapshot, members: Members, query: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Count the baskets that would hold an item and a member of the query if chance alone brought them together."""
    of_query, baskets = _baskets_of_queries(snapshot, members), snapshot.memory.graph.baskets
    return np.asarray(of_query[query] * snapshot.memory.baskets[item] / max(baskets, 1))


def _baskets_of_queries(snapshot: Snapshot, members: Members) -> np.ndarray:
    """Count the baskets of each query's members, `(queries,) float64`."""
    known = members.item >= 0
    return np.bincount(members.query[known], snapshot.memory.baskets[members.item[known]], minlength=members.queries)


def _below_chance(count: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Tell pairs that meet less often than chance; of one that is not known to have met, only if it should have."""
    return np.where(count > 0, count < expected, expected >= _SHOULD_HAVE_MET)


def never_together(snapshot: Snapshot, expected: np.ndarray) -> np.ndarray:
    """Tell which pairs, none of them bought together, are so by more than chance; `expected` as `expected_together`."""
    if snapshot.given_links:
        return np.zeros(len(expected), dtype=bool)
    return _below_chance(np.zeros(len(expected)), expected)


def should_have_met(snapshot: Snapshot, members: Members) -> np.ndarray:
    """Count the items that each query should have met, so that never to have met them is more than chance."""
    if snapshot.given_links:
        return np.zeros(members.queries, dtype=np.int64)
    of_query = _baskets_of_queries(snapshot, members)
    least = _SHOULD_HAVE_MET * snapshot.memory.graph.baskets / np.maximum(of_query, 1e-12)
    # A little less, so that no rounding leaves one out.
    return np.asarray(snapshot.items - np.searchsorted(snapshot.memory.rising_baskets, least * (1 - 1e-9)))


def significant(score: np.ndarray) -> np.ndarray:
    """Round to nine significant digits, so that the last bits of a sum decide no rank."""
    exponent = np.floor(np.log10(np.maximum(np.abs(score), 1e-100)))
    scale = 10.0 ** (8 - exponent)
    return np.where(score != 0, np.round(score * scale) / scale, 0.0)

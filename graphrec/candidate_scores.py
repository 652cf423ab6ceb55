"""Candidates of queries -> their probability, where it comes from, and what speaks against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from graphrec.complements import QueryItems, list_shares, mean_shares, posterior
from graphrec.members import Members
from graphrec.model import Model
from graphrec.retrieval import Candidates

SOURCES = ("observed", "predicted", "fallback")
"""Where a complement comes from; the position of a source is its code."""
OBSERVED, PREDICTED, FALLBACK = range(3)

_AT_ONCE = 8192
"""Candidates described and scored at once: so many stay near the processor."""
_SHOULD_HAVE_MET = 1.0
"""Baskets that two items should share by chance, from which on a pair that the graph does not hold stands last. It
never met, or it was pruned since it met so seldom that others came first."""
_ASKED, _QUERIES_AT_ONCE = 4_000, 512
"""Purchases whose items are asked by when P(item) is estimated."""
_LEAST = 1e-100
"""Probability that stands for none in a logarithm."""


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
    unlikely: np.ndarray
    given: np.ndarray


def score_candidates(
    model: Model, members: Members, found: Candidates, share: np.ndarray, evidence: Mapping[str, np.ndarray]
) -> Scored:
    """Score every candidate by its share of its query's co-purchases; a cart's score is the mean over its members."""
    items = len(model.catalogue)
    seen = members.item[found.owner] >= 0
    key, pair = np.unique(members.query[found.owner] * items + found.item, return_inverse=True)
    query, item = key // items, key % items
    size = np.bincount(members.query, minlength=members.queries)
    mean = np.bincount(pair, share, minlength=len(key)) / size[query]
    count = np.bincount(pair, np.where(seen, evidence["count"], 0), minlength=len(key))
    given = (count > 0) & model.candidates.given_links
    score = np.where(given, 1.0, significant(mean))
    # What is no likelier than for anyone is known of no query in particular.
    beyond = score > np.maximum(model.anyone[item], model.memory.popularity[item])
    source = np.where(count > 0, OBSERVED, np.where(beyond, PREDICTED, FALLBACK))
    unlikely = _below_chance(count, _expected(model, members, query, item)) & ~given
    return Scored(query, item, key, score, source, unlikely, given)


def what_anyone_buys(model: Model) -> np.ndarray:
    """Estimate P(item), whoever buys: the mean of P(item | query) over what is bought, `(items,) float64`.

    What the model thinks too likely for everybody is taken off for everybody; shares of the log's purchases would
    leave it in.
    """
    popularity = model.memory.popularity
    # As many points as queries, evenly over the purchases: an item of a large share is met by several.
    points = (np.arange(_ASKED) + 0.5) / _ASKED
    asked = np.minimum(np.searchsorted(popularity.cumsum(), points), len(popularity) - 1)
    codes, times = np.unique(asked, return_counts=True)
    settings, mean = model.config.complements, np.zeros(len(popularity))
    for start in range(0, len(codes), _QUERIES_AT_ONCE):
        block = slice(start, start + _QUERIES_AT_ONCE)
        queries = model.queries(codes[block])
        rows = model.candidates.rows(queries)
        per_type, types, popular = settings.candidates_per_type, settings.types, settings.popular_candidates
        found = model.candidates.collect(queries, rows, per_type, types, popular)
        share = candidate_shares(model, queries, found, model.candidates.evidence(queries, rows, found))
        mean += mean_shares(found.item, share, times[block][found.owner].astype(np.float64), len(mean))
    return mean / _ASKED


def _expected(model: Model, members: Members, query: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Baskets that would hold an item and a member of the query if both were bought as they are, but independently."""
    known = members.item >= 0
    # The graph counts the last items of a long basket alone; by whole baskets no pair can pass that chance explains.
    sold = model.memory.sales.baskets(model.graph.bought > 0)
    of_query = np.bincount(members.query[known], sold[members.item[known]], minlength=members.queries)
    return np.asarray(of_query[query] * sold[item] / max(model.graph.baskets, 1))


def _below_chance(count: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Tell pairs that meet less often than chance; of one that is not known to have met, only if it should have."""
    return np.where(count > 0, count < expected, expected >= _SHOULD_HAVE_MET)


def never_together(model: Model, members: Members, query: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Tell which pairs, none of them bought together, are so by more than chance."""
    if model.candidates.given_links:
        return np.zeros(len(query), dtype=bool)
    return _below_chance(np.zeros(len(query)), _expected(model, members, query, item))


def log_scores(model: Model, queries: QueryItems, found: Candidates, evidence: Mapping[str, np.ndarray]) -> np.ndarray:
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


def candidate_shares(
    model: Model, queries: QueryItems, found: Candidates, evidence: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Estimate P(candidate | query), the share of the query's co-purchases that fall on it, `(n,) float64`.

    Given links are no answers again: the others share what is left among themselves.
    """
    scores = log_scores(model, queries, found, evidence)
    if model.ranker is None:
        return np.asarray(np.exp(scores))
    if model.candidates.given_links:
        known = (queries.item[found.owner] >= 0) & (evidence["count"] > 0)
        scores = np.where(known, -np.inf, scores)
    return list_shares(scores, found.owner, model.ranker.elsewhere(model.candidates.outside(queries, found)))


def significant(score: np.ndarray) -> np.ndarray:
    """Round to nine significant digits, so that the last bits of a sum decide no rank."""
    exponent = np.floor(np.log10(np.maximum(np.abs(score), 1e-100)))
    scale = 10.0 ** (8 - exponent)
    return np.where(score != 0, np.round(score * scale) / scale, 0.0)

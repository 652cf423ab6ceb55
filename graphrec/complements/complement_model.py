"""P(item | query) over a catalogue: what is known at a moment, and how its evidence is weighed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphrec.complements.candidates import Candidates, collect_candidates, outside
from graphrec.complements.evidence import PairsInView, describe, posterior_of
from graphrec.complements.known_items import QueryItems
from graphrec.complements.ranker import ListRanker, list_shares
from graphrec.complements.snapshot import Snapshot
from graphrec.compute.ragged import blocks

_AT_ONCE = 8192
"""Candidates described and scored at once: so many stay near the processor."""
_ASKED, _QUERIES_AT_ONCE = 4_000, 512
"""Purchases whose items are asked by when P(item) is estimated."""
_LEAST = 1e-100
"""Probability that stands for none in a logarithm."""


@dataclass(frozen=True)
class ComplementModel:
    """What completes an item, as probabilities.

    Parameters
    ----------
    snapshot : Snapshot
        Of the whole log.
    ranker : ListRanker or None
        Scores the candidates; None where it did no better than the posterior, or had nothing to learn from.
    anyone : ndarray
        `(items,) float64`: P(item), whoever buys, as of `what_anyone_buys`.
    """

    snapshot: Snapshot
    ranker: ListRanker | None
    anyone: np.ndarray

    def log_scores(self, queries: QueryItems, candidates: Candidates) -> np.ndarray:
        """Score each candidate, `(n,) float64`: by the ranker, else by the log posterior of counts and networks."""
        settings = self.snapshot.config.complements
        if self.ranker is None:
            pairs = PairsInView(self.snapshot, queries, candidates)
            blended = posterior_of(pairs, settings.evidence, settings.prior_strength)
            return np.asarray(np.log(np.maximum(blended, _LEAST)))
        parts = [np.zeros(0)]
        for block in blocks(len(candidates.owner), _AT_ONCE):
            part = candidates.rows(block)
            pairs = PairsInView(self.snapshot, queries, part)
            parts.append(self.ranker.score(describe(pairs, settings.evidence).features))
        return np.concatenate(parts)

    def shares(self, queries: QueryItems, candidates: Candidates) -> np.ndarray:
        """Estimate P(candidate | query), the share of the query's co-purchases that fall on it, `(n,) float64`.

        Given links are no answers again: the others share what is left among themselves.
        """
        scores = self.log_scores(queries, candidates)
        if self.ranker is None:
            return np.asarray(np.exp(scores))
        if self.snapshot.given_links:
            scores = np.where(candidates.facts["count"] > 0, -np.inf, scores)
        elsewhere = self.ranker.elsewhere(outside(self.snapshot, queries, candidates))
        return list_shares(scores, candidates.owner, elsewhere)


def what_anyone_buys(model: ComplementModel) -> np.ndarray:
    """Estimate P(item), whoever buys: the mean of P(item | query) over what is bought, `(items,) float64`.

    What the model thinks too likely for everybody is taken off for everybody; shares of the log's purchases would
    leave it in.
    """
    snapshot = model.snapshot
    popularity = snapshot.memory.popularity
    # As many points as queries, evenly over the purchases: an item of a large share is met by several.
    points = (np.arange(_ASKED) + 0.5) / _ASKED
    asked = np.minimum(np.searchsorted(popularity.cumsum(), points), len(popularity) - 1)
    codes, times = np.unique(asked, return_counts=True)
    mean = np.zeros(len(popularity))
    for block in blocks(len(codes), _QUERIES_AT_ONCE):
        queries = snapshot.known.queries(codes[block])
        candidates = collect_candidates(snapshot, queries)
        shares = model.shares(queries, candidates) * times[block][candidates.owner]
        mean += np.bincount(candidates.item, shares, minlength=len(mean))
    return mean / _ASKED

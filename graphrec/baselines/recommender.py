"""BaselineRecommender: a fitted baseline behind the public face of `Recommender`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from graphrec.baselines.baseline import Baseline, Scorer
from graphrec.baselines.evidence import pair_evidence
from graphrec.baselines.ranking import block_rows, ranked, scaled
from graphrec.baselines.training_data import TrainingData
from graphrec.compute.ragged import blocks, offsets, owners
from graphrec.events import VIEW, Catalogue
from graphrec.results import SOURCES, Lists, Recommendation
from graphrec.results.interface import (
    ListsByCodes,
    Query,
    Session,
    Unknown,
    at_least_one,
    ids_of,
    known_codes,
    session_codes,
)

_OBSERVED, _PREDICTED, _FALLBACK = range(len(SOURCES))


@dataclass(frozen=True)
class BaselineRecommender(ListsByCodes):
    """A fitted baseline, asked by external ids as a `Recommender` is.

    Scores are shares of the query's largest score; a cart's is the mean over its members. What the shopper did so
    far moves no item, but what was put into the cart or bought is left out.

    Parameters
    ----------
    data : TrainingData
        That the scorer was fitted on; the evidence beside each answer comes from its counts.
    scorer : callable
    type_names : sequence of str
        By type code.
    """

    data: TrainingData
    scorer: Scorer
    type_names: Sequence[str]

    @classmethod
    def fit(
        cls,
        baseline: Baseline,
        data: TrainingData,
        parameters: Mapping[str, float],
        type_names: Sequence[str],
        seed: int,
    ) -> BaselineRecommender:
        """Fit a baseline with the parameters of one grid point."""
        return cls(data, baseline.fit(data, parameters, seed), tuple(type_names))

    @property
    def catalogue(self) -> Catalogue:
        """All items that can be asked for."""
        return self.data.catalogue

    def recommend(
        self,
        query: Query,
        k: int = 10,
        session: Session = (),
        unknown: Unknown = "raise",
    ) -> list[Recommendation]:
        """Complete an item, or a cart of several; parameters and errors as of `Recommender.recommend`."""
        cart = known_codes(self.catalogue, ids_of(query), unknown)
        codes, kinds = session_codes(self.catalogue, session, unknown)
        taken = codes[kinds != VIEW]
        lists = self._rank([cart], at_least_one(k), [np.union1d(cart, taken)])
        return lists.answers(self.catalogue.items)

    def lists_of(self, carts: Sequence[np.ndarray], k: int) -> pd.DataFrame:
        """Complete carts of codes, as of `ListsByCodes.lists_of`."""
        return self._rank(carts, k, carts).table(self.catalogue.items, self.type_names)

    def _rank(self, carts: Sequence[np.ndarray], k: int, excluded: Sequence[np.ndarray]) -> Lists:
        """Rank the complements of carts of codes."""
        parts = list(self._ranked_blocks(carts, k, excluded))
        if not parts:
            parts = [(np.zeros((0, k), dtype=np.int64), np.zeros((0, k)))]
        codes, scores = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        query, place = np.nonzero(codes >= 0)
        item, score = codes[query, place], scores[query, place]
        facts = pair_evidence(self.data, carts, query, item)
        scored = np.isfinite(score) & (score != 0)
        source = np.where(facts["bought_together"] > 0, _OBSERVED, np.where(scored, _PREDICTED, _FALLBACK))
        shown = _falling(scores)[query, place]
        return Lists(
            query=query,
            item=item,
            rank=place + 1,
            source=source,
            score=shown,
            uplift=facts["lift"],
            item_type=self.data.types[facts["member"]],
            complement_type=self.data.types[item],
            evidence=facts,
        )

    def _ranked_blocks(
        self, carts: Sequence[np.ndarray], k: int, excluded: Sequence[np.ndarray]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        items = self.data.items
        most = max(1, block_rows(items) // max((len(cart) for cart in carts), default=1))
        for part in blocks(len(carts), most):
            block, left_out = carts[part], excluded[part]
            mean = self._cart_scores(block)
            rows = owners(np.array([len(codes) for codes in left_out]))
            mask = sparse.csr_array((np.ones(len(rows), bool), (rows, np.concatenate(left_out))), shape=mean.shape)
            first = np.array([cart[0] for cart in block])
            best = ranked(mean, self.data.bought, first, k, mask)
            yield best, np.take_along_axis(mean, np.maximum(best, 0), axis=1)

    def _cart_scores(self, carts: Sequence[np.ndarray]) -> np.ndarray:
        """Average the scaled scores of each cart's members; a member without an opinion says 0 where another has."""
        members = scaled(self.scorer(np.concatenate(carts)))
        size = np.array([len(cart) for cart in carts])
        start = offsets(size)[:-1]
        opinions = np.add.reduceat(np.isfinite(members).astype(np.int64), start, axis=0)
        total = np.add.reduceat(np.where(np.isfinite(members), members, 0.0), start, axis=0)
        return np.where(opinions > 0, np.round(total / size[:, None], 12), -np.inf)


def _falling(scores: np.ndarray) -> np.ndarray:
    """Give items without an opinion a score to show: 0, or the lowest of their list where that is below."""
    lowest = np.where(np.isfinite(scores), scores, 0.0).min(axis=1, initial=0.0, keepdims=True)
    return np.where(np.isfinite(scores), scores, lowest)

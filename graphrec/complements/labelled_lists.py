"""Labelled lists: candidates of some queries as they were before a stretch of the log, with what it said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphrec.compute.ragged import offsets, owners, ranges


@dataclass(frozen=True)
class LabelledLists:
    """Candidates of some queries, with what a later stretch of the log said of them.

    Parameters
    ----------
    columns : tuple of str
        Names of the features.
    start : ndarray
        `(queries + 1,) int64`: the candidates of query q are the rows `start[q] : start[q + 1]`.
    item : ndarray
        `(n,) int64` codes of the candidates.
    features : ndarray
        `(n, features) float32`.
    gain : ndarray
        `(n,) float32`: later baskets that hold query and candidate, each over the other items of the basket.
    count : ndarray
        `(n,) float32`: earlier baskets that hold both.
    posterior : ndarray
        `(n,) float32`: P(candidate | query) where there is no ranker.
    chance : ndarray
        `(n,) float32`: the candidate's share of all purchases of the stretch.
    outside : ndarray
        `(queries, 3) float32`: of what are no candidates, as of `outside_features`.
    total : ndarray
        `(queries,) float32`: the query's gain over all items, candidates or not.
    popularity : ndarray
        `(queries,) float32`: the query's share of the purchases before the stretch.
    """

    columns: tuple[str, ...]
    start: np.ndarray
    item: np.ndarray
    features: np.ndarray
    gain: np.ndarray
    count: np.ndarray
    posterior: np.ndarray
    chance: np.ndarray
    outside: np.ndarray
    total: np.ndarray
    popularity: np.ndarray

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def owner(self) -> np.ndarray:
        """Query that each candidate belongs to, `(n,) int64`."""
        return owners(np.diff(self.start))

    @classmethod
    def joined(cls, parts: Sequence[LabelledLists]) -> LabelledLists:
        """Put lists of several stretches together."""
        sizes = np.concatenate([np.diff(part.start) for part in parts])
        names = [name for name in vars(parts[0]) if name not in ("start", "columns")]
        joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        return cls(columns=parts[0].columns, start=offsets(sizes), **joined)

    def bought(self) -> LabelledLists:
        """Keep the lists whose query was bought with anything at all."""
        kept = np.flatnonzero(self.total > 0)
        rows = ranges(self.start[kept], np.diff(self.start)[kept])[1]
        by_candidate = ("item", "features", "gain", "count", "posterior", "chance")
        by_query = ("outside", "total", "popularity")
        return LabelledLists(
            columns=self.columns,
            start=offsets(np.diff(self.start)[kept]),
            **{name: getattr(self, name)[rows] for name in by_candidate},
            **{name: getattr(self, name)[kept] for name in by_query},
        )

    def batch(self, queries: np.ndarray) -> ListBatch:
        """Take some lists."""
        owner, rows = ranges(self.start[queries], np.diff(self.start)[queries])
        features, gain, novel = (torch.from_numpy(a[rows]) for a in (self.features, self.gain, self.count == 0))
        outside, total = (torch.from_numpy(a[queries]) for a in (self.outside, self.total))
        return ListBatch(features, gain, novel, torch.from_numpy(owner), outside, total)


@dataclass(frozen=True)
class ListBatch:
    """Some lists as tensors; `owner` is the list that a row belongs to."""

    features: Tensor
    gain: Tensor
    novel: Tensor
    owner: Tensor
    outside: Tensor
    total: Tensor


def outside_features(owner: np.ndarray, queries: int, popularity: np.ndarray, bought: np.ndarray) -> np.ndarray:
    """Describe what are no candidates, `(queries, 3) float64`.

    The log of their share of all purchases, of the query's own baskets, and of how many candidates there are: where
    much is known of a query, little that is bought with it is no candidate.

    Parameters
    ----------
    owner : ndarray
        `(n,) int64`: query of each candidate.
    queries : int
    popularity : ndarray
        `(n,)`: share of all purchases that fall on each candidate.
    bought : ndarray
        `(queries,)`: baskets that hold the query.
    """
    inside = np.bincount(owner, popularity, minlength=queries)
    size = np.bincount(owner, minlength=queries)
    return np.stack([np.log(np.maximum(1.0 - inside, _LEAST)), np.log(bought + 1.0), np.log(size + 1.0)], axis=1)


_LEAST = 1e-3
"""Share of the purchases that falls on what is no candidate, at least."""

"""Ranker: from what is known of a candidate to its share of the query's later co-purchases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from graphrec.config import ComplementsConfig
from graphrec.hardware import ONE_CPU, Hardware
from graphrec.progress import Display
from graphrec.training import Curve, repeatable, train

_QUERIES_AT_ONCE = 64
_PLACES = 10
"""Of a list that count when the ranker is held against the posterior."""


class Ranker(nn.Module):
    r"""A small network whose softmax over a query's candidates is the share of each in later baskets.

    .. math::
        P(j \mid i) = \mathrm{softmax}_{j \in \mathrm{candidates}(i)} f(x_{ij})

    with :math:`f` two hidden layers over standardised features; trained on whole lists (ListNet, Cao et al. 2007)
    of later stretches of the log, so that it learns how much of each kind of evidence lasts.

    Parameters
    ----------
    features, hidden : int
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.layers = nn.Sequential(
            nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Score candidates, `(n,)`, for `(n, features)`."""
        scores: Tensor = self.layers((features - self.mean) / self.scale)[:, 0]
        return scores

    @torch.no_grad()
    def score(self, features: np.ndarray) -> np.ndarray:
        """Score candidates, `(n,) float64`."""
        return np.asarray(self(torch.from_numpy(features)).numpy())


@dataclass(frozen=True)
class LabelledLists:
    """Candidates of some queries, with what a later stretch of the log said of them.

    Parameters
    ----------
    start : ndarray
        `(queries + 1,) int64`: the candidates of query q are the rows `start[q] : start[q + 1]`.
    features : ndarray
        `(n, features) float32`.
    gain : ndarray
        `(n,) float32`: later baskets that hold query and candidate, each over the other items of the basket.
    novel : ndarray
        `(n,) bool`: never bought together before.
    """

    start: np.ndarray
    features: np.ndarray
    gain: np.ndarray
    novel: np.ndarray

    def __len__(self) -> int:
        return len(self.start) - 1

    @classmethod
    def joined(cls, parts: Sequence[LabelledLists]) -> LabelledLists:
        """Put lists of several stretches together."""
        sizes = np.concatenate([np.diff(part.start) for part in parts])
        return cls(
            np.concatenate([[0], sizes.cumsum()]),
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.gain for part in parts]),
            np.concatenate([part.novel for part in parts]),
        )

    def discounted_gain(self, score: np.ndarray) -> float:
        """Sum the gains of the first ten of every list by score, each over `log2(rank + 1)`."""
        owner = np.repeat(np.arange(len(self)), np.diff(self.start))
        order = np.lexsort((-score, owner))
        rank = np.arange(len(owner)) - self.start[owner[order]] + 1
        return float((self.gain[order] / np.log2(rank + 1))[rank <= _PLACES].sum())

    def with_gain(self) -> LabelledLists:
        """Keep the lists that hold an answer at all."""
        total = np.add.reduceat(np.append(self.gain, 0.0), self.start[:-1]) * (np.diff(self.start) > 0)
        kept = np.flatnonzero(total > 0)
        rows = _rows(self.start, kept)
        sizes = np.diff(self.start)[kept]
        return LabelledLists(
            np.concatenate([[0], sizes.cumsum()]), self.features[rows], self.gain[rows], self.novel[rows]
        )

    def batch(self, queries: np.ndarray) -> ListBatch:
        """Take some lists."""
        rows = _rows(self.start, queries)
        owner = np.repeat(np.arange(len(queries)), np.diff(self.start)[queries])
        features, gain, novel = (torch.from_numpy(a[rows]) for a in (self.features, self.gain, self.novel))
        return ListBatch(features, gain, novel, torch.from_numpy(owner), len(queries))


@dataclass(frozen=True)
class ListBatch:
    """Some lists as tensors; `owner` is the list that a row belongs to."""

    features: Tensor
    gain: Tensor
    novel: Tensor
    owner: Tensor
    lists: int


def _rows(start: np.ndarray, queries: np.ndarray) -> np.ndarray:
    size = start[queries + 1] - start[queries]
    before = np.concatenate([[0], size.cumsum()[:-1]]) if len(size) else size
    return np.asarray(np.arange(int(size.sum())) - np.repeat(before - start[queries], size))


def list_loss(scores: Tensor, gain: Tensor, owner: Tensor, lists: int) -> Tensor:
    """Cross-entropy between the gains of each list and the softmax of its scores, a mean over gains."""
    highest = scores.new_full((lists,), -torch.inf).scatter_reduce(0, owner, scores.detach(), "amax")
    shifted = scores - highest.index_select(0, owner)
    partition = scores.new_zeros(lists).index_add(0, owner, shifted.exp())
    log_share = shifted - partition.log().index_select(0, owner)
    return -(gain * log_share).sum() / gain.sum().clamp(min=1e-9)


def _loss(model: Ranker, batch: ListBatch, novel_weight: float) -> Tensor:
    """Order whole lists, and beside that what was never bought together among itself.

    In a whole list the pairs bought before hold nearly all answers; of the others the first sum says little.
    """
    scores = model(batch.features).float()
    whole = list_loss(scores, batch.gain, batch.owner, batch.lists)
    rows = batch.novel.nonzero()[:, 0]
    scores, gain, owner = (part.index_select(0, rows) for part in (scores, batch.gain, batch.owner))
    return whole + novel_weight * list_loss(scores, gain, owner, batch.lists)


def fit_ranker(
    training: LabelledLists,
    validation: LabelledLists,
    config: ComplementsConfig,
    seed: int,
    display: Display,
    hardware: Hardware = ONE_CPU,
) -> tuple[Ranker, Curve]:
    """Train on the lists of earlier stretches; the last stretch chooses the epoch.

    Parameters
    ----------
    training, validation : LabelledLists
    config : ComplementsConfig
    seed : int
    display : Display
    hardware : Hardware
    """
    training, validation = training.with_gain(), validation.with_gain()
    features = training.features
    with repeatable(seed, hardware) as generator:
        model = Ranker(features.shape[1], config.ranker_hidden)
        model.mean.copy_(torch.from_numpy(features.mean(axis=0, dtype=np.float64)))
        model.scale.copy_(torch.from_numpy(np.maximum(features.std(axis=0, dtype=np.float64), 1e-3)))
        steps = max(1, len(training) // _QUERIES_AT_ONCE)

        def batches() -> Iterator[ListBatch]:
            order = torch.randperm(len(training), generator=generator).numpy()
            for chosen in np.array_split(order, steps):
                yield training.batch(chosen[: hardware.share_of(len(chosen))])

        def loss(batch: ListBatch) -> Tensor:
            return _loss(model, batch, config.ranker_novel_weight)

        check = np.array_split(np.arange(len(validation)), max(1, len(validation) // 512)) if len(validation) else []

        def validate() -> float:
            parts = [validation.batch(chosen) for chosen in check]
            weight = [float(part.gain.sum()) for part in parts]
            losses = [float(loss(hardware.moved(part))) for part in parts]
            return float(np.average(losses, weights=weight)) if parts else 0.0

        curve = train(
            model,
            batches,
            steps,
            loss,
            validate,
            config.ranker_epochs,
            config.ranker_learning_rate,
            "ranker",
            display,
            hardware,
        )
    return model, curve

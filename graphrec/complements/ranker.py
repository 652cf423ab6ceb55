"""Ranker: from what is known of a candidate to its share of the query's later co-purchases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from graphrec.complements.labelled_lists import LabelledLists, ListBatch
from graphrec.compute.run import Run
from graphrec.compute.training import Curve, Schedule, repeatable, train
from graphrec.config import RankerConfig

_CHECKED_AT_ONCE = 512
"""Lists whose loss is taken at once; decides memory, not results."""
_POSTERIOR = 0
"""Column of the log posterior of counts and networks, which a ranker corrects."""
_OUTSIDE = 3
"""Numbers of `outside_features`."""


class ListRanker(Protocol):
    """What orders candidates: a score for each of them, and one for all that is no candidate."""

    @property
    def temperature(self) -> Tensor:
        """By which scores are divided, `(1,)`."""
        ...

    def score(self, features: np.ndarray) -> np.ndarray:
        """Score candidates, `(n,) float64`, for `(n, features) float64`."""
        ...

    def elsewhere(self, outside: np.ndarray) -> np.ndarray:
        """Score what is no candidate, `(queries,) float64`, for `(queries, 3) float64`."""
        ...


class ListScorer(nn.Module):
    r"""Two hidden layers that correct the posterior of counts and networks, and a line for what is no candidate.

    .. math::
        f(x) = \log \mathrm{posterior}(x) + g(x), \qquad
        f(\mathrm{elsewhere}) = \log(1 - \textstyle\sum_j P(j)) + a \cdot z

    g begins at 0, so that training starts from the posterior and departs from it where later baskets say so.

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
        self.beyond = nn.Linear(_OUTSIDE, 1)
        for line in (self.layers[-1], self.beyond):
            nn.init.zeros_(line.weight)  # type: ignore[arg-type]
            nn.init.zeros_(line.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """Score candidates, `(n,)`, for `(n, features)`."""
        corrected: Tensor = features[:, _POSTERIOR] + self.layers((features - self.mean) / self.scale)[:, 0]
        return corrected

    def elsewhere(self, outside: Tensor) -> Tensor:
        """Score all that is no candidate together, `(lists,)`, for `(lists, 3)`."""
        scored: Tensor = outside[:, 0] + self.beyond(outside)[:, 0]
        return scored


class Ranker(nn.Module):
    r"""A few such networks, each from a seed of its own, whose mean scores make a distribution over all items.

    .. math::
        P(j \mid i) = \frac{\exp(f(x_{ij}) / T)}
                           {\exp(f(\mathrm{elsewhere}) / T) + \sum_{l \in \mathrm{candidates}(i)} \exp(f(x_{il}) / T)}

    Trained on whole lists (ListNet, Cao et al. 2007) of later stretches of the log, so that it learns how much of each
    kind of evidence lasts. What is bought with a query and is no candidate counts, too: without it the shares of a list
    would be too large, and no share of all purchases could be taken from them. T is the temperature of Guo et al.
    (ICML 2017), chosen on a stretch that was not learned from.

    Parameters
    ----------
    columns : tuple of str
        Names of the features.
    hidden, networks : int
    """

    temperature: Tensor

    def __init__(self, columns: tuple[str, ...], hidden: int, networks: int) -> None:
        super().__init__()
        self.columns = columns
        self.networks = nn.ModuleList(ListScorer(len(columns), hidden) for _ in range(networks))
        self.register_buffer("temperature", torch.ones(1))

    @torch.no_grad()
    def score(self, features: np.ndarray) -> np.ndarray:
        """Score candidates, `(n,) float64`, for `(n, features) float64`."""
        rows = torch.from_numpy(features)
        scores = torch.stack([network(rows) for network in self.networks]).mean(dim=0)
        return np.asarray((scores / self.temperature).numpy())

    @torch.no_grad()
    def elsewhere(self, outside: np.ndarray) -> np.ndarray:
        """Score what is no candidate, `(queries,) float64`, for `(queries, 3) float64`."""
        rows = torch.from_numpy(outside)
        scores = torch.stack([network.elsewhere(rows) for network in self.networks]).mean(dim=0)  # type: ignore[operator]
        return np.asarray((scores / self.temperature).numpy())


def listed_shares(ranker: ListRanker, lists: LabelledLists) -> np.ndarray:
    """P(candidate | query) of labelled lists, `(n,) float64`."""
    scores = ranker.score(lists.features.astype(np.float64))
    return list_shares(scores, lists.owner, ranker.elsewhere(lists.outside.astype(np.float64)))


def list_shares(scores: np.ndarray, owner: np.ndarray, elsewhere: np.ndarray) -> np.ndarray:
    """Turn scores into shares of each list and of what is outside of it, `(n,) float64`.

    Parameters
    ----------
    scores : ndarray
        `(n,) float64`.
    owner : ndarray
        `(n,) int64`, rising: the list of each score.
    elsewhere : ndarray
        `(lists,) float64`: score of what is in no list.
    """
    highest = elsewhere.copy()
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    if len(starts):
        highest[owner[starts]] = np.maximum(highest[owner[starts]], np.maximum.reduceat(scores, starts))
    highest[highest == -np.inf] = 0.0  # a list of nothing
    odds = np.exp(scores - highest[owner])
    total = np.exp(elsewhere - highest) + np.bincount(owner, odds, minlength=len(elsewhere))
    return np.asarray(odds / total[owner])


def list_loss(scores: Tensor, gain: Tensor, owner: Tensor, elsewhere: Tensor, total: Tensor) -> Tensor:
    """Cross-entropy between the gains of each list and the shares of its scores, a mean over gains.

    Parameters
    ----------
    scores, gain : Tensor
        `(n,)`.
    owner : Tensor
        `(n,) int64`: list of each.
    elsewhere : Tensor
        `(lists,)`: score of what is no candidate, -inf where all that is bought is one.
    total : Tensor
        `(lists,)`: the gain of a list and of what is outside of it.
    """
    highest = elsewhere.detach().scatter_reduce(0, owner, scores.detach(), "amax")
    shifted, outside = scores - highest.index_select(0, owner), elsewhere - highest
    partition = outside.exp().index_add(0, owner, shifted.exp()).log()
    inside = gain * (shifted - partition.index_select(0, owner))
    missed = (total - torch.zeros_like(total).index_add(0, owner, gain)).clamp(min=0)
    away = torch.where(missed > 0, missed * (outside - partition), 0.0)
    return -(inside.sum() + away.sum()) / total.sum().clamp(min=1e-9)


def ranker_loss(model: ListScorer, batch: ListBatch, novel_weight: float) -> Tensor:
    """Order whole lists, and beside that what was never bought together among itself.

    In a whole list the pairs bought before hold nearly all answers; of the others the first sum says little.
    """
    scores = model(batch.features).float()
    whole = list_loss(scores, batch.gain, batch.owner, model.elsewhere(batch.outside).float(), batch.total)
    rows = batch.novel.nonzero()[:, 0]
    scores, gain, owner = (part.index_select(0, rows) for part in (scores, batch.gain, batch.owner))
    found = torch.zeros_like(batch.total).index_add(0, owner, gain)
    return whole + novel_weight * list_loss(scores, gain, owner, torch.full_like(found, -torch.inf), found)


def fit_ranker(
    training: LabelledLists,
    config: RankerConfig,
    run: Run,
    validation: LabelledLists | None = None,
    networks: int | None = None,
) -> tuple[Ranker, Curve]:
    """Train to the end of the schedule on the lists of later stretches.

    No epoch is chosen: on a flat and noisy loss that takes weights of a learning rate that has not come down yet.

    Parameters
    ----------
    training : LabelledLists
    config : RankerConfig
    run : Run
    validation : LabelledLists, optional
        Whose loss the curve tells.
    networks : int, optional
        By default as many as `ranker.networks` says.

    Returns
    -------
    Ranker
        In float64, ready to be asked.
    Curve
        Of its first network.
    """
    training = training.bought()
    held_out = None if validation is None else validation.bought()
    features = training.features
    ranker = Ranker(training.columns, config.hidden, networks or config.networks)
    mean = torch.from_numpy(features.mean(axis=0, dtype=np.float64))
    scale = torch.from_numpy(np.maximum(features.std(axis=0, dtype=np.float64), 1e-3))
    curves = []
    for number, network in enumerate(ranker.networks):
        with repeatable(run, number) as generator:
            # Made anew, since the weights of an ensemble's network must not hang on how many were made before it.
            fresh = ListScorer(features.shape[1], config.hidden)
            fresh.mean.copy_(mean)
            fresh.scale.copy_(scale)
            network.load_state_dict(fresh.state_dict())
            curves.append(train(_RankerTask(network, training, held_out, config, run), run, generator))  # type: ignore[arg-type]
    return ranker.double().eval(), curves[0]


@dataclass(frozen=True)
class _RankerTask:
    """Lists with what was bought of them."""

    model: ListScorer
    training: LabelledLists
    held_out: LabelledLists | None
    config: RankerConfig
    run: Run

    @property
    def schedule(self) -> Schedule:
        steps = max(1, len(self.training) // self.config.batch)
        rate = self.config.learning_rate
        return Schedule("ranker", steps, self.config.epochs, rate, keep_best=False)

    def batches(self, generator: torch.Generator) -> Iterator[ListBatch]:
        order = torch.randperm(len(self.training), generator=generator).numpy()
        for chosen in np.array_split(order, self.schedule.steps):
            yield self.training.batch(chosen[: self.run.hardware.share_of(len(chosen))])

    def loss(self, batch: ListBatch) -> Tensor:
        return ranker_loss(self.model, batch, self.config.novel_weight)

    def validate(self) -> float | None:
        if self.held_out is None:
            return None
        count = len(self.held_out)
        check = np.array_split(np.arange(count), max(1, count // _CHECKED_AT_ONCE)) if count else []
        parts = [self.held_out.batch(chosen) for chosen in check]
        weight = [float(part.total.sum()) for part in parts]
        losses = [float(self.loss(self.run.hardware.moved(part))) for part in parts]
        return float(np.average(losses, weights=weight)) if parts else 0.0

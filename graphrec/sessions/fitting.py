"""Training the session LSTM to predict the next item."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graphrec.compute.run import Run
from graphrec.compute.training import Curve, Schedule, draw_weighted, mean_loss, repeatable, train
from graphrec.config import RerankConfig
from graphrec.sessions.session_lstm import SessionLstm
from graphrec.sessions.sessions import SessionMatrix


@dataclass(frozen=True)
class SessionItems:
    """Items as the session model sees them.

    Parameters
    ----------
    embeddings : ndarray
        `(items, dim) float32`.
    type_codes : ndarray
        `(items,) int64`.
    prices : ndarray
        `(items, 3) float32`.
    popularity : ndarray
        `(items,)`, events of each item.
    types : int
    """

    embeddings: np.ndarray
    type_codes: np.ndarray
    prices: np.ndarray
    popularity: np.ndarray
    types: int

    def model(self, hidden: int) -> SessionLstm:
        """Make an untrained model over these items."""
        smoothed = self.popularity + 0.5
        log_popularity = np.log(smoothed / smoothed.sum()).astype(np.float32)
        return SessionLstm(
            torch.from_numpy(self.embeddings),
            torch.from_numpy(self.type_codes),
            torch.from_numpy(self.prices),
            torch.from_numpy(log_popularity),
            self.types,
            hidden,
        )


def fit_session_model(
    items: SessionItems, training: SessionMatrix, validation: SessionMatrix, config: RerankConfig, run: Run
) -> tuple[SessionLstm, Curve]:
    """Train on every step to another item; negatives are drawn by popularity and corrected for it.

    Parameters
    ----------
    items : SessionItems
    training, validation : SessionMatrix
        Before and after the cut.
    config : RerankConfig
    run : Run
    """
    negatives = _Negatives.of(items, config)
    with repeatable(run) as generator:
        model = items.model(config.hidden)
        nn.init.normal_(model.item_side.weight, std=0.02)
        fixed = torch.Generator().manual_seed(run.seed + 1)
        checked = torch.arange(min(len(validation), config.validation_sessions))
        check = [
            run.hardware.moved(_Batch(validation.rows(rows), negatives.draw(fixed)))
            for rows in torch.split(checked, config.batch)
            if len(rows)
        ]
        log_frequency = run.hardware.moved(negatives.log_frequency)
        task = _SessionTask(model, training, negatives, log_frequency, check, config, run)
        return model, train(task, run, generator)


@dataclass(frozen=True)
class _Batch:
    """Sessions and the items, `(negatives,) int64`, from which each next item is told."""

    sessions: SessionMatrix
    negatives: Tensor


@dataclass(frozen=True)
class _Negatives:
    """How negatives are drawn.

    Parameters
    ----------
    cumulative : Tensor
        `(items,) float64`, running sum of the weights.
    log_frequency : Tensor
        `(items,) float32`, log of each item's share of the draws.
    count : int
    """

    cumulative: Tensor
    log_frequency: Tensor
    count: int

    @classmethod
    def of(cls, items: SessionItems, config: RerankConfig) -> _Negatives:
        frequency = torch.from_numpy((items.popularity + 0.5) ** config.negative_power).double()
        return cls(frequency.cumsum(0), (frequency / frequency.sum()).log().float(), config.negatives)

    def draw(self, generator: torch.Generator) -> Tensor:
        return draw_weighted(self.cumulative, self.count, generator)


@dataclass(frozen=True)
class _SessionTask:
    """Sessions, of which every step to another item is learned."""

    model: SessionLstm
    training: SessionMatrix
    negatives: _Negatives
    log_frequency: Tensor
    check: list[_Batch]
    config: RerankConfig
    run: Run

    @property
    def schedule(self) -> Schedule:
        # Without a session of two items there is no step: the model stays as it began, at what is bought most.
        steps = max(min(1, len(self.training)), len(self.training) // self.config.batch)
        return Schedule("session model (LSTM)", steps, self.config.epochs, self.config.learning_rate)

    def batches(self, generator: torch.Generator) -> Iterator[_Batch]:
        order = torch.randperm(len(self.training), generator=generator)
        share = self.run.hardware.share_of(self.config.batch)
        for rows in torch.split(order, share)[: self.schedule.steps]:
            yield _Batch(self.training.rows(rows), self.negatives.draw(generator))

    def loss(self, batch: _Batch) -> Tensor:
        model, sessions, negatives = self.model, batch.sessions, batch.negatives
        states = model(sessions)[:, :-1].flatten(0, 1)
        current, following = sessions.items[:, :-1], sessions.items[:, 1:]
        places = torch.arange(1, sessions.items.shape[1], device=states.device)
        real = places < sessions.length[:, None]
        moved = real & (following != current)
        # index_select, unlike states[moved], has a backward pass that is both repeatable and fast.
        target, state = following[moved], states.index_select(0, moved.flatten().nonzero()[:, 0])
        # Each draw is discounted by how often it was to be expected (sampled softmax).
        logits = model.logits(state, negatives).float() - self.log_frequency[negatives] - math.log(self.negatives.count)
        logits = logits.masked_fill(negatives == target[:, None], float("-inf"))
        own = (state * model.item_side(model.embeddings[target])).sum(-1)
        own = own + model.popularity_weight * model.log_popularity[target]
        labels = torch.zeros(len(target), dtype=torch.long, device=target.device)
        return F.cross_entropy(torch.cat([own.float()[:, None], logits], dim=1), labels)

    def validate(self) -> float:
        return mean_loss(self, self.check)


@torch.no_grad()
def candidate_log_probabilities(model: SessionLstm, sessions: SessionMatrix, candidates: np.ndarray) -> np.ndarray:
    """Say how likely each candidate is next, among the candidates of its session.

    Parameters
    ----------
    model : SessionLstm
    sessions : SessionMatrix
        None of them empty.
    candidates : ndarray
        `(sessions, candidates) int64` codes.

    Returns
    -------
    ndarray
        `(sessions, candidates) float64`; the probabilities of a row sum to 1.
    """
    last = model(sessions)[torch.arange(len(sessions)), sessions.length - 1]
    offered = torch.from_numpy(candidates)
    sides = model.item_side(model.embeddings[offered])
    popularity = model.popularity_weight * model.log_popularity[offered]
    logits = torch.einsum("sh,sch->sc", last, sides).double() + popularity.double()
    return np.asarray(F.log_softmax(logits, dim=-1).numpy())

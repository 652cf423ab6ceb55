"""Training of the next-item network: every step of every session is told from items drawn by popularity."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from graphrec.compute.run import Run
from graphrec.compute.training import Curve, Schedule, draw_weighted, repeatable, train
from graphrec.config import SessionsConfig
from graphrec.sessions.next_item_network import NextItemNetwork
from graphrec.sessions.padded_sessions import PaddedSessions
from graphrec.sessions.session_log import SessionLog

_NEVER = -1e9


def fit_network(
    training: SessionLog, validation: SessionLog, type_codes: np.ndarray, config: SessionsConfig, run: Run
) -> tuple[NextItemNetwork, Curve]:
    """Train on all steps of earlier sessions; later ones choose the epoch.

    Parameters
    ----------
    training, validation : SessionLog
    type_codes : ndarray
        `(items,) int64`.
    config : SessionsConfig
    run : Run
    """
    types = int(type_codes.max(initial=0)) + 1
    with repeatable(run) as generator:
        model = NextItemNetwork(torch.from_numpy(type_codes), types, config)
        draws = _Draws.of(training, len(type_codes), config)
        fixed = torch.Generator().manual_seed(run.seed + 1)
        checked = _of_two(validation, config)
        places = torch.arange(min(len(checked), config.validation_sessions))
        check = [
            run.hardware.moved(_Batch(checked.rows(rows), draws.draw(fixed)))
            for rows in torch.split(places, config.batch)
            if len(rows)
        ]
        task = _NetworkTask(model, _of_two(training, config), draws, check, config, run)
        return model, train(task, run, generator)


def _of_two(log: SessionLog, config: SessionsConfig) -> PaddedSessions:
    """Lay out the sessions of two events or more."""
    return PaddedSessions.of(log.rows(np.flatnonzero(log.lengths >= 2)), config.max_length + 1)


@dataclass(frozen=True)
class _Batch:
    """Sessions, and the items `(negatives,) int64` that each next one is told from."""

    sessions: PaddedSessions
    negatives: Tensor


@dataclass(frozen=True)
class _Draws:
    """How negatives are drawn.

    Parameters
    ----------
    cumulative : Tensor
        `(items,) float64`, running sum of the weights.
    log_frequency : Tensor
        `(items,) float32`, log of how often each item is drawn in one draw of all.
    count : int
    """

    cumulative: Tensor
    log_frequency: Tensor
    count: int

    @classmethod
    def of(cls, log: SessionLog, items: int, config: SessionsConfig) -> _Draws:
        weight = torch.from_numpy(np.bincount(log.item, minlength=items) ** config.negative_power).double()
        share = (weight / weight.sum()).clamp(min=1e-12)
        return cls(weight.cumsum(0), (share.log() + math.log(config.negatives)).float(), config.negatives)

    def draw(self, generator: torch.Generator) -> Tensor:
        return draw_weighted(self.cumulative, self.count, generator)


@dataclass(frozen=True)
class _NetworkTask:
    """Sessions, of which every step is learned."""

    model: NextItemNetwork
    training: PaddedSessions
    draws: _Draws
    check: list[_Batch]
    config: SessionsConfig
    run: Run

    @property
    def schedule(self) -> Schedule:
        steps = max(1, len(self.training) // self.config.batch)
        return Schedule("next-item network", steps, self.config.epochs, self.config.learning_rate)

    def batches(self, generator: torch.Generator) -> Iterator[_Batch]:
        order = torch.randperm(len(self.training), generator=generator)
        share = self.run.hardware.share_of(self.config.batch)
        for rows in torch.split(order, share)[: self.schedule.steps]:
            yield _Batch(self.training.rows(rows), self.draws.draw(generator))

    def loss(self, batch: _Batch) -> Tensor:
        total, steps = self._summed(batch)
        return total / max(steps, 1)

    def validate(self) -> float:
        sums = [self._summed(batch) for batch in self.check]
        steps = sum(count for _, count in sums)
        return float(sum(float(total) for total, _ in sums)) / steps if steps else 0.0

    def _summed(self, batch: _Batch) -> tuple[Tensor, int]:
        """Sum the cross-entropy of the steps, and count them: padding is none."""
        model, sessions, negatives = self.model, batch.sessions, batch.negatives
        following = sessions.real[:, 1:]
        target = sessions.items[:, 1:][following]
        # index_select, unlike states[following], has a backward pass that is both repeatable and fast.
        state = model(sessions)[:, :-1].flatten(0, 1).index_select(0, following.flatten().nonzero()[:, 0])
        log_frequency = self.draws.log_frequency.to(negatives.device)
        # Each draw is discounted by how often it was to be expected (sampled softmax, Bengio and Senecal 2008).
        logits = model.logits(state, negatives).float() - log_frequency[negatives]
        logits = logits.masked_fill(negatives == target[:, None], _NEVER)
        own = model.scale * (state * model.vectors(target)).sum(-1) + model.item_bias(target)[:, 0]
        labels = torch.zeros(len(target), dtype=torch.long, device=target.device)
        summed = F.cross_entropy(torch.cat([own.float()[:, None], logits], dim=1), labels, reduction="sum")
        return summed, len(target)

"""The one training loop that all models share, and the losses they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from graphrec.compute.progress import Advance
from graphrec.compute.run import Run

Batch = TypeVar("Batch")

_NEXT_STREAM = 1_000_003
"""Between the seeds of two processes' generators."""


@dataclass(frozen=True)
class Curve:
    """What a training saw: one value per epoch.

    Parameters
    ----------
    training, validation : tuple of float
        Mean losses.
    best_epoch : int
        Counted from 1; its weights were kept.
    """

    training: tuple[float, ...]
    validation: tuple[float, ...]
    best_epoch: int


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network is trained.

    Parameters
    ----------
    name : str
        Of the stage on the display.
    steps : int
        Batches per epoch.
    epochs : int
    learning_rate : float
        At the start; it falls linearly.
    keep_best : bool
        False: the weights at the end of the schedule are kept.
    """

    name: str
    steps: int
    epochs: int
    learning_rate: float
    keep_best: bool = True


class Task(Protocol[Batch]):
    """A network with what it learns from: all that differs from one training to another."""

    @property
    def model(self) -> nn.Module:
        """The network, trained in place."""
        ...

    @property
    def schedule(self) -> Schedule:
        """How long and how fast."""
        ...

    def batches(self, generator: torch.Generator) -> Iterator[Batch]:
        """Yield the batches of one epoch, anew at each call; where several processes train, each its own share."""
        ...

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean loss of a batch on the device, a scalar."""
        ...

    def validate(self) -> float | None:
        """Return the loss on what is not trained on; None: the training loss stands for it."""
        ...


def train(task: Task[Batch], run: Run, generator: torch.Generator) -> Curve:
    """Train with AdamW on a learning rate that falls linearly; keep the epoch of lowest validation loss, or the last.

    Several processes take a share of every batch each, average their gradients at every step, and agree on the losses,
    so that they end with the same weights. To share out the steps instead would leave fewer updates, and shorter
    trainings then end with losses that are up to a tenth higher.

    Parameters
    ----------
    task : Task
        Its model is left in evaluation mode on the CPU with its best weights.
    run : Run
    generator : Generator
        From which batches are drawn, see `repeatable`.
    """
    model, schedule = task.model, task.schedule
    model.to(run.hardware.device)
    run.hardware.same_start(model)
    step = _Optimizer.of(model, schedule, run)
    training, validation = [], []
    best, best_state = float("inf"), deepcopy(model.state_dict())
    with run.display.stage(schedule.name, schedule.epochs * schedule.steps) as advance:
        for _ in range(schedule.epochs):
            mean, held_out = _epoch(task, run, generator, step, advance)
            training.append(mean)
            validation.append(held_out)
            if held_out < best:
                best, best_state = held_out, deepcopy(model.state_dict())
    if schedule.keep_best:
        model.load_state_dict(best_state)
    model.to("cpu")
    kept = 1 + validation.index(min(validation)) if schedule.keep_best else schedule.epochs
    return Curve(tuple(training), tuple(validation), kept)


def _epoch(
    task: Task[Batch], run: Run, generator: torch.Generator, step: _Optimizer, advance: Advance
) -> tuple[float, float]:
    """Take the steps of one epoch; its mean loss, and the loss on what is held out."""
    task.model.train()
    total, seen = 0.0, 0
    for batch in islice(task.batches(generator), task.schedule.steps):
        with run.hardware.autocast():
            value = task.loss(run.hardware.moved(batch))
        step.down(value)
        total, seen = total + float(value.detach()), seen + 1
        advance(1)
    task.model.eval()
    mean = total / max(seen, 1)
    with torch.no_grad(), run.hardware.autocast():
        held_out = task.validate()
    mean, held_out = run.hardware.mean(mean, mean if held_out is None else held_out)
    return mean, held_out


@dataclass(frozen=True)
class _Optimizer:
    model: nn.Module
    adam: torch.optim.Optimizer
    rate: torch.optim.lr_scheduler.LRScheduler
    run: Run

    @classmethod
    def of(cls, model: nn.Module, schedule: Schedule, run: Run) -> _Optimizer:
        settings = run.training
        adam = torch.optim.AdamW(model.parameters(), lr=schedule.learning_rate, weight_decay=settings.weight_decay)
        total = max(schedule.epochs * schedule.steps, 1)
        rate = torch.optim.lr_scheduler.LinearLR(adam, 1.0, settings.last_rate, total_iters=total)
        return cls(model, adam, rate, run)

    def down(self, loss: Tensor) -> None:
        """Take one step down the gradient, which all processes share."""
        self.adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.run.hardware.average_gradients(self.model)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.run.training.gradient_norm)
        self.adam.step()
        self.rate.step()


def mean_loss(task: Task[Batch], check: Sequence[Batch]) -> float:
    """Average the loss over batches of what is held out; 0 where there is none."""
    return float(np.mean([float(task.loss(batch)) for batch in check])) if check else 0.0


@contextmanager
def repeatable(run: Run, network: int = 0) -> Iterator[torch.Generator]:
    """Draw the same numbers and take the same sums for one seed, and leave torch as it was found.

    What is drawn from torch itself is the same in every process; the generator is each process's own.

    Parameters
    ----------
    run : Run
    network : int
        Which of an ensemble: each has a seed of its own.
    """
    seed, hardware = run.seed + network, run.hardware
    state, strict = torch.get_rng_state(), torch.are_deterministic_algorithms_enabled()
    settings: Any = torch.utils.deterministic  # a module whose attributes its types do not know
    filling = settings.fill_uninitialized_memory
    torch.manual_seed(seed)
    # On a GPU some operations have no repeatable form; there torch says so instead of refusing.
    torch.use_deterministic_algorithms(True, warn_only=hardware.device.type != "cpu")
    settings.fill_uninitialized_memory = False  # it costs a fifth, and nothing here reads such memory
    try:
        yield torch.Generator().manual_seed(seed + _NEXT_STREAM * hardware.rank)
    finally:
        torch.set_rng_state(state)
        settings.fill_uninitialized_memory = filling
        torch.use_deterministic_algorithms(strict)


def sampled_softmax_loss(scores: Tensor, log_frequency: Tensor, collision: Tensor) -> Tensor:
    """Tell each row's partner from those of the other rows.

    Bengio and Senecal (2008), Yi et al. (2019): a partner that is drawn often is a negative often, which the
    subtracted log frequency takes back.

    Parameters
    ----------
    scores : Tensor
        `(rows, rows)`, partner of row i in column i.
    log_frequency : Tensor
        `(rows,)`, log of how often each column's item is drawn.
    collision : Tensor
        `(rows, rows) bool`, columns that hold an item which is no negative for the row.
    """
    logits = (scores.float() - log_frequency).masked_fill(collision, float("-inf"))
    return nn.functional.cross_entropy(logits, torch.arange(len(scores), device=scores.device))


def draw_weighted(cumulative: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Draw positions with the probabilities whose running sum (float64, last entry the total) is given."""
    if not len(cumulative):
        return torch.zeros(0, dtype=torch.long)
    points = torch.rand(count, generator=generator, dtype=torch.float64) * cumulative[-1]
    return torch.searchsorted(cumulative, points, right=True).clamp(max=len(cumulative) - 1)

"""The one training loop that all models share, and the losses they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from graphrec.compute.hardware import ONE_CPU, Hardware
from graphrec.compute.progress import Display

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


def train(
    model: nn.Module,
    batches: Callable[[], Iterator[Batch]],
    steps: int,
    loss: Callable[[Batch], Tensor],
    validate: Callable[[], float] | None,
    epochs: int,
    learning_rate: float,
    name: str,
    display: Display,
    hardware: Hardware = ONE_CPU,
    keep_best: bool = True,
) -> Curve:
    """Train with AdamW on a learning rate that falls linearly; keep the epoch of lowest validation loss, or the last.

    Several processes take a share of every batch each, average their gradients at every step, and agree on the losses,
    so that they end with the same weights. To share out the steps instead would leave fewer updates, and shorter
    trainings then end with losses that are up to a tenth higher.

    Parameters
    ----------
    model : Module
        Trained in place, left in evaluation mode on the CPU with its best weights.
    batches : callable
        Returns the batches of one epoch, anew at each call; where several processes train, each its own share.
    steps : int
        Batches per epoch.
    loss : callable
        Batch on the device -> scalar.
    validate : callable or None
        Returns the loss on what is not trained on; None: the training loss stands for it.
    epochs : int
    learning_rate : float
        At the start.
    name : str
        Of the stage on the display.
    display : Display
    hardware : Hardware
    keep_best : bool
        False: the weights at the end of the schedule are kept.
    """
    model.to(hardware.device)
    hardware.same_start(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=max(epochs * steps, 1))
    training, validation = [], []
    best, best_state = float("inf"), deepcopy(model.state_dict())
    with display.stage(name, epochs * steps) as advance:
        for _ in range(epochs):
            model.train()
            total, seen = 0.0, 0
            for batch in islice(batches(), steps):
                optimizer.zero_grad()
                with hardware.autocast():
                    value = loss(hardware.moved(batch))
                value.backward()  # type: ignore[no-untyped-call]
                hardware.average_gradients(model)
                nn.utils.clip_grad_norm_(model.parameters(), 5.0)
                optimizer.step()
                schedule.step()
                total, seen = total + float(value.detach()), seen + 1
                advance(1)
            model.eval()
            with torch.no_grad(), hardware.autocast():
                mean = total / max(seen, 1)
                held_out = mean if validate is None else validate()
            mean, held_out = hardware.mean(mean, held_out)
            training.append(mean)
            validation.append(held_out)
            if held_out < best:
                best, best_state = held_out, deepcopy(model.state_dict())
    if keep_best:
        model.load_state_dict(best_state)
    model.to("cpu")
    kept = 1 + validation.index(min(validation)) if keep_best else epochs
    return Curve(tuple(training), tuple(validation), kept)


@contextmanager
def repeatable(seed: int, hardware: Hardware = ONE_CPU) -> Iterator[torch.Generator]:
    """Draw the same numbers and take the same sums for one seed, and leave torch as it was found.

    What is drawn from torch itself is the same in every process; the generator is each process's own.
    """
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

"""The one training loop: which epoch is kept, what stands for a missing validation, and what its settings change."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from graphrec.compute.run import Run
from graphrec.compute.training import Curve, Schedule, repeatable, train
from graphrec.config import TrainingConfig


@dataclass
class Line:
    """Learns y = 3 x; its validation says what the test wants it to say."""

    schedule: Schedule
    told: list[float | None]
    model: nn.Module = field(default_factory=lambda: nn.Linear(1, 1))
    after: list[float] = field(default_factory=list)

    def batches(self, generator: torch.Generator) -> Iterator[Tensor]:
        for _ in range(self.schedule.steps + 5):
            yield torch.randn(8, 1, generator=generator)

    def loss(self, x: Tensor) -> Tensor:
        return (self.model(x) - 3 * x).square().mean()

    def validate(self) -> float | None:
        self.after.append(float(self.model.weight.detach()))
        return self.told[len(self.after) - 1]


def trained(told: list[float | None], run: Run, keep_best: bool = True) -> tuple[Line, Curve]:
    with repeatable(run) as generator:
        line = Line(Schedule("line", 20, len(told), 0.1, keep_best), told)
        return line, train(line, run, generator)


def test_the_epoch_of_lowest_validation_loss_is_kept_or_the_last():
    for keep_best, kept in ((True, 2), (False, 3)):
        line, curve = trained([2.0, 1.0, 3.0], Run(0), keep_best)
        assert curve.validation == (2.0, 1.0, 3.0) and curve.best_epoch == kept
        assert float(line.model.weight.detach()) == line.after[kept - 1]
    assert len(set(line.after)) == 3


def test_without_validation_the_training_loss_stands_for_it():
    _, curve = trained([None, None], Run(0))
    assert curve.validation == curve.training and curve.training[1] < curve.training[0]


@pytest.mark.parametrize("setting", [{"weight_decay": 0.5}, {"gradient_norm": 1e-9}, {"last_rate": 1.0}])
def test_every_setting_of_the_optimizer_changes_what_is_learned(setting):
    usual, other = (trained([None] * 3, Run(0, training=TrainingConfig(**s)))[0].model for s in ({}, setting))
    assert not np.isclose(float(usual.weight.detach()), float(other.weight.detach()), rtol=1e-4)


def test_networks_of_an_ensemble_draw_other_numbers_and_one_seed_the_same():
    def drawn(run: Run, network: int) -> list[float]:
        with repeatable(run, network) as generator:
            return [*torch.rand(2).tolist(), *torch.rand(2, generator=generator).tolist()]

    assert drawn(Run(3), 0) == drawn(Run(3), 0) != drawn(Run(3), 1) == drawn(Run(4), 0)

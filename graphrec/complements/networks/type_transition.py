"""Type transition: from an item's embedding to the distribution of the types that complete it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graphrec.complements.networks.pair_data import ComplementPairs, pair_steps
from graphrec.compute.run import Run
from graphrec.compute.training import Curve, Schedule, repeatable, train
from graphrec.config import NetworksConfig


class TypeTransition(nn.Module):
    """A two-layer network whose softmax is P(type of the complement | item).

    After the type-transition step of P-Companion (Hao et al., CIKM 2020), as a proper distribution: trained by
    cross-entropy on the types of what was bought together, starting from how often each type is a complement.

    Parameters
    ----------
    dim, hidden, types : int
    """

    def __init__(self, dim: int, hidden: int, types: int) -> None:
        super().__init__()
        self.inside = nn.Linear(dim, hidden)
        self.out = nn.Linear(hidden, types)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return log-probabilities, `(rows, types)`, for `(rows, dim)` embeddings."""
        return F.log_softmax(self.out(F.relu(self.inside(embeddings))), dim=-1)


def fit_type_transition(
    training: ComplementPairs, validation: ComplementPairs, config: NetworksConfig, run: Run
) -> tuple[TypeTransition, Curve]:
    """Train on the types of complements; the later baskets choose the epoch.

    Parameters
    ----------
    training, validation : ComplementPairs
        Before and after the cut; embeddings and types are shared.
    config : NetworksConfig
    run : Run
    """
    data = training.catalogue
    with repeatable(run) as generator:
        model = TypeTransition(data.embeddings.shape[1], config.hidden, data.types)
        with torch.no_grad():
            model.out.weight.mul_(0.1)
            model.out.bias.copy_(torch.from_numpy(np.log(training.type_shares())))
        fixed = torch.Generator().manual_seed(run.seed + 1)
        check = validation.draw(min(config.validation_pairs, 4 * len(validation)), fixed)
        asked = data.embeddings[validation.left[check]], data.type_codes[validation.right[check]]
        task = _TransitionTask(model, training, run.hardware.moved(asked), config, run)
        return model, train(task, run, generator)


@dataclass(frozen=True)
class _TransitionTask:
    """Embeddings of queries and the types of what completes them."""

    model: TypeTransition
    training: ComplementPairs
    check: tuple[Tensor, Tensor]
    config: NetworksConfig
    run: Run

    @property
    def schedule(self) -> Schedule:
        steps = pair_steps(len(self.training), self.config)
        return Schedule("type transition", steps, self.config.epochs, self.config.learning_rate)

    def batches(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        data, pairs = self.training.catalogue, self.run.hardware.share_of(self.config.batch)
        for _ in range(self.schedule.steps):
            edge = self.training.draw(pairs, generator)
            shown = data.shown(self.training.left[edge], self.config.neighbour_dropout, generator)
            yield shown, data.type_codes[self.training.right[edge]]

    def loss(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return F.nll_loss(self.model(batch[0]), batch[1])

    def validate(self) -> float:
        return float(self.loss(self.check)) if len(self.check[1]) else 0.0

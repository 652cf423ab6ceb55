"""Type transition: from an item's embedding to the distribution of the types that complete it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graphrec.complements.networks.pair_data import ComplementPairs
from graphrec.compute.hardware import ONE_CPU, Hardware
from graphrec.compute.progress import Display
from graphrec.compute.training import Curve, repeatable, train
from graphrec.config import ComplementsConfig

_VALIDATION_PAIRS = 20_000
"""Drawn from the later baskets; more do not change which epoch is best."""


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
    training: ComplementPairs,
    validation: ComplementPairs,
    config: ComplementsConfig,
    seed: int,
    display: Display,
    hardware: Hardware = ONE_CPU,
) -> tuple[TypeTransition, Curve]:
    """Train on the types of complements; the later baskets choose the epoch.

    Parameters
    ----------
    training, validation : ComplementPairs
        Before and after the cut; embeddings and types are shared.
    config : ComplementsConfig
    seed : int
    display : Display
    hardware : Hardware
    """
    data = training.catalogue
    with repeatable(seed, hardware) as generator:
        model = TypeTransition(data.embeddings.shape[1], config.hidden, data.types)
        with torch.no_grad():
            model.out.weight.mul_(0.1)
            model.out.bias.copy_(torch.from_numpy(np.log(training.type_shares())))
        steps = max(1, min(config.pairs_per_epoch, 20 * len(training)) // config.batch)

        def batches() -> Iterator[tuple[Tensor, Tensor]]:
            for _ in range(steps):
                edge = training.draw(hardware.share_of(config.batch), generator)
                yield data.shown(training.left[edge], generator), data.type_codes[training.right[edge]]

        def loss(batch: tuple[Tensor, Tensor]) -> Tensor:
            return F.nll_loss(model(batch[0]), batch[1])

        fixed = torch.Generator().manual_seed(seed + 1)
        check = validation.draw(min(_VALIDATION_PAIRS, 4 * len(validation)), fixed)

        def validate() -> float:
            if not len(check):
                return 0.0
            asked = data.embeddings[validation.left[check]], data.type_codes[validation.right[check]]
            return float(loss(hardware.moved(asked)))

        curve = train(
            model,
            batches,
            steps,
            loss,
            validate,
            config.epochs,
            config.learning_rate,
            "type transition",
            display,
            hardware,
        )
    return model, curve

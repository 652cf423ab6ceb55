"""Losses of the embedding regressor: a query's products with its complement, in the first column, and with others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F


def softmax_loss(products: Tensor, offset: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of the complement among all candidates, popularity given.

    Parameters
    ----------
    products : Tensor
        `(rows, candidates)` inner products of unit vectors.
    offset : Tensor
        `(rows, candidates)` log popularity, -inf for a candidate that does not count.
    temperature : float
    """
    logits = products / temperature + offset
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))


def hinge_loss(products: Tensor, offset: Tensor, temperature: float) -> Tensor:
    r"""P-Companion's loss (Hao et al., CIKM 2020), which knows no popularity and no temperature.

    .. math::
        \max(0, \epsilon - y (\lambda - d^2)), \quad y = 1 \text{ for the complement, } -1 \text{ for others}

    With both margins 1, on the unit sphere: the complement's squared distance, and what others lack to a right angle;
    a mean over the others that count, so that both sides weigh alike.

    Parameters
    ----------
    products, offset : Tensor
        As of `softmax_loss`; of the offset only which candidates do not count.
    temperature : float
        Not looked at.
    """
    distance = 2.0 - 2.0 * products
    others = torch.isfinite(offset[:, 1:])
    lacking = F.relu(2.0 - distance[:, 1:]).masked_fill(~others, 0.0).sum(dim=1) / others.sum(dim=1).clamp(min=1)
    return (distance[:, 0] + lacking).mean()


LOSSES: Mapping[str, Callable[[Tensor, Tensor, float], Tensor]] = {"softmax": softmax_loss, "hinge": hinge_loss}
"""Name in `networks.loss` -> loss."""

r"""The blend of memory and model.

Every item's complements are draws from an unknown distribution, of which the model is the prior and the log
the evidence. With a Dirichlet prior worth :math:`\kappa` baskets the posterior mean is

.. math::
    \mathrm{score}(j \mid i) = \frac{c_{ij} + \kappa\, p(j \mid i)}{C_i + \kappa}

where :math:`c_{ij}` is the weight of the pair in the log and :math:`C_i` its sum over j. Where a pair was bought
often the count decides, where it was not the model does. :math:`\kappa` is chosen by what it is for: the lists
that rank the co-purchases of later baskets best. (Their likelihood would choose far too much of the model: it is
ruled by the many pairs that were never seen and that no list of ten will hold.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graphrec.complements.specificity import surely_better

_LENGTH = 10
"""Places of a list that count when a strength is chosen."""


def posterior(count: np.ndarray, prior: np.ndarray, total: np.ndarray, strength: float) -> np.ndarray:
    """Return the blended score of pairs, `(n,) float64` between 0 and 1.

    Parameters
    ----------
    count : ndarray
        `(n,)`, weight of the pair in the log.
    prior : ndarray
        `(n,)`, the model's probability.
    total : ndarray
        `(n,)`, weight of all pairs of the query item.
    strength : float
        Baskets' worth of trust in the model.
    """
    return np.asarray((count + strength * prior) / np.maximum(total + strength, 1e-12))


@dataclass(frozen=True)
class HeldOutLists:
    """Candidates of some query items, with what later baskets said of them.

    Parameters
    ----------
    owner : ndarray
        `(n,) int64`, position of the query item.
    count, prior, total : ndarray
        `(n,)`, as for `posterior`, from before the cut.
    gain : ndarray
        `(n,)`, baskets after the cut that hold both.
    """

    owner: np.ndarray
    count: np.ndarray
    prior: np.ndarray
    total: np.ndarray
    gain: np.ndarray

    def discounted_gains(self, strength: float) -> np.ndarray:
        """Sum the gains of the first places of each list, each over `log2(rank + 1)`, `(lists,) float64`."""
        score = posterior(self.count, self.prior, self.total, strength)
        order = np.lexsort((-self.prior, -score, self.owner))
        owner = self.owner[order]
        rank = np.arange(len(owner)) - np.searchsorted(owner, owner) + 1
        top = rank <= _LENGTH
        return np.bincount(owner[top], (self.gain[order] / np.log2(rank + 1))[top], minlength=int(self.owner.max()) + 1)


def choose_strength(lists: HeldOutLists, strengths: Sequence[float], seed: int) -> tuple[float, dict[float, float]]:
    """Choose the prior strength whose lists rank later co-purchases best; in doubt the counts decide.

    Parameters
    ----------
    lists : HeldOutLists
    strengths : sequence of float
    seed : int
        Of the bootstrap that tells whether the best is better than the smallest by more than chance.

    Returns
    -------
    float
        The best, or the smallest where the best is not surely better.
    dict
        Strength -> discounted gain as a share of the best.
    """
    by_list = {strength: lists.discounted_gains(strength) for strength in sorted(strengths)}
    gains = {strength: float(values.sum()) for strength, values in by_list.items()}
    best, smallest = max(gains, key=lambda strength: gains[strength]), min(gains)
    chosen = best if surely_better(by_list[best], by_list[smallest], seed) else smallest
    return chosen, {strength: gain / max(gains[best], 1e-12) for strength, gain in gains.items()}

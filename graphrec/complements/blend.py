r"""The blend of memory and model.

Every item's complements are draws from an unknown distribution, of which the model is the prior and the log
the evidence. With a Dirichlet prior worth :math:`\kappa` baskets the posterior mean is

.. math::
    \mathrm{score}(j \mid i) = \frac{c_{ij} + \kappa\, p(j \mid i)}{C_i + \kappa}

where :math:`c_{ij}` is the weight of the pair in the log and :math:`C_i` its sum over j. Where a pair was bought
often the count decides, where it was not the model does. :math:`\kappa` is the one under which baskets later
than those that were counted are likeliest (empirical Bayes).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


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


def choose_strength(
    count: np.ndarray, prior: np.ndarray, total: np.ndarray, weight: np.ndarray, strengths: Sequence[float]
) -> tuple[float, dict[float, float]]:
    """Choose the prior strength under which held-out pairs are likeliest.

    Parameters
    ----------
    count, prior, total : ndarray
        `(pairs,)`, as for `posterior`, from before the cut.
    weight : ndarray
        `(pairs,)`, how often each pair was bought after the cut.
    strengths : sequence of float
        To try.

    Returns
    -------
    float
        The best; the smallest of equals.
    dict
        Strength -> mean log-likelihood of a held-out pair.
    """
    floor = 1e-9  # keeps a strength of zero, under which a new pair is impossible, comparable
    likelihood = {
        strength: float(np.average(np.log(np.maximum(posterior(count, prior, total, strength), floor)), weights=weight))
        for strength in sorted(strengths)
    }
    best = max(likelihood, key=lambda strength: likelihood[strength])
    return best, likelihood

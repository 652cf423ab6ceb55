r"""The blend of memory and model.

Every item's complements are draws from an unknown distribution, of which the model is the prior and the log
the evidence. With a Dirichlet prior worth :math:`\kappa` baskets the posterior mean is

.. math::
    \mathrm{score}(j \mid i) = \frac{c_{ij} + \kappa\, p(j \mid i)}{C_i + \kappa}

where :math:`c_{ij}` is the weight of the pair in the log and :math:`C_i` its sum over j. Where a pair was bought
often the count decides, where it was not the model does (Dirichlet smoothing, Zhai and Lafferty 2004).
"""

from __future__ import annotations

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

"""Whether probabilities of later co-purchases are as large as what was bought: one temperature, and the error left."""

from __future__ import annotations

import numpy as np

from graphrec.complements.labelled_lists import LabelledLists
from graphrec.complements.ranker import ListRanker, list_shares

_TEMPERATURES = np.geomspace(0.5, 2.0, 29)
_BINS = 10
_LEAST = 1e-12


def choose_temperature(ranker: ListRanker, lists: LabelledLists) -> float:
    """Choose the temperature under which what was bought is likeliest (Guo et al., ICML 2017).

    Parameters
    ----------
    ranker : ListRanker
        Whose temperature is 1.
    lists : LabelledLists
        That it has not learned from.
    """
    owner = lists.owner
    scores, elsewhere = ranker.score(lists.features.astype(np.float64)), ranker.elsewhere(lists.outside.astype(float))
    gain = lists.gain.astype(np.float64)
    missed = np.maximum(lists.total - np.bincount(owner, gain, minlength=len(lists)), 0.0)

    def likelihood(temperature: float) -> float:
        shares = list_shares(scores / temperature, owner, elsewhere / temperature)
        rest = 1.0 - np.bincount(owner, shares, minlength=len(lists))
        inside = gain @ np.log(np.maximum(shares, _LEAST))
        return float(inside + missed @ np.log(np.maximum(rest, _LEAST)))

    return float(max(_TEMPERATURES, key=likelihood))


def calibration_error(lists: LabelledLists, shares: np.ndarray) -> float:
    """Take the expected calibration error: how far probabilities are from the shares that were bought, in ten bins.

    The bins hold equal sums of probability, since nearly all candidates' are near 0; queries weigh by their baskets.
    As a share of the mean probability: .1 says that a probability is off by a tenth of itself.

    Parameters
    ----------
    lists : LabelledLists
    shares : ndarray
        `(n,) float64`: P(candidate | query).
    """
    total = lists.total[lists.owner].astype(np.float64)
    order = np.argsort(shares, kind="stable")
    expected, found = (shares * total)[order], lists.gain.astype(np.float64)[order]
    running = expected.cumsum()
    if not len(running) or running[-1] <= 0:
        return float("nan")
    bin_of = np.minimum((running / running[-1] * _BINS).astype(np.int64), _BINS - 1)
    off = np.abs(np.bincount(bin_of, expected, minlength=_BINS) - np.bincount(bin_of, found, minlength=_BINS))
    return float(off.sum() / running[-1])

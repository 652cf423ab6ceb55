r"""How much of what anyone buys is taken off a list's probabilities, and whether one way to order lists beats another.

Gains beyond chance are what a list finds in a query's own baskets minus what it finds in those of strangers (expected
co-purchases: Smith and Linden, "Two Decades of Recommender Systems at Amazon.com", 2017). The list that holds most of
them is the one by :math:`P(j \mid i) - P(j)`; more taken off than that makes up for noise in popular items'
probabilities, less keeps more of what is bought most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphrec.complements.labelled_lists import LabelledLists

SPECIFICITIES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""Values that are tried."""
UNTRIED = 1.0
"""Where too few lists tell: what gains beyond chance are by definition."""
PLAIN_SHARE = 0.9
"""Of the plain gain of counts that a choice must keep."""
FEWEST_LISTS = 100
"""On which a choice is made."""
_PLACES = 10
_RESAMPLES = 1_000


@dataclass(frozen=True)
class Order:
    """A way to order the candidates of labelled lists.

    Parameters
    ----------
    shares : ndarray
        `(n,) float64`: P(candidate | query).
    anyone : ndarray
        `(n,) float64`: P(candidate), whoever buys.
    """

    shares: np.ndarray
    anyone: np.ndarray

    @classmethod
    def of(cls, lists: LabelledLists, shares: np.ndarray) -> Order:
        """Take P(candidate) from the lists themselves, each by how often its query is bought."""
        items = int(lists.item.max(initial=0)) + 1
        share = np.bincount(lists.item, shares * lists.popularity[lists.owner], minlength=items)
        return cls(shares, share[lists.item] / max(float(lists.popularity.sum()), 1e-12))

    def at(self, specificity: float) -> np.ndarray:
        """Order keys, `(n,) float64`."""
        return self.shares - specificity * self.anyone


def discounted_gains(lists: LabelledLists, key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum the gains of the first ten of each list over `log2(rank + 1)`, plain and beyond chance, `(queries,)` each.

    Parameters
    ----------
    lists : LabelledLists
    key : ndarray
        `(n,) float64`, the best highest.
    """
    owner = lists.owner
    order = np.lexsort((lists.item, -key, owner))
    rank = np.arange(len(owner)) - lists.start[owner[order]] + 1
    top = order[rank <= _PLACES]
    discount = 1.0 / np.log2(rank[rank <= _PLACES] + 1.0)
    gain = lists.gain[top].astype(np.float64)
    beyond = gain - lists.total[owner[top]] * lists.chance[top]
    plain, above = (np.bincount(owner[top], value * discount, minlength=len(lists)) for value in (gain, beyond))
    return plain, above


def choose_specificity(lists: LabelledLists, order: Order, counts: np.ndarray) -> float:
    """Choose the value of most gain beyond chance that keeps `PLAIN_SHARE` of the plain gain of counts.

    Parameters
    ----------
    lists : LabelledLists
    order : Order
    counts : ndarray
        `(n,)`: how often each pair was bought together, the order that plain gain is held against.
    """
    if len(lists) < FEWEST_LISTS:
        return UNTRIED
    # An order that does not reach the counts anyway is not to be held against them.
    floor = PLAIN_SHARE * min(discounted_gains(lists, key)[0].sum() for key in (counts, order.at(0.0)))
    best, chosen = -np.inf, 0.0
    for specificity in SPECIFICITIES:
        plain, beyond = discounted_gains(lists, order.at(specificity))
        if plain.sum() >= floor and beyond.sum() > best:
            best, chosen = beyond.sum(), specificity
    return chosen


def surely_better(ours: np.ndarray, theirs: np.ndarray, seed: int) -> bool:
    """Tell whether the mean of paired values is higher in 97.5% of the resamples, on enough lists.

    Parameters
    ----------
    ours, theirs : ndarray
        `(queries,)` gains of the same queries.
    seed : int
        Of the bootstrap (Efron and Tibshirani 1993).
    """
    if len(ours) < FEWEST_LISTS:
        return False
    difference = ours - theirs
    drawn = np.random.default_rng(seed).integers(0, len(difference), (_RESAMPLES, len(difference)))
    return bool(np.quantile(difference[drawn].mean(axis=1), 0.025) > 0)

"""What a pair is worth, as Ibis expressions over `weight`, `count`, the counts of both items, and of all sessions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import ibis


@dataclass(frozen=True)
class PairFacts:
    """One pair's numbers, as columns.

    Parameters
    ----------
    weight : ibis.Value
        Sessions that hold the pair, each by its age, length and the distance of the two in it.
    count : ibis.Value
        Sessions that hold the pair.
    left, right : ibis.Value
        Sessions that hold either item.
    sessions : int
        Sessions in all.
    """

    weight: ibis.Value
    count: ibis.Value
    left: ibis.Value
    right: ibis.Value
    sessions: int


def lift(pair: PairFacts) -> ibis.Value:
    """How many times more often a pair met than its items' own frequencies would make it meet; 1 means independent.

    `count * sessions / (left * right)`.
    """
    return pair.count.cast("float64") * float(max(pair.sessions, 1)) / (pair.left.cast("float64") * pair.right)


def cosine(pair: PairFacts) -> ibis.Value:
    """`weight / sqrt(left * right)`."""
    return pair.weight / (pair.left.cast("float64") * pair.right).sqrt()


def weighted_lift(pair: PairFacts) -> ibis.Value:
    """`weight * log(1 + lift)`."""
    return pair.weight * (lift(pair) + 1.0).ln()


def log_likelihood(pair: PairFacts) -> ibis.Value:
    """Dunning's log-likelihood ratio of the two-by-two table of a pair, negative where it met less than by chance.

    `2 * sum(k * log(k / expected))` over its four cells; under independence it is distributed as chi-squared with
    one degree of freedom, also where counts are small. Dunning, "Accurate Methods for the Statistics of Surprise and
    Coincidence", 1993.
    """
    everything = float(max(pair.sessions, 1))
    count = pair.count.cast("float64")
    left, right = pair.left.cast("float64"), pair.right.cast("float64")
    cells = (
        (count, left * right),
        (left - count, left * (everything - right)),
        (right - count, (everything - left) * right),
        (everything - left - right + count, (everything - left) * (everything - right)),
    )
    ratio = sum((_surprise(cell, product / everything) for cell, product in cells), ibis.literal(0.0))
    return ibis.ifelse(lift(pair) > 1.0, 2.0 * ratio, -2.0 * ratio)


def _surprise(count: ibis.Value, expected: ibis.Value) -> ibis.Value:
    safe = (count > 0) & (expected > 0)
    return ibis.ifelse(safe, count * (ibis.ifelse(safe, count / expected, 1.0)).ln(), 0.0)


def threshold(significance: float) -> float:
    """Return the log-likelihood ratio that chance exceeds with this probability, one-sided."""
    return NormalDist().inv_cdf(1.0 - significance) ** 2


MEASURES: Mapping[str, Callable[[PairFacts], ibis.Value]] = {
    "weight": lambda pair: pair.weight,
    "weighted_lift": weighted_lift,
    "lift": lift,
    "cosine": cosine,
    "log_likelihood": log_likelihood,
}

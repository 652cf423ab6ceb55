"""Events -> how items sell: popularity, also of what nobody has bought yet, and what sells these days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphrec.events import PURCHASE

if TYPE_CHECKING:
    from graphrec.events import Events

_DAY = 86_400.0
_ALL_TIME = 0.01
"""Share of a purchase of any age that counts beside its recent weight, so that no bought item comes to nothing."""
_LATE = 0.1
"""Share of the sessions, the latest, in which arrivals are watched."""
_HALF = 0.5
"""Purchases that every item is thought to have beside its own."""


@dataclass(frozen=True)
class Sales:
    """How items sell.

    Parameters
    ----------
    popularity : ndarray
        `(items,) float64`, above 0: baskets that hold an item and half a basket more; for an item that nobody has
        bought yet, what such items may be thought to sell.
    trend : ndarray
        `(items, half_lives) float64`: share of the purchases, each worth less the older it is.
    """

    popularity: np.ndarray
    trend: np.ndarray

    def baskets(self, sold: np.ndarray) -> np.ndarray:
        """Baskets that hold each item, `(items,) float64`, for `(items,) bool` whether anybody has bought it."""
        return np.where(sold, self.popularity - _HALF, 0.0)


def item_sales(events: Events, half_lives: Sequence[float]) -> Sales:
    """Count how items sell.

    A shop lists new products that will sell and old ones that never do. What items that were unsold until the
    latest tenth of the sessions sold in it, per item, tells how the two are mixed.

    Parameters
    ----------
    events : Events
    half_lives : sequence of float
        Days after which a purchase counts half in the trend. In a log without times all purchases count alike.
    """
    cut = events.session_start(1 - _LATE)
    early, late = _purchases(events.between(until=cut)), _purchases(events.between(since=cut))
    sold, unsold = early + late, early == 0
    arriving = late[unsold].mean() * early.sum() / late.sum() if unsold.any() and late.any() else 0.0
    popularity = np.where(sold > 0, sold + _HALF, max(arriving, _HALF))
    return Sales(popularity, _trend(events, half_lives))


def _purchases(events: Events) -> np.ndarray:
    """Count the baskets that hold each item, `(items,) float64`."""
    from ibis import _

    with events.connections.configured() as engine:
        bought = events.table(engine).filter(_.kind == PURCHASE)
        per_item = engine.fetch(bought.group_by("item").agg(baskets=_.basket.nunique()))
    counts = np.zeros(len(events.catalogue))
    counts[per_item["item"].to_numpy()] = per_item["baskets"].to_numpy()
    return counts


def _trend(events: Events, half_lives: Sequence[float]) -> np.ndarray:
    """Share out the purchases, each worth less the older it is, `(items, half_lives) float64`."""
    if not half_lives:
        return np.zeros((len(events.catalogue), 0))
    import ibis
    from ibis import _

    last = events.facts.last
    shares = np.zeros((len(events.catalogue), len(half_lives)))
    with events.connections.configured() as engine:
        purchases = events.table(engine).filter(_.kind == PURCHASE)
        lines = purchases.group_by(["basket", "item"]).agg(time=_.time.max())
        if last is None:
            weights = {f"w{n}": _.count().cast("float64") for n in range(len(half_lives))}
        else:
            age = (ibis.literal(last).epoch_seconds() - lines.time.epoch_seconds()) / _DAY
            lines = lines.mutate(age=age)
            weights = {
                f"w{n}": (ibis.literal(0.5) ** (lines.age / days) + _ALL_TIME).sum()
                for n, days in enumerate(half_lives)
            }
        per_item = engine.fetch(lines.group_by("item").agg(**weights))
    shares[per_item["item"].to_numpy()] = per_item[[f"w{n}" for n in range(len(half_lives))]].to_numpy()
    return np.asarray(shares / np.maximum(shares.sum(axis=0), 1e-12))

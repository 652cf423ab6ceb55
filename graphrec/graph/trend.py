"""Events -> what sells these days."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import numpy as np
from ibis import _

from graphrec.engine import open_engine
from graphrec.events import PURCHASE, Events

_DAY = 86_400.0
_ALL_TIME = 0.01
"""Share of a purchase of any age that counts beside its recent weight, so that no bought item comes to nothing."""


def purchase_trend(events: Events, half_lives: Sequence[float]) -> np.ndarray:
    """Share of the purchases, each worth less the older it is, `(items, half_lives) float64`.

    Parameters
    ----------
    events : Events
    half_lives : sequence of float
        Days after which a purchase counts half. In a log without times all purchases count alike.
    """
    if not half_lives:
        return np.zeros((len(events.catalogue), 0))
    last = events.facts.last
    shares = np.zeros((len(events.catalogue), len(half_lives)))
    with open_engine(events.engine) as engine:
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

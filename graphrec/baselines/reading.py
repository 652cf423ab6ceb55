"""Events -> TrainingData."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
from ibis import _
from scipy import sparse

from graphrec.baselines.training_data import TrainingData
from graphrec.compute.engine import Engine
from graphrec.events import PURCHASE, VIEW, Events

BASKET_SIZES = (2, 100)
"""Fewest and most different items of a basket that is counted, or asked about."""
_DAY = pd.Timedelta(days=1)
_VIEWED_ITEMS = 50
"""Sessions that viewed more different items are left out of the co-views, as in the similar graph."""


def read_training_data(
    events: Events, types: np.ndarray, longest: int = BASKET_SIZES[1], of_links: bool = False
) -> TrainingData:
    """Bring the baskets of a log into memory as a sparse matrix, and what it says of views and of order.

    Parameters
    ----------
    events : Events
        Before the cut.
    types : ndarray
        `(items,) int64`.
    longest : int
        Most different items of a basket that is counted.
    of_links : bool
        Whether given links stand for baskets.
    """
    with events.connections.duckdb() as engine:
        log = events.table(engine)
        purchases = log.filter(_.kind == PURCHASE)
        lines = purchases.group_by(["basket", "item"]).agg(time=_.time.min(), position=_.position.min()).to_pandas()
        bought = np.bincount(lines["item"], minlength=len(events.catalogue))
        views = _view_lines(engine, log)
    size = lines.groupby("basket")["item"].transform("size")
    lines = lines[(size >= BASKET_SIZES[0]) & (size <= longest)].reset_index(drop=True)
    starts = lines.groupby("basket").agg(time=("time", "min"), position=("position", "min"))
    starts = starts.sort_values(["time", "position"])
    row = starts.index.get_indexer(lines["basket"])
    age = np.zeros(len(starts))
    if events.has_time and len(starts):
        age = ((starts["time"].max() - starts["time"]) / _DAY).to_numpy(dtype=np.float64)
    items = len(events.catalogue)
    return TrainingData(
        catalogue=events.catalogue,
        types=types,
        baskets=_incidence(row, lines["item"], len(starts), items),
        age_days=age,
        bought=bought.astype(np.int64),
        viewed_together=_together(views, items) if len(views) else None,
        bought_first=_in_order(lines, items),
        of_links=of_links,
    )


def _view_lines(engine: Engine, log: ibis.Table) -> pd.DataFrame:
    """List the different items that sessions viewed, of sessions of two items or more."""
    lines = log.filter(_.kind == VIEW).select("session", "item").distinct()
    size = _.count().over(ibis.window(group_by="session"))
    return engine.fetch(lines.mutate(size=size).filter((_.size > 1) & (_.size <= _VIEWED_ITEMS)))


def _incidence(row: np.ndarray, item: pd.Series, rows: int, items: int) -> sparse.csr_array:
    ones = np.ones(len(row), dtype=np.float32)
    return sparse.csr_array((ones, (row, item.to_numpy())), shape=(rows, items))


def _together(lines: pd.DataFrame, items: int) -> sparse.csr_array:
    session = pd.factorize(lines["session"])[0]
    viewed = _incidence(session, lines["item"], int(session.max()) + 1, items)
    counted = sparse.csr_array(viewed.T @ viewed)
    counted.setdiag(0)
    counted.eliminate_zeros()
    return counted


def _in_order(lines: pd.DataFrame, items: int) -> sparse.csr_array | None:
    """Count the baskets in which one item was bought strictly before another."""
    timed = lines[lines.groupby("basket")["time"].transform("nunique") > 1]
    if timed.empty:
        return None
    pairs = timed.merge(timed, on="basket", suffixes=("", "_then"))
    pairs = pairs[pairs["time"] < pairs["time_then"]]
    ones = np.ones(len(pairs), dtype=np.float32)
    return sparse.csr_array((ones, (pairs["item"], pairs["item_then"])), shape=(items, items))

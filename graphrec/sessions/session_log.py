"""Sessions as flat arrays, and the steps in them at which it is asked what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from graphrec.compute.ragged import offsets, owners, ranges, rank_within

if TYPE_CHECKING:
    from graphrec.events import Events


@dataclass(frozen=True)
class SessionLog:
    """Sessions, the oldest first, each with its events in order.

    ::

        start  0        3     5          item  17 4 9 | 4 8

    Parameters
    ----------
    start : ndarray
        `(sessions + 1,) int64`: session s holds the events `start[s] : start[s + 1]`.
    item : ndarray
        `(events,) int64` codes.
    kind : ndarray
        `(events,) int64`, positions in `graphrec.events.KINDS`.
    time : ndarray
        `(events,) float64` seconds; NaN in a log without times.
    price : ndarray
        `(events,) float32`, NaN where none is known.
    """

    start: np.ndarray
    item: np.ndarray
    kind: np.ndarray
    time: np.ndarray
    price: np.ndarray

    @classmethod
    def of(cls, events: Events) -> SessionLog:
        """Take the sessions of a log."""
        return cls.of_frame(events.frame)

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> SessionLog:
        """Take sessions from a table of their events, in order of time: `session`, `item`, `kind`, `time`, `price`."""
        session = pd.factorize(frame["session"])[0]
        rows = frame.iloc[np.argsort(session, kind="stable")]
        seconds = rows["time"].to_numpy(dtype="datetime64[us]").astype(np.float64) / 1e6
        return cls(
            start=offsets(np.bincount(session)),
            item=rows["item"].to_numpy(dtype=np.int64),
            kind=rows["kind"].to_numpy(dtype=np.int64),
            time=np.where(rows["time"].isna().to_numpy(), np.nan, seconds),
            price=rows["price"].to_numpy(dtype=np.float32),
        )

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Events of each session, `(sessions,) int64`."""
        return np.diff(self.start)

    @property
    def session(self) -> np.ndarray:
        """Session of each event, `(events,) int64`."""
        return owners(self.lengths)

    @property
    def place(self) -> np.ndarray:
        """Place of each event in its session, `(events,) int64`, from 0."""
        return rank_within(self.session)

    def events(self, chosen: np.ndarray) -> SessionLog:
        """Take some events, `(n,) int64` rising; sessions that lose all of theirs stay, empty."""
        left = np.bincount(self.session[chosen], minlength=len(self))
        return SessionLog(offsets(left), self.item[chosen], self.kind[chosen], self.time[chosen], self.price[chosen])

    def prefixes(self, event: np.ndarray) -> SessionLog:
        """Lay out what stands before some events in their sessions, a session each; `event` is `(n,) int64`."""
        length = self.place[event]
        rows = ranges(event - length, length)[1]
        return SessionLog(offsets(length), self.item[rows], self.kind[rows], self.time[rows], self.price[rows])

    def last(self, most: int) -> SessionLog:
        """Cut every session to its last `most` events."""
        length = np.minimum(self.lengths, most)
        rows = ranges(self.start[1:] - length, length)[1]
        return SessionLog(offsets(length), self.item[rows], self.kind[rows], self.time[rows], self.price[rows])

    def rows(self, chosen: np.ndarray) -> SessionLog:
        """Take some sessions, `(n,) int64`, in that order."""
        rows = ranges(self.start[chosen], self.lengths[chosen])[1]
        start = offsets(self.lengths[chosen])
        return SessionLog(start, self.item[rows], self.kind[rows], self.time[rows], self.price[rows])


@dataclass(frozen=True)
class DistinctItems:
    """Each item of each session once, where it stands last.

    Parameters
    ----------
    session, item : ndarray
        `(n,) int64`, sorted by session, then by item.
    back : ndarray
        `(n,) int64`: events of the session after it.
    """

    session: np.ndarray
    item: np.ndarray
    back: np.ndarray

    @classmethod
    def of(cls, log: SessionLog) -> DistinctItems:
        """Find them."""
        session = log.session
        back = log.start[1:][session] - 1 - np.arange(len(session))
        order = np.lexsort((back, log.item, session))
        session, item, back = session[order], log.item[order], back[order]
        first = np.flatnonzero((np.diff(session, prepend=-1) != 0) | (np.diff(item, prepend=-1) != 0))
        return cls(session[first], item[first], back[first])

"""The global time split: what comes after the cut is never fitted on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graphrec.errors import EventsError
from graphrec.events.tables import Events


def split_at(events: Events, day: str) -> tuple[Events, Events]:
    """Cut the events at the beginning of a day (ISO) into before and from then on.

    Raises
    ------
    EventsError
        When the log has no times, the day is no date, or one side would be empty.
    """
    if not events.has_time:
        raise EventsError("split.test_from needs times, and the log has none; map events.columns.time")
    try:
        cut = pd.Timestamp(day)
    except ValueError:
        raise EventsError(f"split.test_from {day!r} is no date; write it as 2001-02-14") from None
    later = (events.frame["time"] >= cut).to_numpy()
    if later.all() or not later.any():
        first, last = events.frame["time"].min(), events.frame["time"].max()
        raise EventsError(f"split.test_from {day} leaves one side empty; the log runs from {first} to {last}")
    return events.take(~later), events.take(later)


def split_latest(events: Events, share: float) -> tuple[Events, Events]:
    """Cut off about the given share of the sessions, the latest, as a held-out part.

    The cut falls at the first event of a session, by time; without times, by session number. A session that
    is open at the cut is divided, so that nothing of the earlier part comes after it.
    """
    sessions = events.frame["session"].to_numpy()
    starts = np.unique(sessions)
    first_held_out = starts[min(len(starts) - 1, int(len(starts) * (1 - share)))]
    if events.has_time:
        cut = events.frame["time"][sessions == first_held_out].min()
        later = (events.frame["time"] >= cut).to_numpy()
    else:
        later = sessions >= first_held_out
    return events.take(~later), events.take(later)

"""The global time split: what comes after the cut is never fitted on."""

from __future__ import annotations

import pandas as pd

from graphrec.errors import EventsError
from graphrec.events.log import Events


def split_at(events: Events, day: str) -> tuple[Events, Events]:
    """Cut the events at the beginning of a day (ISO) into before and from then on.

    Raises
    ------
    EventsError
        When the log has no times, the day is no date, or one side would be empty.
    """
    first, last = events.facts.first, events.facts.last
    if first is None or last is None:
        raise EventsError("split.test_from needs times, and the log has none; map events.columns.time")
    try:
        cut = pd.Timestamp(day)
    except ValueError:
        raise EventsError(f"split.test_from {day!r} is no date; write it as 2001-02-14") from None
    if not first < cut <= last:
        raise EventsError(f"split.test_from {day} leaves one side empty; the log runs from {first} to {last}")
    return events.between(until=cut), events.between(since=cut)


def split_latest(events: Events, share: float) -> tuple[Events, Events]:
    """Cut off about the given share of the sessions, the latest, as a held-out part.

    The cut falls at the first event of a session, by time; without times, by position. A session that is open at
    the cut is divided, so that nothing of the earlier part comes after it.
    """
    cut = events.session_start(1 - share)
    return events.between(until=cut), events.between(since=cut)

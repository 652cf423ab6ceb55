"""The latest sessions of a log, cut off in time."""

from __future__ import annotations

from graphrec.events.log import Events


def split_latest(events: Events, share: float) -> tuple[Events, Events]:
    """Cut off about the given share of the sessions, the latest, as a held-out part.

    The cut falls at the first event of a session, by time; without times, by position. A session that is open at
    the cut is divided, so that nothing of the earlier part comes after it.
    """
    cut = events.session_start(1 - share)
    return events.between(until=cut), events.between(since=cut)

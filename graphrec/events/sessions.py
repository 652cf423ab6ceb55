"""Sessions of a log without session ids: a user's events without a long pause."""

from __future__ import annotations

import ibis
from ibis import _

from graphrec.events.duckdb_functions import epoch_us, hash_text

OPEN_COLUMNS = ("user", "time", "session")


def sessions_by_pauses(rows: ibis.Table, gap_minutes: float, still_open: ibis.Table | None = None) -> ibis.Table:
    """Give every row a session that ends where its user pauses.

    Parameters
    ----------
    rows : ibis.Table
        `row` (int64, order of the log), `user` (int64), `time` (null for a log without times).
    gap_minutes : float
        A pause longer than this begins a new session; without times all events of a user are one.
    still_open : ibis.Table, optional
        Sessions of earlier days that may go on: `user`, `time` of their last event, `session`.

    Returns
    -------
    ibis.Table
        `row`, `session` (int64: a hash of the user and of when the session began).
    """
    rows = rows.select("row", "user", "time", known=ibis.null("int64"))
    if still_open is not None:
        before = still_open.select(row=ibis.literal(-1).cast("int64"), user=_.user, time=_.time, known=_.session)
        rows = rows.union(before)
    in_order = ibis.window(group_by="user", order_by=["time", "row"])
    pause = epoch_us(rows.time) - epoch_us(rows.time.lag().over(in_order))
    first = ibis.row_number().over(in_order) == 0
    rows = rows.mutate(begins=first | (pause > int(gap_minutes * 60_000_000)).fill_null(False))
    began = rows.user.cast("string") + "@" + epoch_us(rows.time).cast("string").fill_null("")
    rows = rows.mutate(
        number=rows.begins.cast("int64").sum().over(ibis.cumulative_window(group_by="user", order_by=["time", "row"])),
        start=ibis.ifelse(rows.begins, ibis.coalesce(rows.known, hash_text(began)), ibis.null("int64")),
    )
    named = rows.mutate(session=rows.start.max().over(ibis.window(group_by=["user", "number"])))
    return named.filter(_.row >= 0).select("row", "session")


def open_at_the_end(events: ibis.Table, gap_minutes: float) -> ibis.Table:
    """List the sessions that events after the last one might still join."""
    last = events.group_by(["user", "session"]).agg(time=_.time.max())
    newest = last.mutate(newest=_.time.max().over(ibis.window()))
    near = epoch_us(newest.newest) - epoch_us(newest.time) <= int(gap_minutes * 60_000_000)
    return newest.filter(near).select(*OPEN_COLUMNS)

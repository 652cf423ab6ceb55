"""Events: a window on a cleaned log, queried where it lies."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import ibis
import numpy as np
import pandas as pd
from ibis import _

from graphrec.compute.connections import Connections
from graphrec.compute.engine import Engine
from graphrec.events.clean_log import CleanLog
from graphrec.events.duckdb_functions import hash_text
from graphrec.events.tables import KINDS, Catalogue, Kind, RowCounts


@dataclass(frozen=True)
class Window:
    """A stretch of a log: from `since` on, before `until`; by time, or by position in a log without times.

    Parameters
    ----------
    since, until : Timestamp, int or None
        None: open on that side.
    hidden : tuple of int
        Codes of items whose events are left out.
    hides_sessions : bool
        Whether whole sessions that touch a hidden item are left out: a link of which one end is hidden is none.
    kind : str or None
        None: events of all kinds.
    without : tuple of (int, int)
        Pairs of positions: what stands from the first on, before the second, is left out.
    """

    since: pd.Timestamp | int | None = None
    until: pd.Timestamp | int | None = None
    hidden: tuple[int, ...] = ()
    hides_sessions: bool = False
    kind: Kind | None = None
    without: tuple[tuple[int, int], ...] = ()

    def of(self, log: ibis.Table) -> ibis.Table:
        """Take the events of the stretch."""
        if self.hidden:
            touched = log["item"].isin(self.hidden)
            log = log.anti_join(log.filter(touched), "session") if self.hides_sessions else log.filter(~touched)
        for bound, inside in ((self.since, "__ge__"), (self.until, "__lt__")):
            if bound is not None:
                column = log.position if isinstance(bound, int) else log.time
                log = log.filter(getattr(column, inside)(bound))
        for start, end in self.without:
            log = log.filter((log.position < start) | (log.position >= end))
        return log if self.kind is None else log.filter(log.kind == KINDS.index(self.kind))


@dataclass(frozen=True)
class Events:
    """A shop's log, cleaned, with its catalogue.

    Parameters
    ----------
    log : CleanLog
        The Parquet files that hold it.
    catalogue : Catalogue
        That the item codes refer to.
    connections : Connections
        What it is asked on; all windows of a log share them.
    window : Window
        The stretch of the log that is looked at.
    daily : bool
        Whether new files are added to the counts of the old ones.
    """

    log: CleanLog
    catalogue: Catalogue
    connections: Connections
    window: Window = Window()
    daily: bool = False

    @property
    def counts_daily(self) -> bool:
        """Whether the totals of its pairs are to be kept and added to: only for a whole log."""
        return self.daily and self.log.kept and self.window == Window()

    def table(self, engine: Engine) -> ibis.Table:
        """Open the events as a table of an engine.

        Columns `session` (int64 hash), `basket` (int64 hash: the order, else the session; null but for purchases),
        `user` (int64 hash or null), `item` (int32 code), `kind` (int8, position in `KINDS`), `time` (timestamp, null
        in a log without times), `price` (float32 or null), `position` (int64, order of the files).
        """
        return self.window.of(engine.read(self.log.event_files))

    def items(self, engine: Engine) -> ibis.Table:
        """Open the items that the log names: `item` (int32 code), `key` (int64 hash of the id)."""
        return engine.read(self.log.item_files).select(item=_.code.cast("int32"), key=_.key)

    def between(self, since: pd.Timestamp | int | None = None, until: pd.Timestamp | int | None = None) -> Events:
        """Look at a narrower stretch."""
        own = self.window
        since, until = own.since if since is None else since, own.until if until is None else until
        return replace(self, window=replace(own, since=since, until=until))

    def leaving_out(self, since: int, until: int) -> Events:
        """Look at the log without a stretch, from one position on, before another."""
        return replace(self, window=replace(self.window, without=(*self.window.without, (since, until))))

    def hiding(self, items: np.ndarray, whole_sessions: bool) -> Events:
        """Look at the log as if some items, given by their codes, had never been touched; what was hidden stays so."""
        hidden = tuple(sorted({*self.window.hidden, *(int(code) for code in items)}))
        return replace(self, window=replace(self.window, hidden=hidden, hides_sessions=whole_sessions))

    def only(self, kind: Kind) -> Events:
        """Look at the events of one kind."""
        return replace(self, window=replace(self.window, kind=kind))

    @property
    def counts(self) -> RowCounts:
        """Where the rows of the files went, for the whole log."""
        return self.log.counts

    @cached_property
    def rejected(self) -> pd.DataFrame:
        """Bad rows: `file`, `row`, `reason`, `text`."""
        return self.log.rejected()

    def __len__(self) -> int:
        return self.facts.events

    def count(self, kind: Kind) -> int:
        """Count the events of one kind."""
        return self.facts.by_kind[KINDS.index(kind)]

    @property
    def has_time(self) -> bool:
        """Whether the log says when things happened."""
        return self.facts.first is not None

    @cached_property
    def facts(self) -> Facts:
        """Count what the stretch holds."""
        with self.connections.duckdb() as engine:
            log = self.table(engine)
            totals = log.agg(
                events=_.count(), sessions=_.session.nunique(), first=_.time.min(), last=_.time.max()
            ).to_pandas()
            kinds = log.group_by("kind").agg(events=_.count()).to_pandas().set_index("kind")["events"]
            touched = log.group_by("item").agg(events=_.count()).to_pandas()
        per_item = np.zeros(len(self.catalogue), dtype=np.int64)
        per_item[touched["item"].to_numpy()] = touched["events"].to_numpy()
        row = totals.iloc[0]
        first, last = (None if pd.isna(row[name]) else pd.Timestamp(row[name]) for name in ("first", "last"))
        by_kind = tuple(int(kinds.get(code, 0)) for code in range(len(KINDS)))
        return Facts(int(row["events"]), int(row["sessions"]), by_kind, per_item, first, last)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All events in memory, sorted by session, then time, then position.

        `time` (datetime64[us], all NaT when the log has none), `session` (int64 code, rising with the session's
        first event), `user` (int64 code, -1 unknown), `item` (int32), `kind` (int8), `price` (float32).
        """
        return self.latest_sessions(None)

    def latest_sessions(self, most: int | None) -> pd.DataFrame:
        """Bring the latest sessions of two or more different items into memory, or all sessions, as `frame` does."""
        with self.connections.duckdb() as engine:
            log = self.table(engine)
            starts = log.group_by("session").agg(
                start=_.time.min(), place=_.position.min(), varied=_["item"].min() < _["item"].max()
            )
            if most is not None:
                starts = starts.filter(_.varied).order_by(ibis.desc("start"), ibis.desc("place")).limit(most)
            number = ibis.row_number().over(ibis.window(order_by=["start", "place"]))
            rows = log.join(starts.mutate(number=number), "session").order_by("number", "time", "position")
            frame = rows.select(
                time=_.time, session=_.number, user=_.user, item=_["item"], kind=_.kind, price=_.price
            ).to_pandas()
        coded: pd.DataFrame = frame.assign(
            time=frame["time"].astype("datetime64[us]"),
            session=frame["session"].astype("int64"),
            user=pd.factorize(frame["user"])[0].astype(np.int64),
            item=frame["item"].astype("int32"),
            kind=frame["kind"].astype("int8"),
            price=frame["price"].astype("float32"),
        )
        return coded

    def session_start(self, share: float) -> pd.Timestamp | int:
        """Find when the session began before which the given share of the sessions did; by position without times."""
        by_time = self.has_time
        with self.connections.duckdb() as engine:
            log = self.table(engine)
            starts = log.group_by("session").agg(start=_.time.min(), place=_.position.min())
            offset = min(self.facts.sessions - 1, int(self.facts.sessions * share))
            row = starts.order_by("start", "place").limit(1, offset=offset).to_pandas().iloc[0]
        return pd.Timestamp(row["start"]) if by_time else int(row["place"])

    def fingerprint(self) -> str:
        """Hash the events and the catalogue: equal data, equal text (sha256, hexadecimal)."""
        with self.connections.duckdb() as engine:
            log = self.table(engine)
            columns = (log[name].cast("string").fill_null("") for name in ("item", "kind", "time", "price", "position"))
            parts = list(columns)
            rows = log.select(row=hash_text(ibis.literal("|").join(parts)))
            total = rows.agg(total=_.row.cast("decimal(38, 0)").sum()).to_pandas()["total"].iloc[0]
        digest = hashlib.sha256(str(total).encode())
        digest.update(pd.util.hash_pandas_object(self.catalogue.frame, index=False).to_numpy().tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Facts:
    """What a stretch of a log holds.

    Parameters
    ----------
    events, sessions : int
    by_kind : tuple of int
        Events of each kind, in the order of `KINDS`.
    per_item : ndarray
        `(items,) int64`, events that touch an item.
    first, last : Timestamp or None
        None: the log has no times.
    """

    events: int
    sessions: int
    by_kind: tuple[int, ...]
    per_item: np.ndarray
    first: pd.Timestamp | None
    last: pd.Timestamp | None


def describe_kinds(events: Events) -> dict[str, int]:
    """Count the events by kind, for reports and errors."""
    return {kind: events.count(kind) for kind in KINDS}

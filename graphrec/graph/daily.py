"""Adding a day: the kept totals of the days before, and the pairs of the new one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import ibis
import pandas as pd
from ibis import _

from graphrec.compute.engine import Engine
from graphrec.compute.locks import Lock, use_folder
from graphrec.compute.provenance import code_of
from graphrec.compute.workspaces import remove_unused
from graphrec.compute.writing import written_folder
from graphrec.config import GraphConfig, PairConfig
from graphrec.events import Events
from graphrec.events.clean_log import CleanLog
from graphrec.graph.counting import PairTotals, count_pairs, sum_of_tables

_KEYS = {"similar": ("left", "right"), "complement": ("left", "right"), "viewed": ("item",), "bought": ("item",)}
"""Tables of the totals -> what a row of each is known by."""


@dataclass(frozen=True)
class KeptTotals:
    """Totals of some batches on disk.

    Parameters
    ----------
    folder : Path
        A folder of Parquet for each table of `PairTotals`.
    batches : sequence of str
        Those that are counted in.
    newest : Timestamp or None
        What the ages of sessions were counted from.
    view_sessions, baskets : int
    keeper : Lock
        Says that the folder is in use.
    """

    folder: Path
    batches: Sequence[str]
    newest: pd.Timestamp | None
    view_sessions: int
    baskets: int
    keeper: Lock

    def open(self, engine: Engine) -> PairTotals:
        """Open the tables on an engine."""
        tables = {name: engine.read(sorted((self.folder / name).glob("*.parquet"))) for name in _KEYS}
        return PairTotals(**tables, view_sessions=self.view_sessions, baskets=self.baskets, keeper=self.keeper)


def daily_totals(engine: Engine, events: Events, config: GraphConfig) -> PairTotals:
    """Count the pairs of the batches that came since the totals were last kept, and add them.

    Of the old batches only the sessions and baskets are read that go on in the new ones: what they counted for is
    taken off, and they are counted anew as a whole. The result equals that of counting everything.
    """
    place, settings = events.log.folder, _settings(config)
    names = [batch.folder for batch in events.log.batches]
    kept = _read(place, settings, names)
    # The store knows when each batch ends: asking the events would read the old days.
    ends = [pd.Timestamp(batch.last) for batch in events.log.batches if batch.last is not None]
    newest = max(ends, default=None)
    if kept is not None and list(kept.batches) == names:
        return kept.open(engine)
    if kept is None:
        log = events.table(engine)
        totals = count_pairs(engine, log, log, config, newest)
    else:
        totals = _with_new_batches(engine, events.log, kept, config, newest)
    written = _write(engine, totals, place / f"totals-{settings}-{uuid4().hex[:8]}", names, newest)
    if kept is not None:
        kept.keeper.release()
    for older in place.glob(f"totals-{settings}-*"):
        if older != written.folder:
            remove_unused(older)
    return written.open(engine)


def _with_new_batches(
    engine: Engine, log: CleanLog, kept: KeptTotals, config: GraphConfig, newest: pd.Timestamp | None
) -> PairTotals:
    files = log.event_files
    old, new = engine.read(files[: len(kept.batches)]), engine.read(files[len(kept.batches) :])
    sessions_again = engine.hold(_rows_of(old, new, "session"))
    baskets_again = engine.hold(_rows_of(old, new, "basket"))
    whole = count_pairs(engine, new.union(sessions_again), new.union(baskets_again), config, newest)
    twice = count_pairs(engine, sessions_again, baskets_again, config, newest)
    before = kept.open(engine)
    factors = {"similar": _aged(config.co_view, kept.newest, newest)}
    factors["complement"] = _aged(config.co_purchase, kept.newest, newest)
    tables = {}
    for name, keys in _KEYS.items():
        past, present, counted_twice = (getattr(totals, name) for totals in (before, whole, twice))
        parts = [(past, factors.get(name, 1.0)), (present, 1.0), (counted_twice, -1.0)]
        tables[name] = engine.hold(sum_of_tables(parts, keys))
    return PairTotals(
        **tables,
        view_sessions=before.view_sessions + whole.view_sessions - twice.view_sessions,
        baskets=before.baskets + whole.baskets - twice.baskets,
    )


def _rows_of(old: ibis.Table, new: ibis.Table, key: str) -> ibis.Table:
    """Take from the old batches the rows of the sessions, or baskets, that the new ones name too."""
    named = new.filter(_[key].notnull()).select(key).distinct()
    return old.semi_join(named, key)


def _aged(config: PairConfig, then: pd.Timestamp | None, now: pd.Timestamp | None) -> float:
    """How much of their weight sessions kept while the end of the log moved on."""
    if config.half_life_days is None or then is None or now is None:
        return 1.0
    return float(0.5 ** ((now - then) / pd.Timedelta(days=config.half_life_days)))


def _settings(config: GraphConfig) -> str:
    """Hash what decides the totals; pruning comes after them."""
    deciding = {"max_session_items", "max_basket_items", "half_life_days", "length_power", "distance_decay"}
    settings = [section.model_dump(include=deciding) for section in (config.co_view, config.co_purchase)]
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


def _write(
    engine: Engine, totals: PairTotals, place: Path, batches: Sequence[str], newest: pd.Timestamp | None
) -> KeptTotals:
    """Write the totals in one step."""
    stored = {
        "code": code_of(__name__),
        "batches": list(batches),
        "newest": None if newest is None else newest.isoformat(),
        "view_sessions": totals.view_sessions,
        "baskets": totals.baskets,
    }
    with written_folder(place) as draft:
        for name in _KEYS:
            engine.write(getattr(totals, name), draft / name)
        (draft / "totals.json").write_text(json.dumps(stored) + "\n", encoding="utf-8")
    return KeptTotals(place, batches, newest, totals.view_sessions, totals.baskets, _used(place))


def _read(log: Path, settings: str, names: Sequence[str]) -> KeptTotals | None:
    """Take up the totals of the most batches that are the first of these."""
    found = [kept for place in log.glob(f"totals-{settings}-*") if (kept := _opened(place)) is not None]
    fitting = [kept for kept in found if list(names[: len(kept.batches)]) == list(kept.batches)]
    return max(fitting, key=lambda kept: len(kept.batches), default=None)


def _opened(place: Path) -> KeptTotals | None:
    try:
        keeper = _used(place)
        stored = json.loads((place / "totals.json").read_text(encoding="utf-8"))
        if stored["code"] != code_of(__name__):
            return None
    except (OSError, ValueError, KeyError):
        return None
    newest = None if stored["newest"] is None else pd.Timestamp(stored["newest"])
    return KeptTotals(place, tuple(stored["batches"]), newest, stored["view_sessions"], stored["baskets"], keeper)


def _used(place: Path) -> Lock:
    lock = use_folder(place)
    if lock is None:
        raise FileNotFoundError(f"{place} is just taken away")
    return lock

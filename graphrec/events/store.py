"""The cleaned log on disk: batches of Parquet, made once, reused while files and settings stay, added to by new files.

::

    store.json                     what was read, with which settings; written last
    0000/events.parquet            session, basket, user, item, kind, time, price, position
    0000/items.parquet             the items that this batch was first to name: item, key, code
    0000/facts.parquet             what its rows say of items, counted
    0000/rejected.parquet          bad rows with their number and reason
    0001/...                       the files that came later
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, reduce
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd

from graphrec.compute.connections import open_duckdb
from graphrec.compute.progress import Display
from graphrec.compute.provenance import code_of
from graphrec.config import Config
from graphrec.errors import EventsError
from graphrec.events.cleaning import EVENTS, FACTS, ITEMS, OPEN, REJECTED, Cleaned, Earlier, clean_batch
from graphrec.events.files import input_files
from graphrec.events.tables import RowCounts

_EDGE = 1 << 20
"""Bytes at either end of a file that are hashed to tell whether it changed, beside its size and time."""


@dataclass(frozen=True)
class Batch:
    """Files that were cleaned together.

    Parameters
    ----------
    folder : str
        Name in the store.
    files : mapping of str to str
        Path -> fingerprint.
    positions : int
        Rows staged.
    by_pauses : bool
        Whether sessions were found by pauses.
    first, last : str or None
        Times of the first and the last event, ISO.
    rows : mapping
        The fields of its `RowCounts`.
    """

    folder: str
    files: Mapping[str, str]
    positions: int
    by_pauses: bool
    first: str | None
    last: str | None
    rows: Mapping[str, Any]

    @property
    def counts(self) -> RowCounts:
        """Where its rows went."""
        return RowCounts(**self.rows)


@dataclass(frozen=True)
class CleanLog:
    """A cleaned log.

    Parameters
    ----------
    folder : Path
    settings : str
        Fingerprint of what it was cleaned with.
    batches : sequence of Batch
    kept : bool
        Whether the folder outlives this object.
    keeper : object
        Takes a temporary folder away when nobody needs it any more.
    """

    folder: Path
    settings: str
    batches: Sequence[Batch]
    kept: bool
    keeper: object = field(default=None, repr=False, compare=False)

    @property
    def event_files(self) -> list[Path]:
        """The Parquet files of the events, oldest batch first."""
        return [self.folder / batch.folder / EVENTS for batch in self.batches]

    @property
    def item_files(self) -> list[Path]:
        """The Parquet files of the items, oldest batch first."""
        return [self.folder / batch.folder / ITEMS for batch in self.batches]

    @cached_property
    def counts(self) -> RowCounts:
        """Where the rows of all files went."""
        return reduce(RowCounts.plus, (batch.counts for batch in self.batches))

    def items(self) -> pd.DataFrame:
        """Read `item`, `key`, `code` of all items, by code."""
        return _concat(self.item_files)

    def facts(self) -> pd.DataFrame:
        """Read what the log says of items: facts and how many rows say so."""
        return _concat(self.folder / batch.folder / FACTS for batch in self.batches)

    def rejected(self) -> pd.DataFrame:
        """Read the bad rows: `file`, `row`, `reason`, `text`."""
        return _concat(self.folder / batch.folder / REJECTED for batch in self.batches)


def open_log(config: Config, display: Display) -> CleanLog:
    """Clean the log that a configuration names, or take up what was cleaned before.

    Files that came since are cleaned and added; when a file or a setting changed, everything is made anew.

    Raises
    ------
    EventsError
        When the log cannot be read.
    """
    files = {str(file.absolute()): file for file in input_files(config.events)}
    settings = _settings_fingerprint(config)
    folder = _kept_folder(config, list(files.values()))
    if folder is None:
        temporary = _TemporaryFolder(config.engine.scratch)
        empty = CleanLog(temporary.path, settings, (), kept=False, keeper=temporary)
        with display.stage("reading the log"):
            return _add(empty, files, config)
    prints = {path: _file_fingerprint(file) for path, file in files.items()}
    known = _read(folder, settings)
    if known is not None and _still_true(known, prints):
        done = {path for batch in known.batches for path in batch.files}
        new = {path: file for path, file in files.items() if path not in done}
        if not new:
            return known
        with display.stage(f"adding {len(new):,} new files"):
            longer = _add(known, new, config)
        if not _overlaps(longer):
            return longer
    with display.stage("reading the log"):
        return _build(folder, settings, files, config)


class _TemporaryFolder:
    """A folder that goes when nobody holds this object any more."""

    def __init__(self, parent: str | None) -> None:
        if parent is not None:
            Path(parent).mkdir(parents=True, exist_ok=True)
        self.path = Path(tempfile.mkdtemp(prefix="graphrec-log-", dir=parent))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def _build(folder: Path, settings: str, files: Mapping[str, Path], config: Config) -> CleanLog:
    """Clean all files as one batch beside the final place, and move it there in one step."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.with_name(f"{folder.name}.{uuid4().hex[:8]}")
    beside.mkdir()
    try:
        made = _add(CleanLog(beside, settings, (), kept=True), files, config)
        if folder.exists():
            shutil.rmtree(folder)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return replace(made, folder=folder)


def _add(log: CleanLog, files: Mapping[str, Path], config: Config) -> CleanLog:
    """Clean some files as one more batch."""
    name = f"{len(log.batches):04d}"
    beside = log.folder / f"{name}.{uuid4().hex[:8]}"
    try:
        beside.mkdir()
        with open_duckdb(config.engine) as engine:
            cleaned = clean_batch(engine.connection, config.events, list(files.values()), _earlier(log), beside)
        place = log.folder / name
        shutil.rmtree(place, ignore_errors=True)
        beside.rename(place)
    except OSError as error:
        raise EventsError(f"cannot write the cleaned log to {log.folder}: {error.strerror}; set store.path") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    prints = {path: _file_fingerprint(file) for path, file in files.items()}
    longer = replace(log, batches=(*log.batches, _batch(name, prints, cleaned)))
    _write(longer)
    return longer


def _earlier(log: CleanLog) -> Earlier:
    if not log.batches:
        return Earlier.nothing()
    still_open = log.folder / log.batches[-1].folder / OPEN
    positions = sum(batch.positions for batch in log.batches)
    return Earlier(log.items(), still_open if still_open.is_file() else None, positions)


def _batch(name: str, prints: Mapping[str, str], cleaned: Cleaned) -> Batch:
    first, last = (None if pd.isna(time) else time.isoformat() for time in (cleaned.first, cleaned.last))
    return Batch(name, prints, cleaned.positions, cleaned.by_pauses, first, last, asdict(cleaned.counts))


def _overlaps(log: CleanLog) -> bool:
    """Tell whether the last batch reaches back before the end of the others where sessions are found by pauses."""
    *before, last = log.batches
    if not last.by_pauses or last.first is None:
        return last.by_pauses
    return any(batch.last is not None and batch.last > last.first for batch in before)


def _still_true(known: CleanLog, prints: Mapping[str, str]) -> bool:
    """Tell whether every file that was read before is still there, and the same."""
    return all(prints.get(path) == was for batch in known.batches for path, was in batch.files.items())


def _kept_folder(config: Config, files: Sequence[Path]) -> Path | None:
    """Choose where a log is kept: as configured; a large one in the cache folder of the user; else nowhere.

    A log as of an earlier moment has a folder of its own beside.
    """
    before = config.events.before
    as_of = "" if before is None else f"-before-{before:%Y%m%dT%H%M%S}"
    if config.store.path is not None:
        return Path(config.store.path + as_of)
    size = sum(file.stat().st_size for file in files)
    if size <= config.store.keep_above_mb * 2**20 and not config.store.daily:
        return None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.sha256(str(Path(str(config.events.path)).absolute()).encode()).hexdigest()[:16]
    return cache / "graphrec" / (name + as_of)


def _settings_fingerprint(config: Config) -> str:
    """Hash all that decides how a log is cleaned; DuckDB's hashes of ids may differ between its versions."""
    settings = {
        "code": code_of(__name__),
        "duckdb": version("duckdb"),
        "events": config.events.model_dump(mode="json"),
    }
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _file_fingerprint(file: Path) -> str:
    """Hash a file's size, time, and both ends."""
    facts = file.stat()
    digest = hashlib.sha256(f"{facts.st_size} {facts.st_mtime_ns}".encode())
    with file.open("rb") as stream:
        digest.update(stream.read(_EDGE))
        stream.seek(max(0, facts.st_size - _EDGE))
        digest.update(stream.read(_EDGE))
    return digest.hexdigest()


def _read(folder: Path, settings: str) -> CleanLog | None:
    """Read what a folder holds; None where it is something else, or was cleaned with other settings."""
    try:
        stored = json.loads((folder / "store.json").read_text(encoding="utf-8"))
        if stored["settings"] != settings:
            return None
        batches = tuple(Batch(**batch) for batch in stored["batches"])
    except (OSError, ValueError, KeyError, TypeError):
        if folder.exists() and any(folder.iterdir()) and not (folder / "store.json").exists():
            raise EventsError(f"store.path {folder} holds other files; give a folder of its own") from None
        return None
    log = CleanLog(folder, settings, batches, kept=True)
    return log if all(file.is_file() for file in log.event_files) else None


def _write(log: CleanLog) -> None:
    """Write the list of batches in one step."""
    stored = {"settings": log.settings, "batches": [asdict(batch) for batch in log.batches]}
    beside = log.folder / f"store.json.{uuid4().hex[:8]}"
    beside.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    beside.replace(log.folder / "store.json")


def _concat(files: Iterable[Path]) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)

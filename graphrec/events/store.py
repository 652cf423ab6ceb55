"""The cleaned log on disk: batches of Parquet, made once, reused while files and settings stay, added to by new files.

::

    store.json                     what was read, with which settings, and the folder that holds it; written last
    lock                           held by the run that writes
    5f2c9e01/                      held by who reads; when everything is made anew, another takes its place
        0000/events.parquet        session, basket, user, item, kind, time, price, position
        0000/items.parquet         the items that this batch was first to name: item, key, code
        0000/facts.parquet         what its rows say of items, counted
        0000/rejected.parquet      bad rows with their number and reason
        0001/...                   the files that came later
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

import pandas as pd

from graphrec.compute.connections import open_duckdb
from graphrec.compute.locks import Lock, lock_file, use_folder
from graphrec.compute.progress import Display
from graphrec.compute.provenance import code_of
from graphrec.compute.workspaces import remove_unused, scratch_workspace
from graphrec.compute.writing import write_text, written_folder
from graphrec.config import Config
from graphrec.errors import EventsError, first_line
from graphrec.events.clean_log import Batch, CleanLog
from graphrec.events.cleaning import OPEN, Cleaned, Earlier, clean_batch
from graphrec.events.files import input_files

_STORE, _LOCK, _GENERATION = "store.json", "lock", re.compile("[0-9a-f]{8}")
_EDGE = 1 << 20
"""Bytes at either end of a file that are hashed to tell whether it changed, beside its size and time."""


def open_log(config: Config, display: Display) -> CleanLog:
    """Clean the log that a configuration names, or take up what was cleaned before.

    Files that came since are cleaned and added; when a file or a setting changed, everything is made anew. One process
    writes at a time, others wait for it; who reads what was there before goes on with that.

    Raises
    ------
    EventsError
        When the log cannot be read.
    """
    files = {str(file.absolute()): file for file in input_files(config.events)}
    settings = _settings_fingerprint(config)
    store = _kept_folder(config, list(files.values()))
    if store is None:
        temporary = scratch_workspace(config.engine.scratch)
        empty = CleanLog(temporary.path, settings, (), kept=False, keeper=temporary)
        with display.stage("reading the log"):
            return _add(empty, files, config)
    prints = {path: _file_fingerprint(file) for path, file in files.items()}
    known = _read(store, settings)
    if known is not None and _still_true(known, prints) and not _new_files(known, files):
        return known
    lock = _writer_lock(store, display)
    try:
        return _brought_up_to_date(store, settings, files, prints, config, display)
    finally:
        lock.release()


def _brought_up_to_date(
    store: Path,
    settings: str,
    files: Mapping[str, Path],
    prints: Mapping[str, str],
    config: Config,
    display: Display,
) -> CleanLog:
    """Add what came since, or make everything anew; another process may have done it while we waited for it."""
    known = _read(store, settings)
    if known is not None and _still_true(known, prints):
        _clear(store, known)
        new = _new_files(known, files)
        if not new:
            return known
        with display.stage(f"adding {len(new):,} new files"):
            longer = _add(known, new, config)
        if not _overlaps(longer):
            return _written(store, longer)
    with display.stage("reading the log"):
        made = _build(store, settings, files, config)
    _clear(store, made)
    return made


def _writer_lock(store: Path, display: Display) -> Lock:
    """Become the one that writes a store, when the one before is done."""
    try:
        store.mkdir(parents=True, exist_ok=True)
        lock = lock_file(store / _LOCK, wait=False)
        if lock is None:
            with display.stage("waiting for another run"):
                lock = lock_file(store / _LOCK, wait=True)
    except OSError as error:
        raise _cannot_write(store, error) from None
    if lock is None:
        raise EventsError(f"cannot lock {store}; set store.path to a disk that knows locks")
    return lock


def _build(store: Path, settings: str, files: Mapping[str, Path], config: Config) -> CleanLog:
    """Clean all files as the first batch of a folder of their own, and let the store name that one, in one step."""
    folder = store / uuid4().hex[:8]
    try:
        folder.mkdir()
        made = CleanLog(folder, settings, (), kept=True, keeper=use_folder(folder))
        return _written(store, _add(made, files, config))
    except OSError as error:
        raise _cannot_write(store, error) from None
    finally:
        if _generation(store) != folder.name:
            shutil.rmtree(folder, ignore_errors=True)


def _clear(store: Path, log: CleanLog) -> None:
    """Take away what killed runs have left, and what nobody reads any more; only who may write may call it."""
    for folder in store.iterdir():
        if _GENERATION.fullmatch(folder.name) and folder != log.folder:
            remove_unused(folder)
    listed = {batch.folder for batch in log.batches}
    for folder in log.folder.iterdir():
        if folder.name.isdecimal() and folder.name not in listed:
            shutil.rmtree(folder, ignore_errors=True)


def _add(log: CleanLog, files: Mapping[str, Path], config: Config) -> CleanLog:
    """Clean some files as one more batch, which no store names yet."""
    name = f"{len(log.batches):04d}"
    try:
        with written_folder(log.folder / name) as draft, open_duckdb(config.engine) as engine:
            cleaned = clean_batch(engine.connection, config.events, list(files.values()), _earlier(log), draft)
    except OSError as error:
        raise _cannot_write(log.folder, error) from None
    prints = {path: _file_fingerprint(file) for path, file in files.items()}
    return replace(log, batches=(*log.batches, _batch(name, prints, cleaned)))


def _cannot_write(place: Path, error: OSError) -> EventsError:
    why = error.strerror or first_line(error)
    return EventsError(f"cannot write the cleaned log to {place}: {why}; set store.path")


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


def _new_files(known: CleanLog, files: Mapping[str, Path]) -> dict[str, Path]:
    """Take those files that no batch holds yet."""
    done = {path for batch in known.batches for path in batch.files}
    return {path: file for path, file in files.items() if path not in done}


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


def _read(store: Path, settings: str) -> CleanLog | None:
    """Read what a store names; None where it is something else, or was cleaned with other settings."""
    while True:
        try:
            stored = json.loads((store / _STORE).read_text(encoding="utf-8"))
            if stored["settings"] != settings:
                return None
            batches = tuple(Batch(**batch) for batch in stored["batches"])
            folder = store / str(stored["generation"])
        except (OSError, ValueError, KeyError, TypeError):
            _require_own(store)
            return None
        try:
            keeper = use_folder(folder)
        except OSError:
            keeper = None
        if keeper is not None:
            log = CleanLog(folder, settings, batches, kept=True, keeper=keeper)
            return log if all(file.is_file() for file in log.event_files) else None
        if _generation(store) == folder.name:  # else another has just written the next one
            return None


def _require_own(store: Path) -> None:
    """Refuse a folder that holds what is none of ours."""
    if not store.is_dir() or (store / _STORE).exists():
        return
    if any(file.name != _LOCK and not _GENERATION.fullmatch(file.name) for file in store.iterdir()):
        raise EventsError(f"store.path {store} holds other files; give a folder of its own")


def _generation(store: Path) -> str | None:
    """Read which folder a store names."""
    try:
        return str(json.loads((store / _STORE).read_text(encoding="utf-8"))["generation"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _written(store: Path, log: CleanLog) -> CleanLog:
    """Let a store name the batches of a log, in one step."""
    batches = [asdict(batch) for batch in log.batches]
    stored = {"settings": log.settings, "generation": log.folder.name, "batches": batches}
    try:
        write_text(store / _STORE, json.dumps(stored, indent=1) + "\n")
    except OSError as error:
        raise _cannot_write(store, error) from None
    return log

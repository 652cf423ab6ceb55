"""Folders that one run works in: taken away at its end, or by the next run where it was killed."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from uuid import uuid4

from graphrec.compute.locks import Lock, own_folder

DRAFT, SCRATCH = "draft", "scratch"
"""Endings: of what is written beside its place, and of what does not fit into memory."""
_NAME = 50
"""Letters of a name that are kept: with four bytes each, and ours, they fit into the 255 bytes of a file's name."""


class Workspace:
    """A new folder that goes at the end of its block, or when nobody holds this object any more.

    It is locked while it is in use: those without a lock are of killed runs and are taken away when the next of their
    name is made. What another process still reads in it is left to the next run.

    Parameters
    ----------
    parent : Path
        Made where it is missing.
    name : str
        What it is for.
    ending : str
        `DRAFT` or `SCRATCH`.
    mode : int
        Permissions, less those that the umask takes.

    Attributes
    ----------
    path : Path
    """

    def __init__(self, parent: Path, name: str, ending: str, mode: int = 0o777) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        for dead, lock in left_behind(parent, name, ending):
            _remove(dead, lock)
        self.path, own = _made(parent, name, ending, mode)
        self.close = weakref.finalize(self, _remove, self.path, own)

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def scratch_workspace(parent: str | None) -> Workspace:
    """Make a folder for what does not fit into memory, which only we may read; None: in the system's temporary one."""
    return Workspace(Path(parent or tempfile.gettempdir()), "graphrec", SCRATCH, mode=0o700)


def workspaces(parent: Path, name: str, ending: str) -> list[Path]:
    """Find the workspaces of a name, of living and of killed runs."""
    pattern = re.compile(rf"\.{re.escape(name[:_NAME])}\.[0-9a-f]{{8}}\.{ending}")
    return [folder for folder in parent.iterdir() if pattern.fullmatch(folder.name) and not folder.is_symlink()]


def left_behind(parent: Path, name: str, ending: str) -> Iterator[tuple[Path, Lock]]:
    """Find the workspaces of killed runs, each with a lock that keeps other runs from finding it, too."""
    for folder in workspaces(parent, name, ending):
        with suppress(OSError):  # gone, of another user, or on a disk without locks
            lock = own_folder(folder)
            if lock is not None:
                yield folder, lock


def remove_unused(folder: Path) -> None:
    """Take a folder away, unless somebody uses it."""
    if not _in_use(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _made(parent: Path, name: str, ending: str, mode: int) -> tuple[Path, Lock | None]:
    while True:
        folder = parent / f".{name[:_NAME]}.{uuid4().hex[:8]}.{ending}"
        folder.mkdir(mode=mode)
        try:
            lock = own_folder(folder)
        except FileNotFoundError:  # taken for one of a killed run before it was locked
            continue
        except OSError:
            return folder, None
        if lock is not None:
            return folder, lock


def _remove(folder: Path, lock: Lock | None) -> None:
    if folder.is_dir() and not any(_in_use(part) for part in folder.iterdir() if part.is_dir()):
        shutil.rmtree(folder, ignore_errors=True)
    if lock is not None:
        lock.release()


def _in_use(folder: Path) -> bool:
    try:
        return own_folder(folder) is None
    except OSError:
        return False

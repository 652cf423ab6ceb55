"""Files and folders are written beside their place, brought to the disk, and moved there in one step."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from graphrec.compute.exchange import exchange
from graphrec.compute.workspaces import DRAFT, Workspace, left_behind, workspaces

_NEW, _OLD = "new", "old"
_OCCUPIED = (errno.ENOTEMPTY, errno.EEXIST)


@contextmanager
def written_file(file: Path) -> Iterator[Path]:
    """Give a block the place of a draft, and put what it has written there in the place of the file.

    Of several writers the last one wins whole. Where the block fails, the old file stays and no draft does.

    Parameters
    ----------
    file : Path
        A link is followed. Its folder is made where it is missing.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    place = file.resolve()
    with Workspace(place.parent, place.name, DRAFT) as work:
        draft = work.path / place.name
        yield draft
        _settle(draft, work.path.stat().st_mode)
        draft.replace(place)
        _sync(place.parent)


@contextmanager
def written_folder(folder: Path) -> Iterator[Path]:
    """Give a block an empty folder, and put it in the place of what stands there, in one step.

    Parameters
    ----------
    folder : Path
        A link is followed. The folder above is made where it is missing.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    place = folder.resolve()
    recover_folder(place)
    with Workspace(place.parent, place.name, DRAFT) as work:
        draft = work.path / _NEW
        draft.mkdir()
        yield draft
        _settle(draft, work.path.stat().st_mode)
        _move(draft, place)
        _sync(place.parent)


def write_text(file: Path, text: str) -> None:
    """Write a text in one step, see `written_file`."""
    with written_file(file) as draft:
        draft.write_text(text, encoding="utf-8")


def recover_folder(folder: Path) -> bool:
    """Bring to its place what a killed run had written whole; tell whether something stands there now, or will at once.

    That happens where a disk cannot exchange names, and the run ended between its two steps.
    """
    place = folder.resolve()
    if place.exists() or not place.parent.is_dir():
        return place.exists()
    for dead, lock in left_behind(place.parent, place.name, DRAFT):
        if any(dead.glob(f"{_OLD}-*")):
            with suppress(OSError):
                (dead / _NEW).rename(place)
        lock.release()
    between = (any(work.glob(f"{_OLD}-*")) for work in workspaces(place.parent, place.name, DRAFT))
    return place.exists() or any(between)


def _move(draft: Path, place: Path) -> None:
    """Put a folder in the place of another, or of none; what stood there ends beside the draft."""
    for attempt in count():
        if exchange(draft, place):
            return
        try:
            draft.rename(place)
            return
        except OSError as error:
            if error.errno not in _OCCUPIED:
                raise
        with suppress(FileNotFoundError):  # another writer has just moved it
            place.rename(draft.with_name(f"{_OLD}-{attempt}"))


def _settle(draft: Path, mode: int) -> None:
    """Give a draft the permissions that the umask leaves, and bring it to the disk; `mode` is that of its folder."""
    parts = [draft, *draft.rglob("*")] if draft.is_dir() else [draft]
    for part in reversed(parts):
        with suppress(PermissionError):  # Spark may write as somebody else
            part.chmod(mode & (0o777 if part.is_dir() else 0o666))
        _sync(part)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL or not path.is_dir():  # some disks do not do that for folders
            raise
    finally:
        os.close(descriptor)

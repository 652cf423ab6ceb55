"""Locks between processes: who writes, and which folders are in use. They end with the process that holds them."""

from __future__ import annotations

import errno
import fcntl
import os
import weakref
from pathlib import Path

_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)


class Lock:
    """A lock on an open file or folder (flock): gone when it is released, when nobody holds this object, or with us.

    Parameters
    ----------
    descriptor : int
        Of the open file; closed with the lock.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.release = weakref.finalize(self, os.close, descriptor)

    @property
    def folder(self) -> Path | None:
        """A path to what is locked, wherever it is moved (Linux); None where the system gives none."""
        path = Path(f"/proc/self/fd/{self.descriptor}")
        return path if path.is_dir() else None

    def is_of(self, path: Path) -> bool:
        """Tell whether what is locked still stands at a path."""
        try:
            there = path.stat()
        except OSError:
            return False
        return os.path.samestat(os.fstat(self.descriptor), there)


def lock_file(file: Path, wait: bool) -> Lock | None:
    """Take the one lock of a file, which is made where there is none; None where we do not wait for another."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    return _locked(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), surely=False)


def use_folder(folder: Path) -> Lock | None:
    """Say that a folder is in use, so that nobody takes it away; None where somebody is doing just that.

    Where a disk knows no locks for folders, the lock holds nobody off.

    Raises
    ------
    OSError
        When there is no such folder.
    """
    return _locked_at(folder, fcntl.LOCK_SH, surely=False)


def own_folder(folder: Path) -> Lock | None:
    """Have a folder for ourselves; None where it is in use.

    Raises
    ------
    OSError
        When there is no such folder, or the disk knows no locks for folders (some network disks).
    """
    return _locked_at(folder, fcntl.LOCK_EX, surely=True)


def _locked_at(folder: Path, how: int, surely: bool) -> Lock | None:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    lock = _locked(os.open(folder, flags), how | fcntl.LOCK_NB, surely)
    if lock is not None and not lock.is_of(folder):
        lock.release()
        return None
    return lock


def _locked(descriptor: int, how: int, surely: bool) -> Lock | None:
    lock = Lock(descriptor)
    try:
        fcntl.flock(descriptor, how)
    except OSError as error:
        if error.errno in _TAKEN or surely:
            lock.release()
        if error.errno in _TAKEN:
            return None
        if surely:
            raise
    return lock

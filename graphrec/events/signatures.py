"""What a file is by its first bytes, beside what its name says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from graphrec.errors import EventsError

_SIGNATURES: Mapping[bytes, tuple[str, tuple[str, ...]]] = {
    b"\x1f\x8b": ("compressed with gzip", (".gz",)),
    b"\x28\xb5\x2f\xfd": ("compressed with Zstandard", (".zst",)),
    b"PAR1": ("a Parquet file", (".parquet",)),
    b"PK\x03\x04": ("a zip archive, as Excel writes", (".xlsx", ".xlsm")),
}
"""First bytes -> what such a file is, and the endings by which it is read so."""
_NOT_READ: Mapping[bytes, str] = {
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"7z\xbc\xaf": "a 7z archive",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
}
"""First bytes -> what such a file is, of those that are not read."""
_IN_PLACE = frozenset({".parquet", ".xlsx"})
"""Endings that take the place of a wrong one; of compression one more is put behind."""
_LONGEST = 16


def refuse_misnamed(file: Path) -> None:
    """Refuse a file whose first bytes are not of what its name ends in.

    Raises
    ------
    EventsError
        Saying what it is, and what to do with it.
    """
    with file.open("rb") as stream:
        begins = stream.read(_LONGEST)
    ending = file.suffix.lower()
    for signature, what in _NOT_READ.items():
        if begins.startswith(signature):
            raise EventsError(f"cannot read {file}: it is {what}; unpack it, or save it as CSV, Parquet or JSON lines")
    for signature, (what, own) in _SIGNATURES.items():
        if begins.startswith(signature) and ending not in own:
            named = f"{file.stem}{own[0]}" if own[0] in _IN_PLACE else f"{file.name}{own[0]}"
            unpack = "unpack it, or, if it is a workbook, " if own[0] == ".xlsx" else ""
            raise EventsError(
                f"cannot read {file}: it is {what}, which its name does not say; {unpack}rename it to {named}"
            )
        if ending in own and not begins.startswith(signature):
            raise EventsError(f"cannot read {file}: it is not {what}, as its name says; name it by what it holds")

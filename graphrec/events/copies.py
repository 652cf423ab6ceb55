"""Files that DuckDB cannot read as they stand -> copies that it can: other encodings, damaged bytes, workbooks."""

from __future__ import annotations

import codecs
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from graphrec.config import EventsConfig, TableConfig
from graphrec.errors import EventsError
from graphrec.events.encodings import likely_encoding, wide_encoding
from graphrec.events.workbooks import WORKBOOKS, write_sheets

_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_BINARY = (".parquet", *WORKBOOKS)
LOST = "\ufffd"
"""What stands in a copy for bytes that are none of the encoding."""


@dataclass(frozen=True)
class Copies:
    """What is read in place of files.

    Parameters
    ----------
    read : sequence of Path
        The files themselves, or their copies.
    originals : mapping of str to str
        Copy -> what it is a copy of.
    damaged : bool
        Whether some bytes were none of the encoding, and `LOST` stands for them.
    keeper : object
        Takes the copies away when nobody holds it any more.
    """

    read: Sequence[Path] = ()
    originals: Mapping[str, str] = field(default_factory=dict)
    damaged: bool = False
    keeper: object = field(default=None, repr=False, compare=False)


@dataclass
class _Decoded:
    """What was met while a file was copied: its lines, those with bytes of no meaning, and some of the latter."""

    lines: int = 0
    damaged: int = 0
    first: int = 0
    sample: bytes = b""


class _Folder:
    """A folder that goes when nobody holds this object any more."""

    def __init__(self, scratch: Path | None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="graphrec-copies-", dir=scratch))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def readable_copies(files: Sequence[Path], config: TableConfig, scratch: Path | None = None) -> Copies:
    """Copy the files that are workbooks or in another encoding than UTF-8; the others stay as they are.

    Raises
    ------
    EventsError
        When a file is in UTF-16 and the settings do not say so, or in another encoding than they say.
    """
    if files[0].suffix.lower() in WORKBOOKS:
        folder = _Folder(scratch)
        sheets = {path: name for file in files for path, name in write_sheets(file, config, folder.path).items()}
        return Copies([Path(path) for path in sheets], sheets, keeper=folder)
    if _is_binary(files):
        return Copies(files)
    if not _is_utf8(config):
        return decoded_copies(files, config, scratch)
    for file in files:
        head = next(_chunks(file), b"")[:_SAMPLE]
        wide = wide_encoding(head)
        if wide is not None:
            raise EventsError(f"{file} is no {config.encoding} but likely {wide}; {_cure(config, wide)}")
        if likely_encoding(head.partition(b"\n")[0] + b"\n") != "utf-8":  # DuckDB skips a header that it cannot read
            return decoded_copies(files, config, scratch)
    return Copies(files)


def hold_foreign_bytes(files: Sequence[Path], config: TableConfig) -> bool:
    """Tell whether files that are to be UTF-8 hold bytes that are not; to be asked when reading them failed."""
    if _is_binary(files) or not _is_utf8(config):
        return False
    try:
        for file in files:
            decoder = codecs.getincrementaldecoder("utf-8")()
            for chunk in _chunks(file):
                decoder.decode(chunk)
    except UnicodeDecodeError:
        return True
    return False


def decoded_copies(files: Sequence[Path], config: TableConfig, scratch: Path | None = None) -> Copies:
    """Copy text files to UTF-8, with `LOST` for what is not in their encoding.

    Raises
    ------
    EventsError
        When that are more lines than `max_rejected_share` allows: then the encoding is another one.
    """
    folder = _Folder(scratch)
    copies = {}
    met = _Decoded()
    for place, file in enumerate(files):
        copy = folder.path / str(place) / file.name.removesuffix(".gz").removesuffix(".zst")
        copy.parent.mkdir()
        try:
            _decode(file, copy, config.encoding, met)
        except UnicodeError as error:  # UTF-16 without its mark
            met.sample = met.sample or next(_chunks(file), b"")[:_SAMPLE]
            raise EventsError(f"{file} is no {config.encoding} ({error}); {_cure_of(config, met)}") from None
        _refuse_another_encoding(file, config, met)
        copies[str(copy)] = str(file)
    return Copies([Path(copy) for copy in copies], copies, damaged=met.damaged > 0, keeper=folder)


def _decode(file: Path, copy: Path, encoding: str, met: _Decoded) -> None:
    """Copy a file to UTF-8, noting what has no meaning in its encoding."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    with copy.open("w", encoding="utf-8", newline="") as out:
        unfinished = ""
        for chunk in _chunks(file):
            text = decoder.decode(chunk)
            out.write(text)
            whole, newline, unfinished = (unfinished + text).rpartition("\n")
            _note(whole + newline, chunk, met)
        last = decoder.decode(b"", final=True)
        out.write(last)
        _note(unfinished + last, b"", met)


def _note(text: str, chunk: bytes, met: _Decoded) -> None:
    """Count the lines of a text, and those with something lost."""
    lost = re.findall(rf"[^\n]*{LOST}[^\n]*", text)
    if lost and not met.first:
        met.first = met.lines + text.count("\n", 0, text.index(LOST)) + 1
    if lost and len(met.sample) < _SAMPLE:
        met.sample += b"".join(re.findall(rb"[^\n]*[\x80-\xff][^\n]*\n?", chunk))[:_SAMPLE] or chunk[:_SAMPLE]
    met.damaged += len(lost)
    met.lines += text.count("\n") + (not text.endswith("\n") and bool(text))


def _refuse_another_encoding(file: Path, config: TableConfig, met: _Decoded) -> None:
    """Stop where what is damaged is to be told, or is more than is to be believed."""
    allowed = config.max_rejected_share if isinstance(config, EventsConfig) else EventsConfig().max_rejected_share
    strict = isinstance(config, EventsConfig) and config.on_bad_rows == "fail"
    if met.damaged and (strict or met.damaged > allowed * met.lines):
        raise EventsError(
            f"{file}: {met.damaged:,} of {met.lines:,} lines hold bytes that are no {config.encoding} "
            f"(first: line {met.first}); {_cure_of(config, met)}"
        )


def _cure_of(config: TableConfig, met: _Decoded) -> str:
    likely = likely_encoding(met.sample)
    same = codecs.lookup(likely).name == codecs.lookup(config.encoding).name
    return _cure(config, likely) if not same else f"correct {config.section}.encoding, or fix the file"


def _cure(config: TableConfig, likely: str) -> str:
    return f"set {config.section}.encoding: {likely}"


def _is_utf8(config: TableConfig) -> bool:
    return codecs.lookup(config.encoding).name in ("utf-8", "utf-8-sig", "ascii")


def _is_binary(files: Sequence[Path]) -> bool:
    return any(suffix.lower() in _BINARY for suffix in files[0].suffixes[-2:])


def _chunks(file: Path) -> Iterator[bytes]:
    """Read a file piece by piece, unpacked."""
    with file.open("rb") as stream:
        start = stream.read(4)
    packed = next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)
    try:
        with pa.input_stream(str(file), compression=packed) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except (OSError, pa.ArrowException) as error:
        raise EventsError(f"cannot read {file}: {error}; is the archive whole?") from None

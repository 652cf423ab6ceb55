"""Bought-together lists of a whole catalogue -> one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from graphrec.compute.writing import written_file
from graphrec.errors import GraphrecError, first_line


def _parquet(frame: pd.DataFrame, file: Path) -> None:
    frame.to_parquet(file, index=False)


def _csv(frame: pd.DataFrame, file: Path) -> None:
    frame.to_csv(file, index=False)


def _json_lines(frame: pd.DataFrame, file: Path) -> None:
    frame.to_json(file, orient="records", lines=True, force_ascii=False, double_precision=15)


FORMATS: Mapping[str, Callable[[pd.DataFrame, Path], None]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".jsonl": _json_lines,
}


def check_format(file: Path) -> None:
    """Refuse a file whose ending says no known format, before any work is done.

    Raises
    ------
    GraphrecError
    """
    if file.suffix.lower() not in FORMATS:
        raise GraphrecError(f"--out {file}: the ending must be one of {', '.join(FORMATS)}")


def write_table(frame: pd.DataFrame, file: Path) -> None:
    """Write a table in one step: of several writers the last one wins whole.

    Raises
    ------
    GraphrecError
        When the ending is not known or the place cannot be written to.
    """
    check_format(file)
    try:
        with written_file(file) as draft:
            FORMATS[file.suffix.lower()](frame, draft)
    except OSError as error:
        raise GraphrecError(
            f"cannot write {file}: {error.strerror or first_line(error)}; give --out a place that can be written to"
        ) from None

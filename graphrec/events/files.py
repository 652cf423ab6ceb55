"""Tables on disk -> data frames of original columns, with damaged lines told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import duckdb
import pandas as pd

from graphrec.config import TableConfig
from graphrec.errors import EventsError, first_line


@dataclass(frozen=True)
class Table:
    """Rows of a file in their order.

    Parameters
    ----------
    frame : DataFrame
        The asked columns; its index is the row number in the file (first data row = 1).
    ragged : DataFrame
        Columns `row`, `reason`, `text` of lines that could not be cut into columns.
    name : str
        How errors call the table.
    """

    frame: pd.DataFrame
    ragged: pd.DataFrame
    name: str


def column_names(config: TableConfig) -> list[str]:
    """Return the column names of a table without reading its rows."""
    with duckdb.connect() as connection:
        source = _source(config)
        try:
            described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        except duckdb.Error as error:
            raise _unreadable(config, error) from None
    return [str(row[0]) for row in described]


def read_table(config: TableConfig, columns: Sequence[str]) -> Table:
    """Read some columns of a file or glob; text files come as text, Parquet keeps its types.

    Raises
    ------
    EventsError
        When the path is missing, unreadable, empty or of a kind that is not known.
    """
    source = _source(config)
    asked = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    with duckdb.connect() as connection:
        try:
            frame = connection.execute(f"SELECT {asked} FROM {source}").df()
            ragged = _ragged_lines(connection, bool(config.header)) if "store_rejects" in source else _NO_LINES.copy()
        except duckdb.Error as error:
            raise _unreadable(config, error) from None
    if frame.empty:
        raise EventsError(f"{config.path} has no rows; give a file with at least one event or item")
    frame.index = _row_numbers(len(frame), ragged)
    return Table(frame, ragged, Path(config.path or "").name)


_NO_LINES = pd.DataFrame(
    {"row": pd.Series(dtype="int64"), "reason": pd.Series(dtype="str"), "text": pd.Series(dtype="str")}
)


def _csv(paths: str, config: TableConfig) -> str:
    """Write DuckDB's reader of a text table: everything as text, damaged lines kept aside."""
    options = ["all_varchar=true", "store_rejects=true", "null_padding=false"]
    if config.separator is not None:
        options.append(f"delim={_quote(config.separator)}")
    if config.header is not None:
        names = ", ".join(_quote(name) for name in config.header)
        options.append(f"header=false, names=[{names}]")
    else:
        options.append("header=true")
    return f"read_csv({paths}, {', '.join(options)})"


def _parquet(paths: str, config: TableConfig) -> str:
    return f"read_parquet({paths})"


def _json_lines(paths: str, config: TableConfig) -> str:
    return f"read_json({paths}, format='newline_delimited')"


_FORMATS: dict[str, Callable[[str, TableConfig], str]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".txt": _csv,
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_lines,
}


def _source(config: TableConfig) -> str:
    """Write the SQL table function that reads a configured path."""
    if not config.path:
        raise EventsError("no path is given; set events.path to a file or a glob of CSV, Parquet or JSON lines")
    files = sorted(glob(config.path)) or [config.path]  # noqa: PTH207 - the pattern is the user's
    for file in files:
        if not Path(file).is_file():
            raise EventsError(f"cannot read {file}: there is no such file; check the path in the configuration")
        if Path(file).stat().st_size == 0:
            raise EventsError(f"{file} is empty; give a file with a header and at least one row")
    suffixes = [suffix.lower() for suffix in Path(files[0]).suffixes]
    while suffixes and suffixes[-1] in (".gz", ".zst"):
        suffixes.pop()
    reader = _FORMATS.get(suffixes[-1] if suffixes else "")
    if reader is None:
        raise EventsError(
            f"{files[0]}: the ending says no known format; use one of {', '.join(_FORMATS)} (.gz and .zst may follow)"
        )
    return reader("[" + ", ".join(_quote(file) for file in files) + "]", config)


def _ragged_lines(connection: duckdb.DuckDBPyConnection, headless: bool) -> pd.DataFrame:
    """Fetch the lines that DuckDB could not cut into columns, one row a line."""
    rejects = connection.execute(
        "SELECT line, any_value(error_message) AS reason, any_value(csv_line) AS text "
        "FROM reject_errors GROUP BY file_id, line ORDER BY file_id, line"
    ).df()
    return pd.DataFrame(
        {
            "row": rejects["line"].astype("int64") - (0 if headless else 1),
            "reason": "wrong number of fields",
            "text": rejects["text"].str.strip() + "  -- " + rejects["reason"],
        }
    )


def _row_numbers(rows: int, ragged: pd.DataFrame) -> pd.Index[int]:
    """Give every good row its number, leaving room for the ragged ones between them."""
    everything = pd.RangeIndex(1, rows + len(ragged) + 1)
    good: pd.Index[int] = everything.difference(pd.Index(ragged["row"]), sort=None)
    return good[:rows]


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _unreadable(config: TableConfig, error: Exception) -> EventsError:
    return EventsError(f"cannot read {config.path}: {first_line(error)}; check the file and its separator")

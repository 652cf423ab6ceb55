"""Files -> a table of original columns inside DuckDB, with damaged lines told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from glob import glob
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import ibis
import pandas as pd

from graphrec.config import TableConfig
from graphrec.errors import EventsError, first_line
from graphrec.events.copies import Copies, decoded_copies, hold_foreign_bytes, readable_copies
from graphrec.events.signatures import refuse_misnamed

FILE, DAMAGE = "graphrec_file", "graphrec_damage"
"""Columns beside the original ones: the file of a row, and what is wrong with the line as a whole (mostly null)."""
LINE, SHAPE, EMPTY = "graphrec_line", "graphrec_shape", "graphrec_empty"
"""Columns that a table may have where a line becomes several rows: the number of the line, over all files; a cell that
cannot be taken apart; the reason why a line holds nothing to use."""

_COMPRESSED = (".gz", ".zst")
_LONGEST_LINE = 16 * 2**20
"""Bytes of a line of JSON: an event of an analytics export carries dozens of parameters."""


Source = Callable[[str, TableConfig, Any], str]
"""Paths as a list of SQL, settings, a connection -> the SQL that reads them."""


@dataclass(frozen=True)
class RawTable:
    """Rows of files in their order, not yet read.

    Parameters
    ----------
    table : ibis.Table
        The original columns (text, but for Parquet), `FILE` and `DAMAGE`.
    columns : tuple of str
        Names of the original columns.
    name : str
        How errors call the table.
    connection : ibis backend
        That the table lives in.
    headless : bool
        Whether the first line of a text file is a row.
    copies : Copies
        What is read in place of files that DuckDB cannot read as they stand.
    """

    table: ibis.Table
    columns: tuple[str, ...]
    name: str
    connection: Any
    headless: bool
    copies: Copies = field(default_factory=Copies)

    def numbered(self) -> RawTable:
        """Give the rows a number in `LINE`, in their order."""
        if LINE in self.table.columns:
            return self
        return replace(self, table=self.view(self.table.mutate(**{LINE: ibis.row_number()})))

    def view(self, table: ibis.Table) -> ibis.Table:
        """Give a step a name of its own: Ibis would else write every expression out wherever it is used."""
        return self.connection.create_view(f"step_{uuid4().hex}", table)

    def widths(self) -> tuple[int, int]:
        """Count the fields of a text file's first lines, as commas, semicolons or tabs cut them: fewest and most."""
        signs = "length(regexp_replace(line, '[^,;\t]', '', 'g'))"
        source = f"SELECT {signs} + 1 AS fields FROM {lines_of_text(_list(self.copies.read))} LIMIT 200"
        try:
            found = self.connection.con.execute(f"SELECT min(fields), max(fields) FROM ({source})").fetchone()
        except duckdb.Error:  # the file is no text
            return 1, 1
        fewest, most = found
        return int(fewest or 1), int(most or 1)

    def ragged(self) -> pd.DataFrame:
        """Tell the lines that could not be cut into columns: `file`, `row`, `text`; to be asked after reading.

        `foreign` says of a line that it holds bytes that are no UTF-8.
        """
        try:
            lines = self.connection.con.execute(
                "SELECT any_value(file_path) AS file, line, any_value(csv_line) AS text, "
                "any_value(error_message) AS why, bool_or(error_type = 'INVALID ENCODING') AS foreign "
                "FROM reject_errors JOIN reject_scans USING (scan_id, file_id) "
                "GROUP BY scan_id, file_id, line "
                "ORDER BY file, line"
            ).df()
        except duckdb.CatalogException:
            lines = pd.DataFrame({"file": [], "line": [], "text": [], "why": [], "foreign": []})
        # The connection keeps what was met by an earlier reading, of other copies of the files.
        lines = lines[lines["file"].isin([str(file) for file in self.copies.read])]
        return pd.DataFrame(
            {
                "file": lines["file"].astype("str").replace(self.copies.originals),
                "row": lines["line"].astype("int64") - (0 if self.headless else 1),
                "text": lines["text"].astype("str").str.strip() + "  -- " + lines["why"].astype("str"),
                "foreign": lines["foreign"].astype("bool"),
            }
        )


def input_files(config: TableConfig) -> list[Path]:
    """List the files that a configured path or glob names, sorted.

    Raises
    ------
    EventsError
        When there is none, or one of them is empty, or something else than its name says.
    """
    if not config.path:
        raise EventsError("no path is given; set events.path to a file or a glob of CSV, Parquet or JSON lines")
    files = sorted(glob(config.path, recursive=True)) or [config.path]  # noqa: PTH207 - the pattern is the user's
    for file in files:
        try:
            there = Path(file).is_file()
        except OSError as error:  # a name that no disk takes
            raise EventsError(f"cannot read {file[:80]}: {error.strerror}; correct the path") from None
        if not there:
            raise EventsError(f"cannot read {file}: there is no such file; check the path in the configuration")
        if Path(file).stat().st_size == 0:
            raise EventsError(f"{file} is empty; give a file with a header and at least one row")
        refuse_misnamed(Path(file))
    return [Path(file) for file in files]


def open_table(
    connection: Any,  # noqa: ANN401
    config: TableConfig,
    files: Sequence[Path] | None = None,
    copies: Copies | None = None,
) -> RawTable:
    """Lay a view over files; text files come as text, Parquet keeps its types.

    Parameters
    ----------
    connection : ibis.backends.duckdb.Backend
    config : TableConfig
        Path, separator, header.
    files : sequence of Path, optional
        Only these of the configured path.
    copies : Copies, optional
        What is to be read in their place.

    Raises
    ------
    EventsError
        When the path is missing, unreadable, or of a kind that is not known.
    """
    files = input_files(config) if files is None else files
    return lay_view(connection, config, files, copies)


def lay_view(
    connection: Any,  # noqa: ANN401
    config: TableConfig,
    files: Sequence[Path],
    copies: Copies | None,
    source: Source | None = None,
) -> RawTable:
    """Lay a view over files, or over what is read in their place, by the SQL that reads their format.

    Raises
    ------
    EventsError
        When DuckDB cannot read them.
    """
    copies = readable_copies(files, config) if copies is None else copies
    source = _format(copies.read[0]) if source is None else source
    view = f"raw_{uuid4().hex}"
    name = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
    try:
        connection.raw_sql(f"CREATE VIEW {view} AS {source(_list(copies.read), config, connection)}")
        table = connection.table(view)
    except duckdb.Error as error:
        if not copies.damaged and hold_foreign_bytes(files, config):
            return lay_view(connection, config, files, decoded_copies(files, config), source)
        raise unreadable(config, error) from None
    columns = tuple(column for column in table.columns if column not in (FILE, DAMAGE))
    if copies.originals:
        file = table[FILE].substitute(copies.originals, else_=table[FILE])
        table = table.mutate(**{FILE: file})
    return RawTable(table, columns, name, connection, config.header is not None, copies)


def column_names(config: TableConfig) -> list[str]:
    """Return the column names of a table without reading its rows."""
    connection = ibis.duckdb.connect()
    try:
        return list(open_table(connection, config).columns)
    finally:
        connection.disconnect()


def unreadable(config: TableConfig, error: Exception) -> EventsError:
    """Say in one line why a file cannot be read."""
    return EventsError(f"cannot read {config.path}: {first_line(error)}; check the file and its separator")


def _csv(paths: str, config: TableConfig, connection: Any) -> str:  # noqa: ANN401
    """Write DuckDB's reader of a text table: everything as text, damaged lines kept aside."""
    options = ["all_varchar=true", "store_rejects=true", "null_padding=false", f"filename='{FILE}'"]
    if config.separator is not None:
        options.append(f"delim={_quote(config.separator)}")
    if not config.quoted:
        options.append("quote='', escape=''")
    if config.header is not None:
        _refuse_other_widths(paths, config.header, options, connection)
        names = ", ".join(_quote(name) for name in config.header)
        options.append(f"header=false, names=[{names}]")
    else:
        options.append("header=true")
    return f"SELECT *, NULL::VARCHAR AS {DAMAGE} FROM read_csv({paths}, {', '.join(options)})"


def _refuse_other_widths(paths: str, header: Sequence[str], options: Sequence[str], connection: Any) -> None:  # noqa: ANN401
    """Hold the names of columns against every file: they are given by place, and each file may have its own."""
    sniffed = [option for option in options if not option.startswith(("filename", "store_rejects"))]
    settings = ", ".join([*sniffed, "header=false", "ignore_errors=true"])
    for (file,) in connection.con.execute(f"SELECT unnest({paths})").fetchall():
        found = connection.con.execute(f"SELECT len(Columns) FROM sniff_csv({_quote(file)}, {settings})").fetchall()
        if found[0][0] != len(header):
            raise EventsError(
                f"{file} has {found[0][0]} columns, and header names {len(header)} ({', '.join(header)}); name all of "
                "them in their order, or read files of another shape by a configuration of their own"
            )


def _parquet(paths: str, config: TableConfig, connection: Any) -> str:  # noqa: ANN401
    return f"SELECT *, NULL::VARCHAR AS {DAMAGE} FROM read_parquet({paths}, filename='{FILE}')"


def _json_lines(paths: str, config: TableConfig, connection: Any) -> str:  # noqa: ANN401
    """Write a reader of JSON lines that keeps lines that are no JSON, so that they can be counted."""
    lines = _entries_of_array(paths) if _is_array(paths, connection) else lines_of_text(paths)
    # DuckDB may evaluate both sides of an AND, and taking apart what is no JSON is an error.
    entry = "CASE WHEN json_type(CASE WHEN json_valid(line) THEN line END) = 'OBJECT' THEN line END"
    keys = connection.con.execute(
        f"SELECT DISTINCT unnest(json_keys({entry})) AS key FROM (SELECT line FROM {lines} LIMIT 2000) ORDER BY key"
    ).fetchall()
    # An empty key is no name of a column; it cannot be asked for.
    names = [key for (key,) in keys if key]
    if not names:
        raise EventsError(f"{config.path}: none of the first lines is a JSON object; give one object a line")
    columns = ", ".join(f"json_extract_string({entry}, {_quote(_pointer(key))}) AS {_name(key)}" for key in names)
    damage = f"CASE WHEN {entry} IS NULL THEN 'is no JSON object: ' || line[:200] END"
    return f"SELECT {columns}, {FILE}, {damage} AS {DAMAGE} FROM {lines} WHERE trim(line) <> ''"


def lines_of_text(paths: str) -> str:
    """Write a reader of whole lines, `line` and `FILE`, whatever stands in them."""
    return (
        f"read_csv({paths}, columns={{'line': 'VARCHAR'}}, header=false, auto_detect=false, delim='\\x1f', quote='', "
        f"escape='', strict_mode=false, max_line_size={_LONGEST_LINE}, filename='{FILE}')"
    )


def _entries_of_array(paths: str) -> str:
    """Write a reader of the objects of a JSON array, as if each stood on a line."""
    objects = f"read_json_objects({paths}, format='array', maximum_object_size={_LONGEST_LINE}, filename='{FILE}')"
    return f"(SELECT json::VARCHAR AS line, {FILE} FROM {objects})"


def _is_array(paths: str, connection: Any) -> bool:  # noqa: ANN401
    first = connection.con.execute(f"SELECT line FROM {lines_of_text(paths)} WHERE trim(line) <> '' LIMIT 1").fetchone()
    return first is not None and first[0].lstrip("\ufeff \t").startswith("[")


_FORMATS: Mapping[str, Source] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".txt": _csv,
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_lines,
    ".dat": _csv,
}


def _format(file: Path) -> Source:
    suffixes = [suffix.lower() for suffix in file.suffixes]
    while suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    reader = _FORMATS.get(suffixes[-1] if suffixes else "")
    if reader is None:
        raise EventsError(
            f"{file}: the ending says no known format; use one of {', '.join(_FORMATS)} (.gz and .zst may follow), "
            "or .xlsx"
        )
    return reader


def _list(files: Sequence[Path]) -> str:
    return "[" + ", ".join(_quote(str(file)) for file in files) + "]"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _pointer(key: str) -> str:
    """Point at a key of a JSON object, whatever stands in it (RFC 6901)."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

"""Workbooks of Excel -> a Parquet file of texts for each sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

import pandas as pd

from graphrec.config import TableConfig
from graphrec.errors import EventsError, first_line

WORKBOOKS = (".xlsx", ".xlsm")


def write_sheets(file: Path, config: TableConfig, folder: Path) -> dict[str, str]:
    """Write the sheets that the settings name, or all that are not empty: path -> name, for messages.

    Raises
    ------
    EventsError
        When the library is missing, the file is no workbook, a sheet is not there, or sheets differ in their columns.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise EventsError(f"{file}: workbooks need python-calamine; pip install 'graphrec[excel]'") from None
    try:
        with CalamineWorkbook.from_path(str(file)) as workbook:
            names = workbook.sheet_names if config.sheets is None else config.sheets
            absent = [name for name in names if name not in workbook.sheet_names]
            if absent:
                raise EventsError(
                    f"{file} has no sheet {absent[0]!r} but {', '.join(map(repr, workbook.sheet_names))}; "
                    f"correct {config.section}.sheets"
                )
            sheets = {name: _frame(workbook.get_sheet_by_name(name).to_python(), config) for name in names}
    except (CalamineError, OSError) as error:
        raise EventsError(f"cannot read {file}: {first_line(error)}; is it a workbook?") from None
    sheets = {name: frame for name, frame in sheets.items() if len(frame.columns)}
    if not sheets:
        raise EventsError(f"{file} is empty; give a workbook with a header and at least one row")
    _refuse_differing(file, sheets, config)
    written = {}
    for place, (name, frame) in enumerate(sheets.items()):
        path = folder / f"{len(list(folder.iterdir()))}-{place}.parquet"
        frame.to_parquet(path, index=False)
        written[str(path)] = f"{file}[{name}]"
    return written


def _frame(rows: Sequence[Sequence[object]], config: TableConfig) -> pd.DataFrame:
    """Turn the cells of a sheet into texts under the names of its first line that is not blank."""
    cells = pd.DataFrame(list(rows), dtype="object").map(_text)
    cells = cells.dropna(how="all").dropna(axis="columns", how="all")
    if not len(cells):
        return pd.DataFrame()
    if config.header is not None:
        return cells.set_axis([*config.header, *map(str, cells.columns)][: len(cells.columns)], axis=1).astype("string")
    names = [str(name) if name is not None else f"column {place + 1}" for place, name in enumerate(cells.iloc[0])]
    return cells.iloc[1:].set_axis(names, axis=1).astype("string")


def _text(cell: object) -> str | None:
    """Write a cell as text, a whole number without '.0', a time as ISO 8601; None for a blank one."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    text = str(cell).strip()
    return text or None


def _refuse_differing(file: Path, sheets: dict[str, pd.DataFrame], config: TableConfig) -> None:
    """Stop where sheets are tables of different things."""
    (first, expected), *others = ((name, list(frame.columns)) for name, frame in sheets.items())
    for name, columns in others:
        if columns != expected:
            raise EventsError(
                f"{file}: sheet {name!r} has the columns {', '.join(columns)}, sheet {first!r} has "
                f"{', '.join(expected)}; name the sheets to read under {config.section}.sheets"
            )

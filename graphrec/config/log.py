"""Settings of the log: where it lies, what its rows mean, how damage is met."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from graphrec.config.section import Section


class KeepRule(Section):
    """A condition that a row of the log must meet to be used; the others are counted as filtered."""

    column: str
    """Column of the original table."""
    above: float | None = None
    """Keep rows whose number is greater than this."""
    matches: str | None = None
    """Keep rows whose text this regular expression finds from its beginning on."""

    @model_validator(mode="after")
    def _one_condition(self) -> KeepRule:
        if (self.above is None) == (self.matches is None):
            raise ValueError(f"keep rule for column {self.column!r} needs either 'above' or 'matches'")
        return self


class TableConfig(Section):
    """Where a table lies and how its text is cut into columns."""

    path: str | None = None
    """A file or a glob: CSV, TSV or TXT (gz, zst too), Parquet, JSON lines."""
    columns: dict[str, str | list[str]] = Field(default_factory=dict)
    """graphrec's word -> the table's column. Of a list, all columns are joined into one value; of a list for
    `type`, the first that is not missing counts."""
    separator: str | None = None
    """Of a text file; None: found out by looking at it."""
    header: list[str] | None = None
    """Column names of a text file that has no header line."""


class EventsConfig(TableConfig):
    """The log and how its rows become events."""

    reader: Literal["columns", "rees46"] = "columns"
    """'columns' reads any table by the mapping in `columns`; 'rees46' knows the REES46 files."""
    kinds: dict[Literal["view", "cart", "purchase", "ignore"], list[str]] = Field(default_factory=dict)
    """What the values of the kind column mean; 'ignore' lists values to filter out."""
    default_kind: Literal["view", "cart", "purchase"] | None = None
    """Kind of every row, for a log without a kind column."""
    time_format: str | None = None
    """strftime format of the time column, or 's' / 'ms' for Unix time; None: ISO 8601."""
    keep: list[KeepRule] = Field(default_factory=list)
    """Rows must meet all of these."""
    on_bad_rows: Literal["fail", "quarantine"] = "fail"
    """'quarantine' sets bad rows aside, counts them by reason and writes them into the model directory."""
    session_gap_minutes: float = Field(30.0, gt=0)
    """Without a session column, a user's pause longer than this begins a new session."""


class CatalogueConfig(TableConfig):
    """The table of item facts, when they do not stand in the log."""


class SplitConfig(Section):
    """A global time split: nothing after the cut is fitted on."""

    test_from: str | None = None
    """First day (ISO) of the held-out events; None: fit on everything."""

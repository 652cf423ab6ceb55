"""Settings of the log: where it lies, what its rows mean, how damage is met."""

from __future__ import annotations

from datetime import date, datetime
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
    separator: str | None = Field(None, min_length=1, max_length=4)
    """Of a text file; None: found out by looking at it."""
    header: list[str] | None = None
    """Column names of a text file that has no header line."""
    quoted: bool = True
    """Whether a text file may put its fields between quotation marks."""
    missing: dict[str, list[str]] = Field(default_factory=dict)
    """graphrec's word -> texts that stand for a value that is not known, '0' for example."""
    keep: list[KeepRule] = Field(default_factory=list)
    """Rows must meet all of these; the others are counted as filtered."""


class EventsConfig(TableConfig):
    """The log and how its rows become events."""

    reader: Literal["columns", "rees46", "retailrocket", "amazon_m2", "amazon_reviews", "links", "ga4"] = "columns"
    """'columns' reads any table by the mapping in `columns`; the others know a published format."""
    kinds: dict[Literal["view", "cart", "purchase", "ignore"], list[str]] = Field(default_factory=dict)
    """What the values of the kind column mean; 'ignore' lists values to filter out."""
    default_kind: Literal["view", "cart", "purchase"] | None = None
    """Kind of every row, for a log without a kind column."""
    time_format: str | None = None
    """strftime format of the time column, or 's' / 'ms' / 'us' for Unix time; None: ISO 8601."""
    session_gap_minutes: float = Field(30.0, gt=0)
    """Without a session column, a user's pause longer than this begins a new session."""
    on_bad_rows: Literal["fail", "quarantine"] = "quarantine"
    """'quarantine' sets bad rows aside, counts them by reason and writes them down; 'fail' stops at the first."""
    max_rejected_share: float = Field(0.05, ge=0, le=1)
    """A log of which more is rejected is not read: its columns are likely mapped wrongly."""
    earliest: date = date(1990, 1, 1)
    """An event before this day is rejected: a clock that was never set writes 1970."""
    latest: date | None = None
    """An event after this day is rejected; None: no limit, since a result must not hang on today's date."""
    before: datetime | None = None
    """Rows from this moment on (ISO) are filtered, as if they had not been written yet; None: none are."""
    duplicates: Literal["drop", "keep"] = "drop"
    """'drop' filters a row that equals an earlier one in session, order, item, kind, time, price and quantity. Logs
    whose times are days, or that have none, keep all rows: there a repetition is a second look, not damage."""
    max_session_events: int = Field(1000, ge=2)
    """A session of more views and carts is a robot's and is filtered; an order may be as long as it likes."""


class CatalogueConfig(TableConfig):
    """The table of item facts, when they do not stand in the log."""

    reader: Literal["columns", "retailrocket", "amazon_m2", "amazon_metadata"] = "columns"
    """'columns' reads any table by the mapping in `columns`; the others know a published format."""
    tree: str | None = None
    """Of the reader 'retailrocket': the table of categories and their parents."""


class StoreConfig(Section):
    """The cleaned log on disk, made once and used again as long as its files and settings stay the same."""

    path: str | None = None
    """Folder to keep it in; None: a large log's is kept in the user's cache folder, a small one's in a temporary
    folder."""
    keep_above_mb: float = Field(200.0, ge=0)
    """How large the files of a log must be together to be called large."""
    daily: bool = False
    """Keep the counts of all pairs too, so that a new day's file is added without counting the old days again."""

"""Settings of the log: where it lies, what its rows mean, how damage is met."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import ClassVar, Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from graphrec.config.section import Section


class KeepRule(Section):
    """A condition that a row of the log must meet to be used; the others are counted as filtered."""

    column: str
    """Column of the original table."""
    above: float | None = None
    """Keep rows whose number is greater than this."""
    matches: str | None = None
    """Keep rows whose text this regular expression finds from its beginning on; a blank cell is an empty text."""
    empty: bool | None = None
    """true: keep rows in which the column is blank, false: those in which it is not."""

    @model_validator(mode="after")
    def _one_condition(self) -> KeepRule:
        if sum(condition is not None for condition in (self.above, self.matches, self.empty)) != 1:
            raise ValueError(f"keep rule for column {self.column!r} needs either 'above' or 'matches' or 'empty'")
        return self


class TableConfig(Section):
    """Where a table lies and how its text is cut into columns."""

    section: ClassVar[str] = "events"

    path: str | None = None
    """A file or a glob: CSV, TSV or TXT (gz, zst too), Parquet, JSON lines or a JSON array, a workbook (xlsx)."""
    columns: dict[str, str | list[str]] = Field(default_factory=dict)
    """graphrec's word -> the table's column; `order.id` is the field `id` of a nested column `order`. Of a list, all
    columns are joined into one value; of a list for `type`, the first that is not missing counts; of a day and a
    number for `time`, the number orders the rows of a day."""
    separator: str | None = Field(None, min_length=1, max_length=4)
    """Of a text file; None: found out by looking at it."""
    header: list[str] | None = None
    """Column names of a text file that has no header line."""
    quoted: bool = True
    """Whether a text file may put its fields between quotation marks."""
    encoding: str = "utf-8"
    """Of a text file, with or without a byte order mark: utf-8, utf-16, cp1252, gbk and whatever else Python knows."""
    sheets: list[str] | None = None
    """Of a workbook, the sheets to read; None: all, which must then have the same columns."""
    decimal: Literal[".", ","] = "."
    """What stands before the fraction of a number. Currency signs beside a number are left away."""
    thousands: str | None = Field(None, min_length=1, max_length=1)
    """What groups the digits of a number, ',' or '.' or a blank for example; None: nothing does."""
    fill_down: list[str] = Field(default_factory=list)
    """Columns that stand on the first line of an order alone: a blank cell counts as the one above it, of the same
    session (or order) where its column is not filled down itself."""
    missing: dict[str, list[str]] = Field(default_factory=dict)
    """graphrec's word -> texts that stand for a value that is not known, '0' for example."""
    keep: list[KeepRule] = Field(default_factory=list)
    """Rows must meet all of these; the others are counted as filtered."""

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        """Refuse a name that Python's codecs do not know."""
        try:
            "".encode(value)
        except LookupError:
            raise ValueError(f"there is no encoding {value!r}; use utf-8, utf-16, cp1252 or gbk, for example") from None
        return value

    @model_validator(mode="after")
    def _two_signs(self) -> TableConfig:
        if self.thousands is not None and (self.thousands == self.decimal or self.thousands.isdigit()):
            raise ValueError(f"thousands {self.thousands!r} is a digit or the decimal sign; set decimal to the other")
        return self


class ExplodeConfig(Section):
    """How a cell that holds several items becomes a row of each."""

    column: str | list[str]
    """The column with several items in a cell: packed by `separator`, a JSON array, or a list of Parquet. Or several
    columns of one item each, `[item1, item2]` or `item*`: blank ones count as none."""
    separator: str | None = None
    """What stands between the items of a cell; None: the cell is a list."""
    item: str | None = None
    """Where in an entry its id stands: in a list the field (`sku`, `product.id`), in a packed cell a regular expression
    whose first group is taken; None: the whole entry is the id."""
    quantity: str | list[str] | None = None
    """Where its quantity stands, told as for `item`; or another column that is packed alike, or as many columns."""
    price: str | list[str] | None = None
    """Where its price stands, told as for `quantity`."""

    @model_validator(mode="after")
    def _expressions(self) -> ExplodeConfig:
        if self.separator is not None:
            for pattern in (self.item, self.quantity, self.price):
                try:
                    re.compile(pattern if isinstance(pattern, str) else "")
                except re.error as error:
                    raise ValueError(f"{pattern!r} is no regular expression ({error}); correct it") from None
        return self


class EventsConfig(TableConfig):
    """The log and how its rows become events."""

    reader: Literal[
        "columns",
        "baskets",
        "one_hot",
        "shopify",
        "woocommerce",
        "magento",
        "rees46",
        "retailrocket",
        "amazon_m2",
        "amazon_reviews",
        "links",
        "ga4",
    ] = "columns"
    """'columns' reads any table by the mapping in `columns`; 'baskets' lines that are a basket each; 'one_hot' a
    column for each item; the others know a published format."""
    explode: ExplodeConfig | None = None
    """Several items in a cell, or in several columns, become a row each; None: a row is an event."""
    kinds: dict[Literal["view", "cart", "purchase", "ignore"], list[str]] = Field(default_factory=dict)
    """What the values of the kind column mean; 'ignore' lists values to filter out."""
    default_kind: Literal["view", "cart", "purchase"] | None = None
    """Kind of every row, for a log without a kind column."""
    time_format: str | None = None
    """strftime format of the time column, or 's' / 'ms' / 'us' for Unix time; None: ISO 8601."""
    time_zone: str = "UTC"
    """Of times that name no zone themselves, 'Europe/Berlin' for example; an hour that the clocks repeat is told apart
    by the order of a user's rows."""
    session_gap_minutes: float = Field(30.0, gt=0)
    """Without a session column, a user's pause longer than this begins a new session."""
    on_bad_rows: Literal["fail", "quarantine"] = "quarantine"
    """'quarantine' sets bad rows aside, counts them by reason and writes them down; 'fail' stops at the first."""
    on_bad_prices: Literal["blank", "reject"] = "blank"
    """What a price that is no number costs: 'blank' the price alone, which is counted; 'reject' the whole row."""
    max_rejected_share: float = Field(0.05, ge=0, le=1)
    """A log of which more is rejected, or lacks its price because it is no number, is not read: its columns are likely
    mapped wrongly."""
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

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        """Refuse a zone that the IANA's list does not hold."""
        if value not in available_timezones():
            raise ValueError(f"there is no time zone {value!r}; use a name such as Europe/Berlin")
        return value


class CatalogueConfig(TableConfig):
    """The table of item facts, when they do not stand in the log."""

    section: ClassVar[str] = "catalogue"

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

"""Catalogue and RowCounts: what the rest of graphrec may rely on, checked once when they are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from graphrec.errors import EventsError, UnknownItem

Kind = Literal["view", "cart", "purchase"]
KINDS: tuple[Kind, ...] = ("view", "cart", "purchase")
"""Event kinds; the position of a kind is its code in `Events.frame`."""
VIEW, CART, PURCHASE = range(len(KINDS))

CATALOGUE_COLUMNS = ("item", "type", "category_path", "brand", "price", "title", "parent")


@dataclass(frozen=True)
class RowCounts:
    """Where the rows of a log went; `read` is always the sum of the others.

    Parameters
    ----------
    read : int
        Rows of the files, damaged ones included.
    used : int
        Rows that became events.
    rejected, filtered : mapping of str to int
        Reason -> rows, for bad rows and for rows that the configuration asked to leave out.
    damaged : mapping of str to int
        Reason -> rows that are used although one of their facts could not be read, a price for example.
    """

    read: int
    used: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    filtered: Mapping[str, int] = field(default_factory=dict)
    damaged: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        told = self.used + sum(self.rejected.values()) + sum(self.filtered.values())
        if told != self.read:
            raise EventsError(f"{self.read:,} rows were read but {told:,} accounted for; please report this")

    def plus(self, other: RowCounts) -> RowCounts:
        """Add the rows of other files."""
        return RowCounts(
            self.read + other.read,
            self.used + other.used,
            _added(self.rejected, other.rejected),
            _added(self.filtered, other.filtered),
            _added(self.damaged, other.damaged),
        )

    @property
    def rejected_share(self) -> float:
        """Share of the rows read that are bad."""
        return sum(self.rejected.values()) / max(self.read, 1)


@dataclass(frozen=True)
class Catalogue:
    """One row per item; the row number is the item's code inside graphrec.

    The items of the log stand first, in the order in which its files named them (sorted by id within what was
    read at once), so that a new day's items do not move the codes of the old; then those of the catalogue alone.

    Parameters
    ----------
    frame : DataFrame
        Columns `item` (text, unique), `type`, `category_path`, `brand`, `title`, `parent` (text or missing; variants
        of one product have the same parent) and `price` (float64, NaN when unknown).
    """

    frame: pd.DataFrame

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Catalogue:
        """Check a frame that has at least an `item` column of texts.

        Raises
        ------
        EventsError
            When ids are missing or stand twice, or a price is no number.
        """
        if "item" not in frame:
            raise EventsError(f"a catalogue needs a column 'item'; this one has {', '.join(map(str, frame.columns))}")
        frame = frame.reindex(columns=list(CATALOGUE_COLUMNS))
        if frame["item"].isna().any():
            raise EventsError(
                f"the catalogue has {int(frame['item'].isna().sum()):,} rows without an item id; fix them"
            )
        twice = frame["item"][frame["item"].duplicated()]
        if len(twice):
            raise EventsError(
                f"item {twice.iloc[0]!r} stands {int((frame['item'] == twice.iloc[0]).sum())} times in the catalogue "
                f"({len(twice):,} such rows); keep one row per item"
            )
        price = pd.to_numeric(frame["price"], errors="coerce").astype("float64")
        wrong = price.isna() & frame["price"].notna()
        if wrong.any():
            raise EventsError(
                f"catalogue column 'price' has {int(wrong.sum()):,} values that are no numbers "
                f"(first: {frame['price'][wrong].iloc[0]!r} of item {frame['item'][wrong].iloc[0]!r}); fix them"
            )
        texts = {name: _as_text(frame[name]) for name in CATALOGUE_COLUMNS if name != "price"}
        checked = pd.DataFrame({**texts, "price": price})[list(CATALOGUE_COLUMNS)]
        return cls(checked.reset_index(drop=True))

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def items(self) -> pd.Index[str]:
        """External ids; position = code."""
        ids: pd.Index[str] = pd.Index(self.frame["item"])
        return ids

    def codes(self, items: Iterable[str | int]) -> np.ndarray:
        """Turn external ids into codes, `(n,) int64`.

        Raises
        ------
        UnknownItem
            Naming every id that the catalogue does not hold.
        """
        names = [str(item) for item in items]
        codes = self.items.get_indexer(pd.Index(names, dtype=self.items.dtype))
        if (codes < 0).any():
            raise UnknownItem(dict.fromkeys(name for name, code in zip(names, codes, strict=True) if code < 0))
        return np.asarray(codes, dtype=np.int64)


def _as_text(values: pd.Series) -> pd.Series:
    """Turn whatever a user's column holds into texts, with None for missing and for blank."""
    missing = values.isna()
    texts = id_texts(values).str.strip()
    return texts.mask(missing | (texts == ""), None)


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


def id_texts(values: pd.Series) -> pd.Series:
    """Write ids as text; whole numbers that a missing value turned into floats lose their '.0'."""
    if pd.api.types.is_float_dtype(values):
        whole = values.dropna()
        if (whole == whole.round()).all():
            return values.astype("Int64").astype("str")
    return values.astype("str")

"""CleanLog: the batches of a cleaned log on disk, and what each was made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import pandas as pd

from graphrec.events.cleaning import EVENTS, FACTS, ITEMS, REJECTED
from graphrec.events.tables import RowCounts


@dataclass(frozen=True)
class Batch:
    """Files that were cleaned together.

    Parameters
    ----------
    folder : str
        Name in the store.
    files : mapping of str to str
        Path -> fingerprint.
    positions : int
        Rows staged.
    by_pauses : bool
        Whether sessions were found by pauses.
    first, last : str or None
        Times of the first and the last event, ISO.
    rows : mapping
        The fields of its `RowCounts`.
    """

    folder: str
    files: Mapping[str, str]
    positions: int
    by_pauses: bool
    first: str | None
    last: str | None
    rows: Mapping[str, Any]

    @property
    def counts(self) -> RowCounts:
        """Where its rows went."""
        return RowCounts(**self.rows)


@dataclass(frozen=True)
class CleanLog:
    """A cleaned log.

    Parameters
    ----------
    folder : Path
    settings : str
        Fingerprint of what it was cleaned with.
    batches : sequence of Batch
    kept : bool
        Whether the folder outlives this object.
    keeper : object
        Says that the folder is in use, or takes a temporary one away when nobody needs it any more.
    """

    folder: Path
    settings: str
    batches: Sequence[Batch]
    kept: bool
    keeper: object = field(default=None, repr=False, compare=False)

    @property
    def event_files(self) -> list[Path]:
        """The Parquet files of the events, oldest batch first."""
        return [self.folder / batch.folder / EVENTS for batch in self.batches]

    @property
    def item_files(self) -> list[Path]:
        """The Parquet files of the items, oldest batch first."""
        return [self.folder / batch.folder / ITEMS for batch in self.batches]

    @cached_property
    def counts(self) -> RowCounts:
        """Where the rows of all files went."""
        return reduce(RowCounts.plus, (batch.counts for batch in self.batches))

    def items(self) -> pd.DataFrame:
        """Read `item`, `key`, `code` of all items, by code."""
        return _concat(self.item_files)

    def facts(self) -> pd.DataFrame:
        """Read what the log says of items: facts and how many rows say so."""
        return _concat(self.folder / batch.folder / FACTS for batch in self.batches)

    def rejected(self) -> pd.DataFrame:
        """Read the bad rows: `file`, `row`, `reason`, `text`."""
        return _concat(self.folder / batch.folder / REJECTED for batch in self.batches)


def _concat(files: Iterable[Path]) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)

"""Original columns -> graphrec's words: how each reader names the columns of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

import pandas as pd

from graphrec.config import EventsConfig, TableConfig
from graphrec.errors import EventsError
from graphrec.events.tables import CATALOGUE_COLUMNS, id_texts

Columns = Mapping[str, Sequence[str]]
"""graphrec's word -> the table's columns."""

LOG_WORDS = ("time", "session", "user", "item", "kind", *CATALOGUE_COLUMNS[1:])
_ID_WORDS = frozenset({"session", "user", "item"})


def map_columns(config: TableConfig, available: Sequence[str], words: Sequence[str], section: str) -> Columns:
    """Read the mapping that a user wrote and hold it against the table.

    Raises
    ------
    EventsError
        When a word does not exist or a column is not in the table.
    """
    for word in config.columns:
        if word not in words:
            raise EventsError(f"{section}.columns.{word}: there is no such word; use {', '.join(words)}")
    columns = _listed(config)
    _require(columns, available, section, str(config.path))
    return columns


def _generic_log(config: EventsConfig, available: Sequence[str]) -> Columns:
    """Use the mapping of the configuration as it stands."""
    return map_columns(config, available, LOG_WORDS, "events")


def _rees46_log(config: EventsConfig, available: Sequence[str]) -> Columns:
    """Name the columns of the two REES46 schemas: the multi-category store and the purchase-only one.

    https://www.kaggle.com/datasets/mkechinov/ecommerce-behavior-data-from-multi-category-store and
    https://www.kaggle.com/datasets/mkechinov/ecommerce-purchase-history-from-electronics-store
    """
    columns = _REES46_SHARED | (_REES46_STORE if "user_session" in available else _REES46_ORDERS)
    if "title" in available:
        columns["title"] = ["title"]
    columns |= _listed(config)
    _require(columns, available, "events", str(config.path))
    return columns


_REES46_SHARED = {
    "time": ["event_time"],
    "item": ["product_id"],
    "category_path": ["category_code"],
    "type": ["category_code", "category_id"],
    "brand": ["brand"],
    "price": ["price"],
    "user": ["user_id"],
}
_REES46_STORE = {"session": ["user_session"], "kind": ["event_type"]}
_REES46_ORDERS = {"session": ["order_id"]}

LOG_READERS: dict[str, Callable[[EventsConfig, Sequence[str]], Columns]] = {
    "columns": _generic_log,
    "rees46": _rees46_log,
}


def rename(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Give a table graphrec's words, joining the columns of composite ones.

    The parts of an id are all needed; of a type the first that is there is taken; the parts of another
    text that are there are joined by a blank.
    """
    renamed = {}
    for word, names in columns.items():
        parts = frame[list(names)]
        if word in _ID_WORDS:
            texts = [id_texts(parts[name]).mask(parts[name].isna(), None) for name in names]
            joined = _joined(texts, "|")
        elif word == "type":
            joined = parts.bfill(axis=1).iloc[:, 0] if len(names) > 1 else parts[names[0]]
        elif len(names) > 1:
            filled = [parts[name].astype("str").mask(parts[name].isna(), "") for name in names]
            joined = _joined(filled, " ").str.split().str.join(" ")
        else:
            joined = parts[names[0]]
        renamed[word] = joined
    return pd.DataFrame(renamed, index=frame.index)


def _joined(texts: Sequence[pd.Series], separator: str) -> pd.Series:
    """Join texts row by row; where one is missing, so is the whole."""
    return reduce(lambda left, right: left.str.cat(right, sep=separator), texts)


def _listed(config: TableConfig) -> dict[str, list[str]]:
    """Write every mapping of the configuration as a list of columns."""
    return {word: [names] if isinstance(names, str) else list(names) for word, names in config.columns.items()}


def _require(columns: Columns, available: Sequence[str], section: str, path: str) -> None:
    for word, names in columns.items():
        for name in names:
            if name not in available:
                raise EventsError(
                    f"column '{name}' (for '{word}') is not in {path}, which has {', '.join(available)}; "
                    f"correct {section}.columns.{word}"
                )

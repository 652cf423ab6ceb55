"""The border: texts of a log -> typed columns, every bad row named with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from graphrec.config import EventsConfig
from graphrec.errors import EventsError
from graphrec.events.tables import KINDS

_EPOCH_UNITS: Mapping[str | None, Literal["s", "ms"]] = {"s": "s", "ms": "ms"}
"""Time formats that count from 1970 -> the unit they count in."""


@dataclass(frozen=True)
class Problem:
    """A rule that some rows of a column break.

    Parameters
    ----------
    column : str
        The offender, by its name in the user's table.
    rule : str
        What its values are instead of what they should be.
    rows : ndarray
        `(rows,) bool`, true where broken.
    values : Series
        The column, for the example in the message.
    cure : str
        What a user may do.
    """

    column: str
    rule: str
    rows: np.ndarray
    values: pd.Series
    cure: str = "set events.on_bad_rows: quarantine or fix them"

    @property
    def reason(self) -> str:
        """Name the rule and the offender, the key under which rows are counted."""
        return f"{self.column}: {self.rule}"

    def error(self) -> EventsError:
        """Say it in one line."""
        first = self.values[self.rows]
        example = "missing" if pd.isna(first.iloc[0]) else repr(str(first.iloc[0]))
        return EventsError(
            f"column '{self.column}' has {int(self.rows.sum()):,} values that {self.rule} "
            f"(first: {example} at row {first.index[0]}); {self.cure}"
        )


def typed_columns(
    frame: pd.DataFrame, config: EventsConfig, names: Mapping[str, str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Turn texts into times, kinds and prices, and list every rule that is broken.

    Parameters
    ----------
    frame : DataFrame
        graphrec's words as columns; the index is the row number.
    config : EventsConfig
        Kinds and time format.
    names : mapping
        graphrec's word -> the column's name in the user's table, for messages.

    Returns
    -------
    DataFrame
        `time`, `session`, `user`, `item` (texts), `kind` (int8, -1 bad), `price` (float64).
    list of Problem
        In the order in which they should be told.
    """
    problems = []
    typed = pd.DataFrame(index=frame.index)
    typed["item"] = frame["item"]
    problems.append(Problem(names["item"], "are missing", frame["item"].isna().to_numpy(), frame["item"]))
    for word in ("session", "user"):
        typed[word] = frame.get(word)
    anchor = "session" if "session" in frame else "user"
    problems.append(Problem(names[anchor], "are missing", frame[anchor].isna().to_numpy(), frame[anchor]))

    typed["kind"], bad_kind = _kinds(frame, config)
    if "kind" in frame:
        cure = "map them under events.kinds (view, cart, purchase or ignore), or set events.on_bad_rows: quarantine"
        problems.append(Problem(names["kind"], "are no known event kind", bad_kind, frame["kind"], cure))
    typed["time"] = _times(frame, config)
    if "time" in frame:
        bad_time = typed["time"].isna().to_numpy()
        cure = "set events.time_format, or events.on_bad_rows: quarantine, or fix them"
        problems.append(Problem(names["time"], "are no times", bad_time, frame["time"], cure))
    typed["price"] = pd.to_numeric(frame["price"], errors="coerce") if "price" in frame else np.nan
    if "price" in frame:
        bad_price = (typed["price"].isna() & frame["price"].notna() & (frame["price"].astype("str") != "")).to_numpy()
        problems.append(Problem(names["price"], "are no numbers", bad_price, frame["price"]))
        problems.append(Problem(names["price"], "are below zero", (typed["price"] < 0).to_numpy(), frame["price"]))
    return typed, [problem for problem in problems if problem.rows.any()]


def _kinds(frame: pd.DataFrame, config: EventsConfig) -> tuple[pd.Series, np.ndarray]:
    """Code the event kinds; rows of an unknown kind get -1."""
    if "kind" not in frame:
        if config.default_kind is None:
            raise EventsError(
                "the log has no kind column: map events.columns.kind, or say with events.default_kind "
                "what every row is (view, cart or purchase)"
            )
        code = KINDS.index(config.default_kind)
        return pd.Series(np.full(len(frame), code, dtype=np.int8), index=frame.index), np.zeros(len(frame), dtype=bool)
    meaning: dict[str, int] = {kind: KINDS.index(kind) for kind in KINDS}
    for kind, values in config.kinds.items():
        meaning |= {value: -1 if kind == "ignore" else KINDS.index(kind) for value in values}
    texts = frame["kind"].astype("str")
    codes = texts.map(meaning)
    return codes.fillna(-1).astype(np.int8), codes.isna().to_numpy()


def _times(frame: pd.DataFrame, config: EventsConfig) -> pd.Series:
    """Parse times to UTC without a zone; what cannot be parsed is NaT."""
    if "time" not in frame:
        return pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us]")
    values = frame["time"]
    unit = _EPOCH_UNITS.get(config.time_format)
    if unit is not None:
        parsed = pd.to_datetime(pd.to_numeric(values, errors="coerce"), unit=unit, errors="coerce", utc=True)
    elif pd.api.types.is_datetime64_any_dtype(values):
        parsed = pd.to_datetime(values, utc=True)
    elif config.time_format is not None:
        parsed = pd.to_datetime(values.astype("str"), format=config.time_format, errors="coerce", utc=True)
    else:
        # REES46 writes "2019-10-01 00:00:00 UTC", which is ISO 8601 but for the name of the zone.
        texts = values.astype("str").str.removesuffix(" UTC")
        parsed = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    times: pd.Series = parsed.dt.tz_localize(None).astype("datetime64[us]")
    return times

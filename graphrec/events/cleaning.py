"""Files of a log -> one batch of clean Parquet: every row used, rejected or filtered, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import ibis
import numpy as np
import pandas as pd
from ibis import _

from graphrec.config import EventsConfig
from graphrec.errors import EventsError
from graphrec.events.copies import Copies, decoded_copies, hold_foreign_bytes
from graphrec.events.files import RawTable, unreadable
from graphrec.events.readers import LOG_READERS
from graphrec.events.reshape import reshaped
from graphrec.events.sessions import open_at_the_end, sessions_by_pauses
from graphrec.events.tables import CATALOGUE_COLUMNS, KINDS, RowCounts
from graphrec.events.validation import Rule, complaint, typed_columns
from graphrec.events.words import DAY, Words

EVENTS, ITEMS, FACTS = "events.parquet", "items.parquet", "facts.parquet"
"""Files of a batch: its events, the items that it was first to name, what its rows say of items."""
REJECTED, OPEN = "rejected.parquet", "open.parquet"
"""Files of a batch: its bad rows, and the sessions that are still open at its end."""

_ALIKE = ("session", "order", "key", "kind", "time", "price", "quantity")
"""Columns in which a duplicate equals an earlier row."""

_RAGGED = "line: wrong number of fields"
_DUPLICATE = "duplicate: says the same of the same moment"


@dataclass(frozen=True)
class Earlier:
    """What a batch has to know of the batches before it.

    Parameters
    ----------
    items : DataFrame
        `item`, `key`, `code` of all items so far.
    still_open : Path or None
        Sessions that may go on, where sessions are found by pauses.
    positions : int
        Rows staged so far.
    """

    items: pd.DataFrame
    still_open: Path | None = None
    positions: int = 0

    @classmethod
    def nothing(cls) -> Earlier:
        """Stand at the beginning."""
        return cls(pd.DataFrame({"item": pd.Series(dtype="str"), "key": pd.Series(dtype="int64"), "code": []}))


@dataclass(frozen=True)
class Cleaned:
    """What became of a batch.

    Parameters
    ----------
    counts : RowCounts
    positions : int
        Rows staged; positions of the next batch begin behind them.
    by_pauses : bool
        Whether sessions were found by pauses.
    first, last : Timestamp or NaT
        Of the events used.
    """

    counts: RowCounts
    positions: int
    by_pauses: bool
    first: pd.Timestamp
    last: pd.Timestamp


def clean_batch(
    connection: Any,  # noqa: ANN401 - ibis publishes no type of its backends
    config: EventsConfig,
    files: Sequence[Path],
    earlier: Earlier,
    folder: Path,
) -> Cleaned:
    """Read, check and code some files of a log, and write them into a folder.

    Raises
    ------
    EventsError
        When a file cannot be read, no row is left, or too many rows are bad.
    """
    config = LOG_READERS[config.reader].defaults(config)
    raw, words, rules, ragged = _staged(connection, config, files, folder)
    staged = _numbered(connection, folder / "staged.parquet")
    tally = staged.group_by(["rejected", "filtered", "damaged"]).agg(rows=_.count()).to_pandas()
    read = int(tally["rows"].sum()) + len(ragged)
    if not read:
        raise EventsError(f"{config.path} has no rows; give a file with at least one event")
    rejected = _rejected_rows(staged, ragged)
    _refuse_too_many(rejected, read, rules, config, raw.name)
    if tally["damaged"].notna().any():
        _refuse_too_many(_damaged_rows(staged), read, rules, config, raw.name)
    good = staged.filter(_.rejected.isnull() & _.filtered.isnull())
    by_pauses = "session" not in words.table.columns and "user" in words.table.columns
    if by_pauses:
        good = _with_found_sessions(connection, good, config, earlier)
    dropped, extra = _unwanted_rows(connection, good, config, "time" in words.table.columns)
    kept = good.anti_join(dropped, "row")
    _name_items(connection, kept, earlier, folder)
    timed = "time" in words.table.columns
    if not timed or DAY in words.table.columns:
        kept = _in_order(kept, timed=timed)
    events = _events(connection, kept, folder, earlier)
    connection.to_parquet(events, folder / EVENTS, compression="zstd")
    rejected.drop(columns="offender").to_parquet(folder / REJECTED, index=False)
    written = connection.read_parquet(folder / EVENTS)
    if by_pauses:
        connection.to_parquet(open_at_the_end(written, config.session_gap_minutes), folder / OPEN)
    facts = written.agg(rows=_.count(), first=_.time.min(), last=_.time.max()).to_pandas().iloc[0]
    damaged = kept.filter(_.damaged.notnull()).group_by("damaged").agg(rows=_.count()).to_pandas()
    (folder / "staged.parquet").unlink()
    filtered = tally.dropna(subset="filtered").groupby("filtered")["rows"].sum().to_dict() | extra
    counts = RowCounts(
        read=read,
        used=int(facts["rows"]),
        rejected={str(reason): int(n) for reason, n in rejected["reason"].value_counts(sort=False).items()},
        filtered={str(reason): int(n) for reason, n in filtered.items() if n},
        damaged={str(reason): int(n) for reason, n in damaged.set_index("damaged")["rows"].sort_index().items()},
    )
    if not counts.used:
        raise EventsError(
            f"{raw.name}: no row is left of {read:,}; see events.keep, events.kinds and events.time_format"
        )
    return Cleaned(counts, read - len(ragged), by_pauses, facts["first"], facts["last"])


def _staged(
    connection: Any,  # noqa: ANN401
    config: EventsConfig,
    files: Sequence[Path],
    folder: Path,
    copies: Copies | None = None,
) -> tuple[RawTable, Words, Sequence[Rule], pd.DataFrame]:
    """Write the typed rows of files beside what could not be cut into columns.

    Where some lines hold bytes of another encoding, copies without them are read instead.
    """
    raw = LOG_READERS[config.reader].open(connection, config, files, copies)
    raw, read_as = reshaped(raw, config)
    words = LOG_READERS[config.reader].words(raw, read_as)
    typed, rules = typed_columns(connection, words, read_as, lossy=raw.copies.damaged)
    try:
        connection.to_parquet(typed, folder / "staged.parquet")
        ragged = raw.ragged()
        foreign = bool(ragged["foreign"].any())
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        if raw.copies.damaged or not hold_foreign_bytes(files, config):
            raise unreadable(config, error) from None
        foreign = True
    if foreign and not raw.copies.damaged:
        return _staged(connection, config, files, folder, decoded_copies(files, config))
    return raw, words, rules, ragged.drop(columns="foreign")


def _numbered(connection: Any, file: Path) -> ibis.Table:  # noqa: ANN401
    """Open a staged file with its rows numbered from 0 in `row`."""
    view = f"staged_{uuid4().hex}"
    path = str(file).replace("'", "''")
    connection.raw_sql(
        f"CREATE VIEW {view} AS SELECT * RENAME (file_row_number AS row) "
        f"FROM read_parquet('{path}', file_row_number=true)"
    )
    return connection.table(view)


def _rejected_rows(staged: ibis.Table, ragged: pd.DataFrame) -> pd.DataFrame:
    """Gather bad rows with their number in their file, counting the ragged lines between them."""
    staged = staged.mutate(row=ibis.coalesce(_.line, _.row))
    starts = staged.group_by("file").agg(start=_.row.min()).to_pandas().set_index("file")["start"]
    bad = staged.filter(_.rejected.notnull()).select("file", "row", "rejected", "offender", "text").order_by("row")
    rows = bad.to_pandas()
    number = rows["row"].to_numpy() - starts.reindex(rows["file"]).to_numpy() + 1
    for file, lines in ragged.groupby("file"):
        own = (rows["file"] == file).to_numpy()
        before = np.sort(lines["row"].to_numpy()) - np.arange(len(lines))
        number[own] += np.searchsorted(before, number[own], side="right")
    rows = rows.assign(row=number.astype("int64")).rename(columns={"rejected": "reason"})
    lines = ragged.assign(reason=_RAGGED, offender=ragged["text"])
    everything = pd.concat([lines, rows]) if len(lines) and len(rows) else (lines if len(lines) else rows)
    return everything[["file", "row", "reason", "offender", "text"]].sort_values(["file", "row"], ignore_index=True)


def _damaged_rows(staged: ibis.Table) -> pd.DataFrame:
    """Gather the rows that lack a fact, as `_rejected_rows` does those that are not used."""
    lacking = staged.mutate(rejected=ibis.ifelse(_.filtered.isnull(), _.damaged, ibis.null("string")))
    return _rejected_rows(lacking, pd.DataFrame({"file": [], "row": [], "text": []}))


def _refuse_too_many(rejected: pd.DataFrame, read: int, rules: Sequence[Rule], config: EventsConfig, name: str) -> None:
    """Stop where bad rows are not to be set aside, or are more than is to be believed."""
    share = len(rejected) / read
    if not len(rejected) or (config.on_bad_rows == "quarantine" and share <= config.max_rejected_share):
        return
    reason = rejected["reason"].value_counts().index[0]
    own = rejected[rejected["reason"] == reason]
    first = own.iloc[0]
    if reason == _RAGGED:
        said = (
            f"{name} has {len(own):,} lines with a wrong number of fields (first: row {first['row']}: "
            f"{first['text'][:160]!r}); set events.separator, or events.reader: baskets if every line is a basket, "
            "or fix them"
        )
    else:
        rule = next(rule for rule in rules if rule.reason == reason)
        said = complaint(rule, len(own), str(first["offender"]), int(first["row"]))
    if config.on_bad_rows == "fail":
        raise EventsError(f"{said}, or set events.on_bad_rows: quarantine")
    raise EventsError(
        f"{name}: {len(rejected):,} of {read:,} rows ({share:.1%}) break a rule, more than events.max_rejected_share "
        f"allows ({config.max_rejected_share:.1%}); most often: {said}"
    )


def _with_found_sessions(connection: Any, good: ibis.Table, config: EventsConfig, earlier: Earlier) -> ibis.Table:  # noqa: ANN401
    still_open = connection.read_parquet(earlier.still_open) if earlier.still_open else None
    found = connection.create_table("found_sessions", sessions_by_pauses(good, config.session_gap_minutes, still_open))
    return good.drop("session").join(found, "row")


def _unwanted_rows(
    connection: Any,  # noqa: ANN401
    good: ibis.Table,
    config: EventsConfig,
    timed: bool,
) -> tuple[ibis.Table, dict[str, int]]:
    """Find the rows of robots, and those that say the same of the same moment."""
    looks = good.filter(_.kind != KINDS.index("purchase"))
    sizes = looks.group_by("session").agg(events=_.count()).filter(_.events > config.max_session_events)
    robots = connection.create_table("robots", sizes.select("session"))
    of_robots = good.semi_join(robots, "session").select("row")
    repeated = good.filter(ibis.literal(False)).select("row")
    if config.duplicates == "drop" and timed and _finer_than_days(good):
        # Prices and quantities may be missing, and a join finds no nulls.
        good = good.mutate(price=_.price.fill_null(-1), quantity=_.quantity.fill_null(0), order=_.order.fill_null(0))
        same = good.group_by(_ALIKE).agg(n=_.count(), earliest=_.row.min()).filter(_.n > 1)
        same = connection.create_table("repeated", same)
        repeated = good.join(same, _ALIKE).filter(_.row > _.earliest).anti_join(robots, "session").select("row")
    dropped = connection.create_table("dropped", of_robots.union(repeated))
    return dropped, {
        f"session: over {config.max_session_events:,} views and carts, a robot": int(of_robots.count().to_pandas()),
        _DUPLICATE: int(repeated.count().to_pandas()),
    }


def _finer_than_days(good: ibis.Table) -> bool:
    return bool((good.time != good.time.truncate("D")).any().to_pandas())


def _name_items(connection: Any, kept: ibis.Table, earlier: Earlier, folder: Path) -> None:  # noqa: ANN401
    """Write what the batch says of items, and give new ones the next codes in the order of their ids."""
    words = [word for word in CATALOGUE_COLUMNS if word != "price"]
    facts = kept.group_by(["key", *words, "price"]).agg(rows=_.count())
    connection.to_parquet(facts, folder / FACTS, compression="zstd")
    seen = connection.read_parquet(folder / FACTS).select("item", "key").distinct().to_pandas()
    new = seen[~seen["key"].isin(earlier.items["key"])].sort_values("item", ignore_index=True)
    if new["key"].duplicated().any():
        twins = new["item"][new["key"].duplicated(keep=False)].iloc[:2].tolist()
        raise EventsError(f"the ids {twins} have the same hash, which has a chance of 1 in 10**7; rename one of them")
    new["code"] = np.arange(len(earlier.items), len(earlier.items) + len(new), dtype=np.int32)
    new.to_parquet(folder / ITEMS, index=False)


def _in_order(kept: ibis.Table, *, timed: bool) -> ibis.Table:
    """Put the rows of a session together in a log without times, those of a day in their order where it is told."""
    start = kept.row.min().over(ibis.window(group_by="session"))
    kept = kept.mutate(start=start)
    within = ["time", "start", "place", "row"] if timed else ["start", "row"]
    return kept.mutate(row=ibis.row_number().over(ibis.window(order_by=within)))


def _events(connection: Any, kept: ibis.Table, folder: Path, earlier: Earlier) -> ibis.Table:  # noqa: ANN401
    """Code the items and the baskets."""
    new = connection.read_parquet(folder / ITEMS).select("key", "code")
    codes = new.mutate(code=_.code.cast("int32"))
    if len(earlier.items):
        known = connection.create_table("known_items", earlier.items[["key", "code"]])
        codes = codes.union(known.mutate(code=_.code.cast("int32")))
    purchase = kept.kind == KINDS.index("purchase")
    kept = kept.mutate(basket=ibis.ifelse(purchase, ibis.coalesce(kept.order, kept.session), ibis.null("int64")))
    joined = kept.join(codes, "key")
    return joined.select(
        session=_.session,
        basket=_.basket,
        user=_.user,
        item=_.code,
        kind=_.kind,
        time=_.time,
        price=_.price.cast("float32"),
        position=_.row.cast("int64") + earlier.positions,
    )

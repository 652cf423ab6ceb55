"""A configuration -> Events with their Catalogue: the one way a log enters graphrec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from graphrec.config import CatalogueConfig, Config, EventsConfig, KeepRule
from graphrec.errors import EventsError
from graphrec.events.files import Table, column_names, read_table
from graphrec.events.mapping import LOG_READERS, Columns, map_columns, rename
from graphrec.events.sessions import session_codes
from graphrec.events.tables import (
    CATALOGUE_COLUMNS,
    EVENT_COLUMNS,
    KINDS,
    Catalogue,
    Events,
    RowCounts,
    id_texts,
)
from graphrec.events.validation import Problem, typed_columns

FACTS = CATALOGUE_COLUMNS[1:]


def load_events(config: Config) -> Events:
    """Read the log and the catalogue that a configuration names, and check them.

    Raises
    ------
    EventsError
        One line that names the offender, the rule and the cure.
    """
    names = column_names(config.events)
    columns = LOG_READERS[config.events.reader](config.events, names)
    if "item" not in columns or not {"session", "user"} & columns.keys():
        raise EventsError("a log needs 'item' and one of 'session' or 'user'; map them under events.columns")
    for rule in config.events.keep:
        if rule.column not in names:
            raise EventsError(f"events.keep names column '{rule.column}', which is not in {config.events.path}")
    asked = dict.fromkeys([name for parts in columns.values() for name in parts])
    asked |= dict.fromkeys(rule.column for rule in config.events.keep)
    table = read_table(config.events, list(asked))
    catalogue = read_catalogue(config.catalogue) if config.catalogue.path else None
    return events_from_table(table, columns, config.events, catalogue)


def read_catalogue(config: CatalogueConfig) -> pd.DataFrame:
    """Read a table of item facts with graphrec's words as columns, one row per item."""
    columns = map_columns(config, column_names(config), CATALOGUE_COLUMNS, "catalogue")
    if "item" not in columns:
        raise EventsError("a catalogue needs the item's id; map it with catalogue.columns.item")
    table = read_table(config, list(dict.fromkeys(name for parts in columns.values() for name in parts)))
    if len(table.ragged):
        raise EventsError(
            f"{table.name} has {len(table.ragged):,} lines with a wrong number of fields "
            f"(first: row {table.ragged['row'].iloc[0]}); fix them"
        )
    return rename(table.frame, columns).drop_duplicates("item")


def events_from_table(
    table: Table, columns: Columns, config: EventsConfig, catalogue: pd.DataFrame | None = None
) -> Events:
    """Filter, check and code the rows of a log; every row is used, rejected or filtered, and counted."""
    rejected = [table.ragged]
    if len(table.ragged) and config.on_bad_rows == "fail":
        first = table.ragged.iloc[0]
        raise EventsError(
            f"{table.name} has {len(table.ragged):,} lines with a wrong number of fields (first: row {first['row']}: "
            f"{first['text'][:160]!r}); set events.on_bad_rows: quarantine or fix them"
        )
    kept, filtered = _apply_keep_rules(table.frame, config.keep)
    frame = rename(kept, columns)
    typed, problems = typed_columns(frame, config, {word: "+".join(parts) for word, parts in columns.items()})
    if problems and config.on_bad_rows == "fail":
        raise problems[0].error()
    good, set_aside = _set_aside(kept, problems)
    rejected.append(set_aside)
    ignored = good & (typed["kind"].to_numpy() < 0)
    if ignored.any():
        filtered["kind: ignored"] = int(ignored.sum())
    good &= ~ignored
    everything_rejected = pd.concat(rejected, ignore_index=True)
    if not good.any():
        raise EventsError(
            f"{table.name}: no row is left of {len(table.frame):,}; see events.keep, events.kinds and time_format"
        )
    counts = RowCounts(
        read=len(table.frame) + len(table.ragged),
        used=int(good.sum()),
        rejected={str(reason): int(n) for reason, n in everything_rejected["reason"].value_counts(sort=False).items()},
        filtered=filtered,
    )
    facts = catalogue_from_log(frame[good], typed["price"][good])
    whole = Catalogue.from_frame(facts if catalogue is None else merge_facts(catalogue, facts))
    return Events(_coded(typed[good], whole, config), whole, counts, everything_rejected)


def _apply_keep_rules(frame: pd.DataFrame, rules: Iterable[KeepRule]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Drop rows that a rule does not want; each is counted under the first such rule."""
    filtered: dict[str, int] = {}
    for rule in rules:
        values = frame[rule.column]
        if rule.above is not None:
            wanted = (pd.to_numeric(values, errors="coerce") > rule.above).to_numpy()
            reason = f"{rule.column}: not above {rule.above:g}"
        else:
            wanted = id_texts(values).str.match(str(rule.matches)).fillna(False).to_numpy(dtype=bool)
            reason = f"{rule.column}: does not match {rule.matches}"
        if not wanted.all():
            filtered[reason] = int((~wanted).sum())
        frame = frame[wanted]
    return frame, filtered


def _set_aside(rows: pd.DataFrame, problems: Iterable[Problem]) -> tuple[np.ndarray, pd.DataFrame]:
    """Split rows into good ones and a quarantine, each bad row under its first problem."""
    good = np.ones(len(rows), dtype=bool)
    parts = []
    for problem in problems:
        newly = good & problem.rows
        good &= ~problem.rows
        text = rows[newly].astype("str").fillna("").apply(",".join, axis=1) if newly.any() else pd.Series(dtype="str")
        parts.append(pd.DataFrame({"row": rows.index[newly], "reason": problem.reason, "text": text.to_numpy()}))
    return good, pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["row", "reason", "text"])


def catalogue_from_log(frame: pd.DataFrame, price: pd.Series) -> pd.DataFrame:
    """Gather one row of facts per item: the most frequent text and the median price."""
    facts = pd.DataFrame({"item": np.sort(frame["item"].unique().astype("str"))}).set_index("item")
    for word in FACTS:
        if word == "price":
            facts[word] = price.groupby(frame["item"].to_numpy()).median()
        elif word in frame:
            facts[word] = _most_frequent(frame["item"], frame[word])
        else:
            facts[word] = None
    return facts.reset_index()


def _most_frequent(items: pd.Series, values: pd.Series) -> pd.Series:
    """Pick the most frequent value per item; the smaller text wins a tie."""
    known = pd.DataFrame({"item": items, "value": values.astype("str").mask(values.isna(), None)}).dropna()
    counted = known.groupby(["item", "value"], observed=True).size().rename("rows").reset_index()
    best = counted.sort_values(["item", "rows", "value"], ascending=[True, False, True]).drop_duplicates("item")
    return best.set_index("item")["value"]


def merge_facts(catalogue: pd.DataFrame, from_log: pd.DataFrame) -> pd.DataFrame:
    """Complete a catalogue by what the log says of its items, and by items that only the log knows."""
    given = catalogue.reindex(columns=list(CATALOGUE_COLUMNS)).set_index("item")
    return given.astype("object").combine_first(from_log.set_index("item").astype("object")).reset_index()


def _coded(typed: pd.DataFrame, catalogue: Catalogue, config: EventsConfig) -> pd.DataFrame:
    """Replace texts by codes and sort by session, time and row."""
    frame = pd.DataFrame(
        {
            "time": typed["time"],
            "session": session_codes(typed, config.session_gap_minutes),
            "user": pd.factorize(typed["user"])[0].astype(np.int64),
            "item": catalogue.items.get_indexer(pd.Index(typed["item"])).astype(np.int32),
            "kind": typed["kind"].astype(np.int8),
            "price": typed["price"].astype(np.float32),
        }
    )[list(EVENT_COLUMNS)]
    order = np.lexsort((np.arange(len(frame)), frame["time"].to_numpy(), frame["session"].to_numpy()))
    return frame.iloc[order].reset_index(drop=True)


def describe_kinds(events: Events) -> Mapping[str, int]:
    """Count the events by kind, for reports and errors."""
    return {kind: events.count(kind) for kind in KINDS}

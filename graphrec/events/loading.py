"""A configuration -> Events with their Catalogue: the one way a log enters graphrec."""

from __future__ import annotations

import warnings

import duckdb
import ibis
import numpy as np
import pandas as pd

from graphrec.compute.connections import Connections, open_duckdb
from graphrec.compute.progress import Display, Silent
from graphrec.config import CatalogueConfig, Config, EngineConfig
from graphrec.errors import EventsError, GraphrecWarning
from graphrec.events.copies import Copies, decoded_copies, hold_foreign_bytes
from graphrec.events.explode import with_fields
from graphrec.events.files import DAMAGE, input_files, open_table, unreadable
from graphrec.events.fill_down import filled_down
from graphrec.events.log import Events
from graphrec.events.readers import CATALOGUE_READERS
from graphrec.events.store import open_log
from graphrec.events.tables import CATALOGUE_COLUMNS, Catalogue
from graphrec.events.words import FILTERED, UNREAD, UNREAD_IN, as_number, as_text, without_missing

FACTS = CATALOGUE_COLUMNS[1:]


def load_events(config: Config, display: Display | None = None) -> Events:
    """Read the log and the catalogue that a configuration names, and check them.

    Raises
    ------
    EventsError
        One line that names the offender, the rule and the cure.
    """
    log = open_log(config, display or Silent())
    facts = facts_of_items(log.facts(), log.items()["item"])
    if config.catalogue.path is not None:
        catalogue = read_catalogue(config.catalogue, config.engine)
        _require_shared_ids(facts["item"], catalogue["item"], str(config.catalogue.path))
        facts = merge_facts(catalogue, facts)
    return Events(log, Catalogue.from_frame(facts), Connections(config.engine), daily=config.store.daily)


def _require_shared_ids(logged: pd.Series, listed: pd.Series, path: str) -> None:
    """Refuse a catalogue that knows no item of the log: its ids are written in another way, or are others."""
    if listed.isin(logged).any():
        return
    first = {name: ", ".join(map(repr, ids.iloc[:2])) for name, ids in (("log", logged), ("catalogue", listed))}
    raise EventsError(
        f"none of {len(logged):,} ids of the log is in {path} (first of the log: {first['log']}; first of the "
        f"catalogue: {first['catalogue']}); write ids alike, or correct catalogue.columns.item"
    )


def read_catalogue(config: CatalogueConfig, engine: EngineConfig | None = None) -> pd.DataFrame:
    """Read a table of item facts with graphrec's words as columns, one row per item.

    Raises
    ------
    EventsError
        When the table cannot be read or has ragged lines.
    """
    table, name = _read_words(config, engine or EngineConfig())
    damaged = table[DAMAGE].notna()
    if damaged.any():
        raise EventsError(f"{name} has {int(damaged.sum()):,} lines that are no JSON objects; fix them")
    unread = table[table[UNREAD].notna()]
    if len(unread):
        raise EventsError(
            f"{name}: column '{unread[UNREAD_IN].iloc[0]}' has {len(unread):,} values that are no numbers (first: "
            f"{unread[UNREAD].iloc[0]!r}), of which catalogue.keep asks whether they are above one; set "
            "catalogue.decimal or catalogue.thousands, or fix them"
        )
    facts: pd.DataFrame = table[[word for word in CATALOGUE_COLUMNS if word in table]]
    facts = facts[facts.notna().any(axis="columns")]  # a blank row says nothing of anything
    if facts.empty:
        raise EventsError(f"{config.path} has no rows; give a catalogue of at least one item")
    return merged_rows(facts, name)


def _read_words(
    config: CatalogueConfig, engine: EngineConfig, copies: Copies | None = None
) -> tuple[pd.DataFrame, str]:
    """Read a catalogue's rows in graphrec's words, of copies without bytes of another encoding where it holds some."""
    with open_duckdb(engine) as duck:
        raw = with_fields(filled_down(open_table(duck.connection, config, copies=copies), config), config)
        read = CATALOGUE_READERS[config.reader](raw, config)
        words = without_missing(read, config, CATALOGUE_COLUMNS, "catalogue").table
        if "price" in words.columns:
            words = words.mutate(
                price=ibis.coalesce(as_number(words.price, config).cast("string"), as_text(words.price))
            )
        try:
            table = words.filter(words[FILTERED].isnull()).to_pandas()
            ragged = raw.ragged()
            foreign = bool(ragged["foreign"].any())
        except duckdb.Error as error:
            foreign = not raw.copies.damaged and hold_foreign_bytes(input_files(config), config)
            if not foreign:
                raise unreadable(config, error) from None
        if foreign and not raw.copies.damaged:
            return _read_words(config, engine, decoded_copies(input_files(config), config))
    if len(ragged):
        raise EventsError(
            f"{raw.name} has {len(ragged):,} lines with a wrong number of fields (first: row {ragged['row'].iloc[0]}: "
            f"{ragged['text'].iloc[0][:160]!r}); fix them"
        )
    return table, raw.name


def merged_rows(facts: pd.DataFrame, name: str) -> pd.DataFrame:
    """Make one row of all rows of an item: of each fact the first that is there.

    Rows that say different things of an item or name none, and prices that are no numbers, are counted in a warning.
    """
    if "price" in facts:
        price = pd.to_numeric(facts["price"], errors="coerce")
        wrong = price.isna() & facts["price"].notna()
        if wrong.any():
            _warn(
                f"{name}: column 'price' has {int(wrong.sum()):,} values that are no numbers (first: "
                f"{facts['price'][wrong].iloc[0]!r}); they count as missing: set catalogue.decimal or "
                "catalogue.thousands, or fix them"
            )
        facts = facts.assign(price=price)
    if "item" not in facts:
        return facts
    nameless = facts["item"].isna()
    if nameless.any() and not nameless.all():
        _warn(f"{name}: {int(nameless.sum()):,} rows have no item id and are left out; fix them")
        facts = facts[~nameless]
    if not facts["item"].duplicated().any():
        return facts.reset_index(drop=True)
    by_item = facts.groupby("item", sort=False, dropna=False)
    differ = by_item.nunique().gt(1)
    conflicts = differ.index[differ.any(axis="columns")]
    if len(conflicts):
        word = differ.columns[differ.loc[conflicts[0]]][0]
        said = facts[word][facts["item"] == conflicts[0]].dropna().unique()[:2]
        _warn(
            f"{name}: {len(conflicts):,} items have rows that say different things (first: {word} of item "
            f"{conflicts[0]!r} is {said[0]!r} and {said[1]!r}); the first counts"
        )
    return by_item.first().reset_index()[list(facts.columns)]


def _warn(text: str) -> None:
    warnings.warn(text, GraphrecWarning, stacklevel=4)


def facts_of_items(facts: pd.DataFrame, items: pd.Series) -> pd.DataFrame:
    """Choose one row of facts per item: the text that most rows say, and the median price.

    Parameters
    ----------
    facts : DataFrame
        `item`, the catalogue's other words, `rows`: how many rows of the log say so.
    items : Series
        All items, in the order wanted.
    """
    chosen = pd.DataFrame(index=pd.Index(items, name="item"))
    for word in FACTS:
        chosen[word] = _median(facts) if word == "price" else _most_frequent(facts, word)
    return chosen.reset_index()


def _most_frequent(facts: pd.DataFrame, word: str) -> pd.Series:
    """Pick the most frequent value per item; the smaller text wins a tie."""
    known = facts.dropna(subset=[word])
    counted = known.groupby(["item", word], observed=True)["rows"].sum().reset_index()
    best = counted.sort_values(["item", "rows", word], ascending=[True, False, True]).drop_duplicates("item")
    return best.set_index("item")[word]


def _median(facts: pd.DataFrame) -> pd.Series:
    """Pick the median price per item, the lower of two."""
    known = facts.dropna(subset=["price"]).sort_values(["item", "price"])
    by_item = known.groupby("item")["rows"]
    reached = by_item.cumsum() * 2 >= by_item.transform("sum")
    return known[reached].drop_duplicates("item").set_index("item")["price"]


def merge_facts(catalogue: pd.DataFrame, from_log: pd.DataFrame) -> pd.DataFrame:
    """Complete a catalogue by what the log says of its items; items of the log first, then those of the catalogue."""
    given = Catalogue.from_frame(catalogue).frame.set_index("item").astype("object")
    logged = from_log.set_index("item").astype("object")
    cold = given.index.difference(logged.index)
    order = logged.index.append(cold)
    merged = given.combine_first(logged).reindex(order)
    return merged.rename_axis("item").replace({np.nan: None}).reset_index()

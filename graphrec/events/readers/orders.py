"""What the order exports of shop systems share: a column has one of several names, by version and by plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis

from graphrec.config import EventsConfig
from graphrec.errors import EventsError
from graphrec.events.files import EMPTY, RawTable
from graphrec.events.words import LOG_WORDS, Words, apply_keep_rules, as_text, map_columns, to_words

Names = Mapping[str, Sequence[str]]
"""graphrec's word -> the names that its column has in some export, the best first."""


def present(names: Names, columns: Sequence[str]) -> dict[str, list[str]]:
    """Choose of each word's names the first that a table has, whichever case it is written in."""
    written = {column.lower(): column for column in columns}
    found = {
        word: [written[name.lower()] for name in known if name.lower() in written] for word, known in names.items()
    }
    return {word: own[:1] for word, own in found.items() if own}


def order_words(raw: RawTable, config: EventsConfig, names: Names, system: str, *, by_title: bool) -> Words:
    """Read an export by the columns that it has.

    Parameters
    ----------
    raw : RawTable
    config : EventsConfig
    names : mapping
    system : str
        For messages.
    by_title : bool
        Whether an item without an id is called by its title.

    Raises
    ------
    EventsError
        When it has no column of items or of orders.
    """
    known = present(names, raw.columns)
    for word in ("item", "session"):
        if word not in known and word not in config.columns:
            raise EventsError(
                f"{raw.name} has no column for {word} of {system}'s order export ({', '.join(names[word])}); it has "
                f"{', '.join(raw.columns)}: map events.columns.{word}"
            )
    columns = map_columns(config, raw, known, LOG_WORDS, "events")
    words = to_words(apply_keep_rules(raw, config, "events"), columns, config.missing)
    if by_title and "title" in columns:
        words = Words(words.table.mutate(item=ibis.coalesce(words.table["item"], words.table["title"])), words.names)
    return words


def leaving_out(raw: RawTable, column: str, reason: str) -> ibis.Table:
    """Mark the rows in which a column is not blank, where the table has it."""
    table = raw.table
    if column not in raw.columns:
        return table
    own = ibis.ifelse(as_text(table[column]).notnull(), reason, ibis.null("string"))
    return table.mutate(**{EMPTY: ibis.coalesce(table[EMPTY], own) if EMPTY in table.columns else own})

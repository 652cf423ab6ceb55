"""Any table, by the mapping that the user wrote."""

from __future__ import annotations

from graphrec.config import CatalogueConfig, EventsConfig
from graphrec.errors import EventsError
from graphrec.events.files import RawTable
from graphrec.events.tables import CATALOGUE_COLUMNS
from graphrec.events.words import LOG_WORDS, Words, apply_keep_rules, map_columns, to_words


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Read the columns that the configuration names."""
    columns = map_columns(config, raw, {}, LOG_WORDS, "events")
    if "item" not in columns or not {"session", "user", "order"} & columns.keys():
        raise EventsError("a log needs 'item' and one of 'session', 'order' or 'user'; map them under events.columns")
    return to_words(apply_keep_rules(raw, config, "events"), columns, config.missing)


def catalogue_words(raw: RawTable, config: CatalogueConfig) -> Words:
    """Read the columns that the configuration names; without any, those that bear graphrec's words."""
    known = {} if config.columns else {word: [word] for word in CATALOGUE_COLUMNS if word in raw.columns}
    columns = map_columns(config, raw, known, CATALOGUE_COLUMNS, "catalogue")
    if "item" not in columns:
        raise EventsError("a catalogue needs the item's id; map it with catalogue.columns.item")
    return to_words(apply_keep_rules(raw, config, "catalogue"), columns, config.missing)

"""Lines that are a basket each, of as many items as were bought: groceries, and the .dat files of FIMI.

http://fimi.uantwerpen.be/data/ (retail.dat), and the groceries of the R package arules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis

from graphrec.config import EventsConfig, TableConfig
from graphrec.events.copies import Copies
from graphrec.events.duckdb_functions import regexp_extract_all
from graphrec.events.files import DAMAGE, FILE, LINE, RawTable, lay_view, lines_of_text
from graphrec.events.words import LOG_WORDS, Words, apply_keep_rules, as_text, map_columns, to_words

_ITEM, _BASKET = "item", "basket"
_SEPARATORS = {".tsv": "\t", ".dat": " "}


def log_defaults(config: EventsConfig) -> EventsConfig:
    """Know that a basket is a purchase, and by the ending of the files what stands between its items."""
    suffixes = Path(str(config.path)).suffixes
    separator = next((_SEPARATORS[suffix] for suffix in suffixes if suffix in _SEPARATORS), ",")
    return config.model_copy(
        update={
            "separator": config.separator or separator,
            "default_kind": config.default_kind or "purchase",
            "explode": None,
        }
    )


def open_lines(
    connection: Any,  # noqa: ANN401
    config: EventsConfig,
    files: Sequence[Path],
    copies: Copies | None = None,
) -> RawTable:
    """Lay a view over the lines: the fields that `header` names stand first, each other is an item."""
    leading = _leading(config)

    def lines(paths: str, _config: TableConfig, _connection: object) -> str:
        source = f"SELECT line, NULL::VARCHAR AS {DAMAGE}, {FILE} FROM {lines_of_text(paths)} WHERE trim(line) <> ''"
        return source.replace("SELECT line", "SELECT ltrim(line, '\ufeff') AS line", 1)

    raw = lay_view(connection, config, files, copies, lines).numbered()
    fields = _fields(raw.table.line, config)
    head = {name: as_text(_unquoted(fields[place])) for place, name in enumerate(leading)}
    items = fields[len(leading) :]
    none = ibis.array([ibis.null("string")])
    table = raw.view(
        raw.table.mutate(
            **head,
            **{
                _BASKET: raw.table[LINE].cast("string") + "@" + raw.table[FILE].re_extract(r"[^/\\]*$", 0),
                _ITEM: ibis.ifelse(items.length() == 0, none, items),
            },
        )
    )
    several = table[_ITEM].length() > 1
    table = raw.view(table.mutate(graphrec_several=several, **{_ITEM: table[_ITEM].unnest()}))
    table = table.mutate(**{_ITEM: as_text(_unquoted(table[_ITEM]))})
    table = table.filter(table[_ITEM].notnull() | ~table.graphrec_several).drop("line", "graphrec_several")
    return RawTable(raw.view(table), (*leading, _BASKET, _ITEM), raw.name, connection, True, raw.copies)


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Read the items; a line is a session, but for a field that the mapping names."""
    known = {_ITEM: [_ITEM], "session": [_BASKET]}
    given = {word: names for word, names in config.columns.items() if word not in known or names in raw.columns}
    settings = config.model_copy(update={"columns": given})
    return to_words(
        apply_keep_rules(raw, settings, "events"),
        map_columns(settings, raw, known, LOG_WORDS, "events"),
        config.missing,
    )


def _leading(config: EventsConfig) -> list[str]:
    """Name the fields before the items: `header`, without the name of the items themselves."""
    return [name for name in config.header or [] if name != config.columns.get("item", _ITEM)]


def _fields(line: ibis.Value, config: EventsConfig) -> ibis.Value:
    """Cut a line at the separator, not within quotation marks."""
    separator = config.separator or ","
    if not separator.strip(" "):
        return line.strip().re_split(r"\s+")
    if not config.quoted or len(separator) > 1:
        return line.split(separator)
    return regexp_extract_all(line, rf'"(?:[^"]|"")*"|[^{re.escape(separator)}]+')


def _unquoted(field: ibis.Value) -> ibis.Value:
    inner = field.strip().re_extract(r'^"((?:[^"]|"")*)"$', 1).replace('""', '"')
    return ibis.ifelse(field.strip().re_search(r'^".*"$'), inner, field)

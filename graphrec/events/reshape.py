"""A table as a shop keeps it -> a table of which every row is an event."""

from __future__ import annotations

from graphrec.config import EventsConfig
from graphrec.events.explode import exploded, with_fields
from graphrec.events.files import RawTable
from graphrec.events.fill_down import filled_down
from graphrec.events.times import needs_lines


def reshaped(raw: RawTable, config: EventsConfig) -> tuple[RawTable, EventsConfig]:
    """Fill columns down, make a row of each item of a cell, and lay nested fields beside the columns.

    Rows keep the number of their line where one became several, or where the order of lines is needed.

    Returns
    -------
    RawTable
    EventsConfig
        With the mapping to what was taken out of the cells.
    """
    raw = filled_down(raw, config)
    raw, config = exploded(raw, config)
    raw = with_fields(raw, config)
    return raw.numbered() if needs_lines(config) else raw, config

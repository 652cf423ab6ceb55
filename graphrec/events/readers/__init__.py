"""Published formats of logs and catalogues, each in a file of its own -> graphrec's words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from graphrec.config import CatalogueConfig, EventsConfig
from graphrec.events.files import RawTable
from graphrec.events.readers import (
    amazon_m2,
    amazon_metadata,
    amazon_reviews,
    columns,
    ga4,
    links,
    rees46,
    retailrocket,
)
from graphrec.events.words import Words

LogWords = Callable[[RawTable, EventsConfig], Words]
"""Raw rows -> columns named by `LOG_WORDS`, with what `passed_on` hands through; a row an event."""


@dataclass(frozen=True)
class LogReader:
    """A format of logs.

    Parameters
    ----------
    words : callable
        Raw rows -> words.
    defaults : callable
        Settings -> settings in which what the format fixes is filled in: kinds, time format, header.
    """

    words: LogWords
    defaults: Callable[[EventsConfig], EventsConfig] = lambda config: config


LOG_READERS: Mapping[str, LogReader] = {
    "columns": LogReader(columns.log_words),
    "rees46": LogReader(rees46.log_words, rees46.log_defaults),
    "retailrocket": LogReader(retailrocket.log_words, retailrocket.log_defaults),
    "amazon_m2": LogReader(amazon_m2.log_words, amazon_m2.log_defaults),
    "amazon_reviews": LogReader(amazon_reviews.log_words, amazon_reviews.log_defaults),
    "links": LogReader(links.log_words, links.log_defaults),
    "ga4": LogReader(ga4.log_words, ga4.log_defaults),
}

CATALOGUE_READERS: Mapping[str, Callable[[RawTable, CatalogueConfig], Words]] = {
    "columns": columns.catalogue_words,
    "retailrocket": retailrocket.catalogue_words,
    "amazon_m2": amazon_m2.catalogue_words,
    "amazon_metadata": amazon_metadata.catalogue_words,
}

__all__ = ["CATALOGUE_READERS", "LOG_READERS", "LogReader", "LogWords"]

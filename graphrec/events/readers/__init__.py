"""Published formats of logs and catalogues, each in a file of its own -> graphrec's words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphrec.config import CatalogueConfig, EventsConfig
from graphrec.events.copies import Copies
from graphrec.events.files import RawTable, open_table
from graphrec.events.readers import (
    amazon_m2,
    amazon_metadata,
    amazon_reviews,
    baskets,
    columns,
    ga4,
    links,
    magento,
    one_hot,
    rees46,
    retailrocket,
    shopify,
    woocommerce,
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
    open : callable
        A connection, settings, files and what is read in their place -> raw rows.
    """

    words: LogWords
    defaults: Callable[[EventsConfig], EventsConfig] = lambda config: config
    open: Callable[[Any, EventsConfig, Sequence[Path], Copies | None], RawTable] = open_table


LOG_READERS: Mapping[str, LogReader] = {
    "columns": LogReader(columns.log_words),
    "baskets": LogReader(baskets.log_words, baskets.log_defaults, baskets.open_lines),
    "one_hot": LogReader(one_hot.log_words, one_hot.log_defaults),
    "shopify": LogReader(shopify.log_words, shopify.log_defaults),
    "woocommerce": LogReader(woocommerce.log_words, woocommerce.log_defaults),
    "magento": LogReader(magento.log_words, magento.log_defaults),
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

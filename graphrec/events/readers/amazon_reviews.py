"""Amazon customer reviews: the US files (TSV, verified purchases) and the ratings-only files of four columns.

https://registry.opendata.aws/ (amazon-reviews, 1995-2015) and McAuley's ratings: user, item, rating, Unix time.
What a customer reviewed on one day is taken for a basket.
"""

from __future__ import annotations

import ibis

from graphrec.config import EventsConfig
from graphrec.events.files import RawTable, input_files
from graphrec.events.words import FILTERED, LOG_WORDS, Words, apply_keep_rules, as_text, map_columns, to_words

_RATINGS = ["user", "item", "rating", "timestamp"]
_REVIEWS = {
    "item": ["product_id"],
    "user": ["customer_id"],
    "session": ["customer_id", "review_date"],
    "time": ["review_date"],
    "type": ["product_category"],
    "title": ["product_title"],
}


def log_defaults(config: EventsConfig) -> EventsConfig:
    """Know that reviews are TSV without quotation marks, and ratings CSV without a header."""
    fixed: dict[str, object] = {"default_kind": config.default_kind or "purchase"}
    if ".tsv" in input_files(config)[0].suffixes:
        fixed |= {"separator": config.separator or "\t", "quoted": False}
    elif ".csv" in input_files(config)[0].suffixes:
        fixed |= {"header": config.header or _RATINGS, "time_format": config.time_format or "s"}
    return config.model_copy(update=fixed)


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Read verified purchases only; the ratings do not say which are."""
    table = apply_keep_rules(raw, config, "events")
    if "verified_purchase" not in raw.columns:
        known = {"item": ["item"], "user": ["user"], "session": ["user", "timestamp"], "time": ["timestamp"]}
        return to_words(table, map_columns(config, raw, known, LOG_WORDS, "events"), config.missing)
    verified = as_text(table.verified_purchase).upper().isin(["Y", "1", "TRUE"]).fill_null(False)
    reason = ibis.ifelse(verified, ibis.null("string"), "verified_purchase: no")
    table = table.mutate(**{FILTERED: ibis.coalesce(table[FILTERED], reason)})
    return to_words(table, map_columns(config, raw, _REVIEWS, LOG_WORDS, "events"), config.missing)

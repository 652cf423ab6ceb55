"""Ready-made links between products instead of a log: also viewed, also bought.

Of the shape of the Amazon product data of 2014 (McAuley et al. 2015): source, target, relation. Each substitute link
is read as a session that viewed both products, each complement link as an order of both, so that everything that
counts sessions and orders counts links.
"""

from __future__ import annotations

import ibis

from graphrec.config import EventsConfig
from graphrec.errors import EventsError
from graphrec.events.duckdb_functions import hash_text
from graphrec.events.files import RawTable
from graphrec.events.words import FILTERED, Words, apply_keep_rules, as_text, passed_on

_NAMES = {
    "source": ("src", "source", "item", "asin"),
    "target": ("dst", "target", "other", "related"),
    "relation": ("rel", "relation", "label", "type"),
}
_KINDS = {
    "view": ["also_viewed", "buy_after_viewing", "similar", "substitute"],
    "purchase": ["also_bought", "bought_together", "complement"],
}


def log_defaults(config: EventsConfig) -> EventsConfig:
    """Know the names of the relations."""
    return config.model_copy(update={"kinds": _KINDS | config.kinds, "duplicates": "keep"})


def log_words(raw: RawTable, config: EventsConfig) -> Words:
    """Make two events of each link; a complement link that is a substitute link too is filtered."""
    table = apply_keep_rules(raw, config, "events")
    source, target, relation = (as_text(table[link_column(raw, word)]) for word in _NAMES)
    links = table.select(source=source, target=target, relation=relation, **passed_on(table))
    is_view = links.relation.isin(config.kinds["view"])
    low, high = ibis.least(links.source, links.target), ibis.greatest(links.source, links.target)
    links = links.mutate(pair=low + "|" + high, substitute=is_view & links[FILTERED].isnull())
    also_substitute = links.substitute.any().over(ibis.window(group_by="pair")) & ~is_view
    reason = ibis.ifelse(
        also_substitute, "relation: a complement link that is a substitute link too", ibis.null("string")
    )
    links = links.mutate(**{FILTERED: ibis.coalesce(links[FILTERED], reason)})
    # The hash mixes the order of the links, so that the latest are a fair sample and not the last products' own.
    links = links.mutate(session=links.pair + "|" + links.relation).order_by(hash_text(links.pair), "session")
    ends = ibis.array([links.source, links.target])
    words = links.select(items=ends, session=links.session, kind=links.relation, **passed_on(links))
    names = {"item": "source and target", "session": "source and target", "kind": link_column(raw, "relation")}
    return Words(words.mutate(item=words["items"].unnest()).drop("items"), names)


def link_column(raw: RawTable, word: str) -> str:
    """Find the column that holds a link's `source`, `target` or `relation`.

    Raises
    ------
    EventsError
    """
    for name in _NAMES[word]:
        if name in raw.columns:
            return name
    raise EventsError(
        f"{raw.name} has no column for a link's {word} (one of {', '.join(_NAMES[word])}); it has "
        f"{', '.join(raw.columns)}: rename it"
    )

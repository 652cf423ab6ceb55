"""What a fit has read and built, for the card and the manifest."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from graphrec.config import Config
from graphrec.embeddings.features import ItemFeatures
from graphrec.events import Events, describe_kinds
from graphrec.graph import ProductGraph

_HABIT, _SPARSE = 3, 0.1
"""Times bought together that make a pair a habit, and the share of items with one below which a log is sparse."""


def report_data(events: Events, graph: ProductGraph, features: ItemFeatures, config: Config) -> dict[str, Any]:
    """Say what was read and built, as JSON; what did not run as usual is a note.

    Parameters
    ----------
    events : Events
    graph : ProductGraph
    features : ItemFeatures
    config : Config
    """
    notes = []
    if not len(graph.similar):
        notes.append("Nothing tells which items are similar: no two were viewed in one session, nor are alike in type.")
    elif not graph.similar_from_views:
        notes.append("The log has no views: similar links come from " + " and from ".join(graph.similar_sources) + ".")
    if features.types.derived:
        notes.append(f"No item has a type: titles were clustered into {len(features.types)} types.")
    elif len(features.types) == 1:
        notes.append("All items are of one type: the type transition has nothing to choose from.")
    if not features.text.dim:
        notes.append("No item has a title or a category in words: the item matrix holds no text.")
    bought, habits = int((graph.bought > 0).sum()), graph.items_bought_together(_HABIT)
    if config.events.reader == "links":
        notes.append("Fitted on given links: they stand for baskets, and the session model has seen no sessions.")
    elif habits < _SPARSE * bought:
        notes.append(
            f"The log is sparse: {habits:,} of {bought:,} bought items have a pair that was bought together {_HABIT} "
            "times or more. Lists back off to what the item's type is bought with."
        )
    return {
        "rows": asdict(replace(events.counts, rejected=dict(events.counts.rejected))),
        "events": describe_kinds(events),
        "items": len(events.catalogue),
        "cold_items": int((events.facts.per_item == 0).sum()),
        "types": len(features.types),
        "sessions": events.facts.sessions,
        "baskets": graph.baskets,
        "similar_links": len(graph.similar),
        "similar_sources": list(graph.similar_sources),
        "complement_links": len(graph.complement),
        "substitutes_removed": graph.substitutes_removed,
        "notes": notes,
    }

"""Rankings -> answers: what the log says of each pair, beside its score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from graphrec.complements import Members
from graphrec.compute.ragged import largest_of_groups, offsets, ranges
from graphrec.lists import Ranking
from graphrec.model.model import Model
from graphrec.results import SOURCES, Explanation, Lists

_EVIDENCE = {"bought_together": "count", "support": "support", "lift": "lift", "bought_first": "first"}
"""Evidence of an answer -> column of the graph's evidence."""


def with_evidence(model: Model, ranking: Ranking, carts: Sequence[np.ndarray]) -> Lists:
    """Look up what the log says of each answer and the item of its cart that it was bought with most.

    Parameters
    ----------
    model : Model
    ranking : Ranking
        Of the carts.
    carts : sequence of ndarray
        Item codes.
    """
    size = np.array([len(cart) for cart in carts], dtype=np.int64)
    answer, place = ranges(offsets(size)[ranking.query], size[ranking.query])
    member = np.concatenate([*carts, np.zeros(0, dtype=np.int64)])[place]
    facts = model.graph.evidence_columns(member, ranking.item[answer])
    best = largest_of_groups(answer, facts["count"], 1, member)
    return Lists(
        **vars(ranking),
        item_type=model.type_codes[member[best]],
        complement_type=model.type_codes[ranking.item],
        evidence={name: facts[column][best] for name, column in _EVIDENCE.items()} | {"member": member[best]},
    )


def lists_of_new(model: Model, rows: pd.DataFrame, k: int, embeddings: np.ndarray | None) -> Lists:
    """Complete products by their catalogue rows alone: the log says nothing of them.

    Parameters
    ----------
    model : Model
    rows : DataFrame
        As `Catalogue` checks them.
    k : int
    embeddings : ndarray or None
        As of `Model.embed`, where they are known.
    """
    queries = model.new_queries(rows, embeddings)
    # A product that is in the catalogue after all must not be its own complement.
    known = model.catalogue.items.get_indexer(pd.Index(rows["item"], dtype=model.catalogue.items.dtype))
    own = np.flatnonzero(known >= 0)
    itself = sparse.csr_array((np.ones(len(own)), (own, known[own])), shape=(len(rows), len(model.catalogue)))
    ranking = model.rank(Members.of_new(queries), k, itself)
    return Lists(
        **vars(ranking),
        item_type=queries.type_code[ranking.query],
        complement_type=model.type_codes[ranking.item],
        evidence=dict.fromkeys(_EVIDENCE, np.zeros(len(ranking.item))) | {"member": np.full(len(ranking.item), -1)},
    )


def explanation(model: Model, item: int, complement: int) -> Explanation:
    """Say what speaks for a pair of codes: the log's evidence, the type transition, the place in the list."""
    graph, kind = model.graph, model.type_codes[complement]
    evidence, name = graph.evidence(item, complement), model.features.types.names[kind]
    probability = float(model.snapshot.predictor.type_probabilities(model.embeddings[[item]])[0, kind])
    # Every list is the head of this one.
    ranking = model.rank(model.carts([np.array([item])]), len(model.catalogue))
    place = next(iter(np.flatnonzero(ranking.item == complement).tolist()), None)
    asked, completing = model.catalogue.items[[item, complement]]
    memory = f"never bought together in {graph.baskets:,} baskets"
    if evidence.bought_together:
        memory = (
            f"bought together {evidence.bought_together:,} times in {graph.baskets:,} baskets, "
            f"{evidence.lift:.1f} times as often as chance"
        )
    expected = f"{probability:.1%} of what completes {asked} is expected to be of type '{name}'"
    return Explanation(
        item=asked,
        complement=completing,
        source=None if place is None else SOURCES[ranking.source[place]],
        rank=None if place is None else int(ranking.rank[place]),
        score=None if place is None else float(ranking.score[place]),
        evidence=evidence,
        type_probability=probability,
        complement_type=name,
        sentence=f"{memory}; {expected}; {_in_words(ranking, place)}",
    )


def _in_words(ranking: Ranking, place: int | None) -> str:
    if place is None:
        return "left out by the rules of lists"
    if SOURCES[ranking.source[place]] == "fallback":
        return "nothing is known that makes it likelier than for anyone"
    return f"expected {ranking.uplift[place]:.1f} times as often as of anyone"

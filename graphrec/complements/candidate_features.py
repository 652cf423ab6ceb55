"""What is known of a query and a candidate -> numbers for the ranker."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphrec.complements.blend import posterior
from graphrec.complements.known_items import KnownItems, QueryItems
from graphrec.complements.memory import Memory

_RARE = 1e-7
"""Share that stands for none in a logarithm."""
_STRENGTH = 30.0
_PAIR_FACTS = ("count", "weight", "lift", "first", "later")
POSTERIOR, COUNT = 0, 1
"""Columns that hold the logs of the posterior of memory and networks, and of how often a pair was bought together:
what a ranker has to beat."""


def candidate_features(
    memory: Memory,
    known: KnownItems,
    queries: QueryItems,
    owner: np.ndarray,
    item: np.ndarray,
    prior: np.ndarray,
    evidence: Mapping[str, np.ndarray],
) -> np.ndarray:
    """Describe candidates, `(n, features) float64`.

    Parameters
    ----------
    memory : Memory
    known : KnownItems
    queries : QueryItems
    owner : ndarray
        `(n,) int64`, position of the query.
    item : ndarray
        `(n,) int64`, code of the candidate.
    prior : ndarray
        `(n,) float64`, P(candidate | query) by the networks.
    evidence : mapping of str to ndarray
        `(n,)` each: of the pair as `ProductGraph.evidence_columns` gives it, of its look-alikes as
        `Borrowed.columns` does, of walks as `Walks.columns` does, and `lenders_sell` of the candidate as
        `KnownItems.lenders_sell` does.
    """
    graph = memory.graph
    source = queries.item[owner]
    seen = source >= 0
    code = np.maximum(source, 0)
    facts = {name: np.where(seen, evidence[name], 0.0) for name in _PAIR_FACTS}
    bought = np.where(seen, graph.bought[code], 0.0)
    total = np.where(seen, graph.complement_weight[code], 0.0)
    expected = np.where(seen[:, None], np.maximum(memory.expected(code, item), 0.0), 0.0)
    types, others = queries.type_code[owner], memory.type_codes[item]
    own_share, type_share = memory.type_shares(source, types, others)
    within = memory.popularity_in_type[item]
    log_popularity = memory.log_popularity[item]
    trend, rise = memory.log_trend[item], memory.log_trend[item] - log_popularity[:, None]
    by_query, by_candidate = evidence["borrowed_by_query"], evidence["borrowed_by_candidate"]
    hearsay = [
        *trend.T,
        *rise.T,
        np.log(by_query + 0.03),
        np.log((by_query + 0.003) / (evidence["lenders_bought"] + 1.0)),
        np.log(by_candidate + 0.03),
        np.log((by_candidate + 0.003) / (bought + 1.0)),
        np.log(evidence["lenders_sell"] + 0.5),
    ]
    # What sells these days and what look-alikes were bought with tell something of a pair of which nothing is known;
    # of one that was bought, its count does.
    never = facts["count"] == 0
    hearsay = [np.where(never, column, 0.0) for column in hearsay]
    price, other_price = queries.price[owner], known.price[item]
    cosine = np.einsum("nd,nd->n", queries.embedding[owner], known.embeddings[item])
    columns = [
        np.log(posterior(facts["weight"], prior, total, _STRENGTH) + _RARE),
        np.log(facts["count"] + 0.1),
        np.log((facts["count"] + 0.01) / (bought + 1.0)),
        np.log(facts["weight"] + 0.03),
        np.log((facts["weight"] + 0.003) / (total + 1.0)),
        np.log(facts["lift"] + 0.1),
        np.log((facts["first"] + 0.5) / (facts["later"] + 0.5)),
        *np.log(expected + 1e-4).T,
        *np.log((expected + 1e-5) / (bought[:, None] + 1.0)).T,
        np.log(own_share * within + _RARE),
        np.log(type_share * within + _RARE),
        np.log(prior + _RARE),
        log_popularity,
        np.log(bought + 1.0),
        np.log(total + 1.0),
        types == others,
        cosine,
        np.where(seen, facts["count"], 0.0) / np.sqrt((bought + 1.0) * (graph.bought[item] + 1.0)),
        np.abs(price[:, 0] - other_price[:, 0]),
        other_price[:, 2],
        graph.bought[item] == 0,
        np.log(memory.type_uplift(types, item)),
        np.log(evidence["two_step"] + 1e-6),
        np.log(evidence["two_step"] * total / (graph.complement_weight[item] + 1.0) + 1e-6),
        np.log(evidence["three_step"] + 1e-6),
        np.log(evidence["common"] + 1e-2),
        *hearsay,
    ]
    return np.stack(columns, axis=1).astype(np.float64)

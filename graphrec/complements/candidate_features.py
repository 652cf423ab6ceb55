"""What is known of a query and a candidate -> numbers for the ranker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from graphrec.complements.blend import posterior
from graphrec.complements.memory import Memory

_RARE = 1e-7
"""Share that stands for none in a logarithm."""
_STRENGTH = 30.0
POSTERIOR = 11
"""Column that holds the posterior of memory and networks, which a ranker has to beat."""


@dataclass(frozen=True)
class KnownItems:
    """What is known of every item of the catalogue beside the counts.

    Parameters
    ----------
    embeddings : ndarray
        `(items, dim)`, unit length.
    price : ndarray
        `(items, 3)`: log price, log price within its type, whether it is missing.
    """

    embeddings: np.ndarray
    price: np.ndarray


@dataclass(frozen=True)
class QueryItems:
    """Query items, some of which the catalogue may not hold.

    Parameters
    ----------
    item : ndarray
        `(n,) int64` codes, -1 for a product that is not in the catalogue.
    embedding : ndarray
        `(n, dim)`.
    type_code : ndarray
        `(n,) int64`, -1 unknown.
    price : ndarray
        `(n, 3)`, as of `KnownItems`.
    """

    item: np.ndarray
    embedding: np.ndarray
    type_code: np.ndarray
    price: np.ndarray

    def rows(self, chosen: np.ndarray | slice) -> QueryItems:
        """Take some of them."""
        return QueryItems(self.item[chosen], self.embedding[chosen], self.type_code[chosen], self.price[chosen])


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
        `(n,)` each, as `ProductGraph.evidence_columns` gives it.
    """
    graph = memory.graph
    source = queries.item[owner]
    seen = source >= 0
    code = np.maximum(source, 0)
    facts = {name: np.where(seen, values, 0.0) for name, values in evidence.items()}
    bought = np.where(seen, graph.bought[code], 0.0)
    total = np.where(seen, graph.complement_weight[code], 0.0)
    expected = np.where(seen, np.maximum(memory.expected(code, item), 0.0), 0.0)
    types, others = queries.type_code[owner], memory.type_codes[item]
    own_share, type_share = memory.type_shares(source, types, others)
    within = memory.popularity_in_type[item]
    log_popularity = memory.log_popularity[item]
    # What sells these days tells something of a pair of which nothing is known; of one that was bought, its count does.
    trend = np.where(facts["count"][:, None] == 0, memory.log_trend[item], 0.0)
    rise = np.where(facts["count"][:, None] == 0, memory.log_trend[item] - log_popularity[:, None], 0.0)
    price, other_price = queries.price[owner], known.price[item]
    cosine = np.einsum("nd,nd->n", queries.embedding[owner], known.embeddings[item])
    columns = [
        np.log(facts["count"] + 0.1),
        np.log((facts["count"] + 0.01) / (bought + 1.0)),
        np.log(facts["weight"] + 0.03),
        np.log((facts["weight"] + 0.003) / (total + 1.0)),
        np.log(facts["lift"] + 0.1),
        np.log((facts["first"] + 0.5) / (facts["later"] + 0.5)),
        np.log(expected + 1e-4),
        np.log((expected + 1e-5) / (bought + 1.0)),
        np.log(own_share * within + _RARE),
        np.log(type_share * within + _RARE),
        np.log(prior + _RARE),
        np.log(posterior(facts["weight"], prior, total, _STRENGTH) + _RARE),
        log_popularity,
        *trend.T,
        *rise.T,
        np.log(bought + 1.0),
        np.log(total + 1.0),
        types == others,
        cosine,
        np.where(seen, facts["count"], 0.0) / np.sqrt((bought + 1.0) * (graph.bought[item] + 1.0)),
        np.abs(price[:, 0] - other_price[:, 0]),
        other_price[:, 2],
        graph.bought[item] == 0,
    ]
    return np.stack(columns, axis=1).astype(np.float64)

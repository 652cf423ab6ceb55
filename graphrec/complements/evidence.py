"""Evidence for the ranker: what is known of a query and a candidate, as named functions that make named columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graphrec.complements.blend import posterior
from graphrec.complements.candidates import Candidates, describe_pairs
from graphrec.complements.known_items import QueryItems
from graphrec.complements.query_rows import QueryRows
from graphrec.complements.snapshot import Snapshot
from graphrec.errors import ModelError

_RARE = 1e-7
"""Share that stands for none in a logarithm."""
_STRENGTH = 30.0
"""Baskets' worth of trust in the networks in the posterior that a ranker corrects."""

Columns = Mapping[str, np.ndarray]
"""Name -> `(n,)` numbers, one a pair."""


@dataclass(frozen=True)
class PairsInView:
    """Pairs of query and candidate, with what several kinds of evidence look at.

    Parameters
    ----------
    snapshot : Snapshot
    queries : QueryItems
    candidates : Candidates
    """

    snapshot: Snapshot
    queries: QueryItems
    candidates: Candidates

    @property
    def item(self) -> np.ndarray:
        """Code of each candidate, `(n,) int64`."""
        return self.candidates.item

    @property
    def facts(self) -> Columns:
        """As of `Candidates.facts`."""
        return self.candidates.facts

    @cached_property
    def code(self) -> np.ndarray:
        """Code of each query, `(n,) int64`, -1 for a product in no log."""
        return np.asarray(self.queries.item[self.candidates.owner])

    @cached_property
    def bought(self) -> np.ndarray:
        """Baskets of each query, `(n,) float64`."""
        return self._of_query(self.snapshot.memory.graph.bought)

    @cached_property
    def total(self) -> np.ndarray:
        """Weight of all pairs of each query, `(n,) float64`."""
        return self._of_query(self.snapshot.memory.graph.complement_weight)

    @cached_property
    def query_type(self) -> np.ndarray:
        """Type of each query, `(n,) int64`, -1 unknown."""
        return np.asarray(self.queries.type_code[self.candidates.owner])

    def where_never(self, columns: Columns) -> Columns:
        """Zero columns where the pair was bought together: there its count tells more."""
        never = self.facts["count"] == 0
        return {name: np.where(never, values, 0.0) for name, values in columns.items()}

    def _of_query(self, values: np.ndarray) -> np.ndarray:
        return np.where(self.code >= 0, values[np.maximum(self.code, 0)], 0.0)


def counts(pairs: PairsInView) -> Columns:
    """Tell how often query and candidate were bought together, of how often the query was, and in which order."""
    facts, graph = pairs.facts, pairs.snapshot.memory.graph
    count, weight = facts["count"], facts["weight"]
    return {
        "count": np.log(count + 0.1),
        "count share": np.log((count + 0.01) / (pairs.bought + 1.0)),
        "weight": np.log(weight + 0.03),
        "weight share": np.log((weight + 0.003) / (pairs.total + 1.0)),
        "lift": np.log(facts["lift"] + 0.1),
        "bought first": np.log((facts["first"] + 0.5) / (facts["later"] + 0.5)),
        "cosine of baskets": count / np.sqrt((pairs.bought + 1.0) * (graph.bought[pairs.item] + 1.0)),
    }


def low_rank(pairs: PairsInView) -> Columns:
    """Tell what the low-rank parts of the counts expect."""
    seen, memory = pairs.code >= 0, pairs.snapshot.memory
    expected = memory.expected(np.maximum(pairs.code, 0), pairs.item)
    expected = np.where(seen[:, None], np.maximum(expected, 0.0), 0.0)
    columns = {}
    for rank, value in zip(memory.ranks, expected.T, strict=True):
        columns[f"expected, rank {rank}"] = np.log(value + 1e-4)
        columns[f"expected share, rank {rank}"] = np.log((value + 1e-5) / (pairs.bought + 1.0))
    return columns


def types(pairs: PairsInView) -> Columns:
    """Tell what the query, and its type, are bought with by type."""
    memory, item = pairs.snapshot.memory, pairs.item
    others, within = memory.type_codes[item], memory.popularity_in_type[item]
    own_share, type_share = memory.type_shares(pairs.code, pairs.query_type, others)
    return {
        "by the query's types": np.log(own_share * within + _RARE),
        "by the type's types": np.log(type_share * within + _RARE),
        "type uplift": np.log(memory.type_uplift(pairs.query_type, item)),
        "one type": pairs.query_type == others,
    }


def networks(pairs: PairsInView) -> Columns:
    """Tell what the networks make of the pair, and how near the items are as substitutes."""
    embedding = pairs.queries.embedding[pairs.candidates.owner]
    cosine = np.einsum("nd,nd->n", embedding, pairs.snapshot.known.embeddings[pairs.item])
    return {"prior": np.log(pairs.candidates.prior + _RARE), "cosine of embeddings": cosine}


def popularity(pairs: PairsInView) -> Columns:
    """Tell how much is known of the query, and how much the candidate sells."""
    memory, item = pairs.snapshot.memory, pairs.item
    return {
        "popularity": memory.log_popularity[item],
        "query's baskets": np.log(pairs.bought + 1.0),
        "query's pairs": np.log(pairs.total + 1.0),
        "never sold": memory.graph.bought[item] == 0,
    }


def price(pairs: PairsInView) -> Columns:
    """Tell how far the prices lie apart, and whether the candidate has one."""
    one, other = pairs.queries.price[pairs.candidates.owner], pairs.snapshot.known.price[pairs.item]
    return {"price gap": np.abs(one[:, 0] - other[:, 0]), "no price": other[:, 2]}


def walks(pairs: PairsInView) -> Columns:
    """Tell where walks on the complement graph lead (shared neighbours: Adamic and Adar 2003)."""
    facts, graph = pairs.facts, pairs.snapshot.memory.graph
    back = facts["two_step"] * pairs.total / (graph.complement_weight[pairs.item] + 1.0)
    return {
        "two steps": np.log(facts["two_step"] + 1e-6),
        "two steps back": np.log(back + 1e-6),
        "three steps": np.log(facts["three_step"] + 1e-6),
        "shared neighbours": np.log(facts["common"] + 1e-2),
    }


def neighbours(pairs: PairsInView) -> Columns:
    """Tell what look-alikes lend to a pair that was never bought together (item-kNN smoothing)."""
    by_query, by_candidate = pairs.facts["borrowed_by_query"], pairs.facts["borrowed_by_candidate"]
    return pairs.where_never(
        {
            "lent to the query": np.log(by_query + 0.03),
            "lent share of the query": np.log((by_query + 0.003) / (pairs.facts["lenders_bought"] + 1.0)),
            "lent to the candidate": np.log(by_candidate + 0.03),
            "lent share of the candidate": np.log((by_candidate + 0.003) / (pairs.bought + 1.0)),
            "look-alikes sell": np.log(pairs.facts["lenders_sell"] + 0.5),
        }
    )


def trend(pairs: PairsInView) -> Columns:
    """Tell what sells these days, by each half-life of the trend, of a pair never bought together."""
    memory = pairs.snapshot.memory
    columns = {}
    for days, log_share in zip(pairs.snapshot.config.complements.trend_days, memory.log_trend.T, strict=True):
        columns[f"sells, {days:g} days"] = log_share[pairs.item]
        columns[f"rises, {days:g} days"] = (log_share - memory.log_popularity)[pairs.item]
    return pairs.where_never(columns)


EVIDENCE: Mapping[str, Callable[[PairsInView], Columns]] = {
    "counts": counts,
    "low_rank": low_rank,
    "types": types,
    "networks": networks,
    "popularity": popularity,
    "price": price,
    "walks": walks,
    "neighbours": neighbours,
    "trend": trend,
}
"""By their names in `complements.evidence`."""


@dataclass(frozen=True)
class DescribedPairs:
    """What a ranker sees of some pairs.

    Parameters
    ----------
    names : tuple of str
        Of the columns.
    features : ndarray
        `(n, columns) float64`.
        The first is the log of the posterior of counts and networks, which a ranker corrects.
    """

    names: tuple[str, ...]
    features: np.ndarray


def describe(pairs: PairsInView, names: Sequence[str]) -> DescribedPairs:
    """Put the columns of some evidence side by side.

    Parameters
    ----------
    pairs : PairsInView
    names : sequence of str
        Of the evidence, keys of `EVIDENCE`.
    """
    columns: dict[str, np.ndarray] = {"posterior": np.log(posterior_of(pairs, names, _STRENGTH) + _RARE)}
    for name in names:
        columns |= EVIDENCE[name](pairs)
    return DescribedPairs(tuple(columns), np.stack(list(columns.values()), axis=1).astype(np.float64))


def posterior_of(pairs: PairsInView, names: Sequence[str], strength: float) -> np.ndarray:
    """Blend the counts, where they are among the evidence, with the networks, `(n,) float64`."""
    known = float("counts" in names)
    return posterior(known * pairs.facts["weight"], pairs.candidates.prior, known * pairs.total, strength)


def require_columns(snapshot: Snapshot, columns: Sequence[str]) -> None:
    """Refuse a ranker that learned from other evidence than this package makes of its settings.

    Raises
    ------
    ModelError
        Naming the columns that are missing or new.
    """
    queries = snapshot.known.queries(np.zeros(1, dtype=np.int64))
    nothing = np.zeros(0, dtype=np.int64)
    pairs = describe_pairs(snapshot, queries, QueryRows.of(snapshot, queries), nothing, nothing)
    made = describe(PairsInView(snapshot, queries, pairs), snapshot.config.complements.evidence).names
    if list(made) != list(columns):
        others = sorted(set(made) ^ set(columns)) or "the same, in another order"
        raise ModelError(f"the ranker has learned from other evidence than this graphrec makes: {others}; fit again")

"""Query items -> candidates, each once with the networks' probability, and what the log says of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphrec.complements.known_items import QueryItems
from graphrec.complements.labelled_lists import outside_features
from graphrec.complements.networks.predicted import priors
from graphrec.complements.query_rows import QueryRows
from graphrec.complements.snapshot import Snapshot
from graphrec.complements.sources import CANDIDATE_SOURCES


@dataclass(frozen=True)
class Candidates:
    """Possible complements of some query items, with what is known of each pair.

    Parameters
    ----------
    owner : ndarray
        `(n,) int64`, position of the query item, rising.
    item : ndarray
        `(n,) int64`, code of the candidate.
    prior : ndarray
        `(n,) float64`, P(candidate | query item) by the networks; 0 where these are not looked at.
    facts : dict of str to ndarray
        `(n,)` each: what the log says of the pair (as of `ProductGraph.evidence_columns`, 0 of a product in no log),
        what look-alikes say (as of `Borrowed.columns`, and `lenders_sell`), and where walks lead (as of
        `Walks.columns`).
    """

    owner: np.ndarray
    item: np.ndarray
    prior: np.ndarray
    facts: dict[str, np.ndarray]

    def rows(self, chosen: np.ndarray | slice) -> Candidates:
        """Take some of them."""
        facts = {name: values[chosen] for name, values in self.facts.items()}
        return Candidates(self.owner[chosen], self.item[chosen], self.prior[chosen], facts)


def collect_candidates(snapshot: Snapshot, queries: QueryItems) -> Candidates:
    """Ask every source of `complements.sources`; each pair stands once, and no query is its own complement.

    How many are collected does not hang on how many are asked for: the ten of a list of ten are those of a longer one.

    Parameters
    ----------
    snapshot : Snapshot
    queries : QueryItems
    """
    rows = QueryRows.of(snapshot, queries)
    sources = (CANDIDATE_SOURCES[name] for name in snapshot.config.complements.sources)
    owner, item = zip(*(source.pairs(snapshot, queries, rows) for source in sources), strict=True)
    keys = np.unique(np.concatenate(owner) * snapshot.items + np.concatenate(item))
    others = keys[keys % snapshot.items != queries.item[keys // snapshot.items]]
    return describe_pairs(snapshot, queries, rows, *np.divmod(others, snapshot.items))


def describe_pairs(
    snapshot: Snapshot, queries: QueryItems, rows: QueryRows, owner: np.ndarray, item: np.ndarray
) -> Candidates:
    """Look up what is known of given pairs.

    Parameters
    ----------
    snapshot : Snapshot
    queries : QueryItems
    rows : QueryRows
    owner, item : ndarray
        `(n,) int64`: position of the query, rising, and code of the item.
    """
    code = queries.item[owner]
    of_pair = snapshot.memory.graph.evidence_columns(np.maximum(code, 0), item)
    facts = {
        **{name: np.where(code >= 0, values, 0) for name, values in of_pair.items()},
        **rows.borrowed.columns(owner, item),
        **rows.walks.columns(owner, item),
        "lenders_sell": snapshot.lenders_sell[item],
    }
    asked = "networks" in snapshot.config.complements.evidence
    predictor, index = snapshot.predictor, snapshot.index
    prior = priors(predictor, index, queries.embedding, owner, item) if asked else np.zeros(len(owner))
    return Candidates(owner, item, prior, facts)


def outside(snapshot: Snapshot, queries: QueryItems, candidates: Candidates) -> np.ndarray:
    """Describe what are no candidates of each query, `(queries, 3) float64`, as of `outside_features`."""
    bought = np.where(queries.item >= 0, snapshot.memory.graph.bought[np.maximum(queries.item, 0)], 0)
    popularity = snapshot.memory.popularity[candidates.item]
    return outside_features(candidates.owner, len(queries.item), popularity, bought)

"""ProductGraph: the similar and the complement graph of a shop, their evidence, and views for other libraries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from graphrec.graph.pairs import Pairs, top_pairs


@dataclass(frozen=True)
class Evidence:
    """What the log says of a pair item -> complement.

    Parameters
    ----------
    bought_together : int
        Baskets that hold both.
    support : float
        Share of all baskets that hold both.
    lift : float
        Times more often than chance; 0 when never.
    bought_first : int
        Baskets in which the item was bought strictly before the complement.
    """

    bought_together: int = 0
    support: float = 0.0
    lift: float = 0.0
    bought_first: int = 0


if TYPE_CHECKING:
    import networkx as nx
    from torch_geometric.data import HeteroData

_MIRROR = {
    "count": "count",
    "support": "support",
    "lift": "lift",
    "first": "later",
    "later": "first",
    "weight": "back",
}
"""Facts of an edge -> what they are called on the edge in the other direction."""


@dataclass(frozen=True)
class ProductGraph:
    """Both graphs over the codes of one catalogue.

    Parameters
    ----------
    similar, complement : Pairs
        Pruned to the top K of each item. Complement edges carry `count`, `first`, `later`, `support`, `lift` and
        `back`, the weight of the edge in the other direction.
    viewed, bought : ndarray
        `(items,) int64`: view sessions and baskets that hold the item.
    view_sessions, baskets : int
        How many there are in all.
    similar_sources : tuple of str
        Where similar links come from: `views`, or `catalogue` and `shared contexts`.
    substitutes_removed : int
        Complement pairs taken out because they are mostly co-viewed.
    """

    similar: Pairs
    complement: Pairs
    viewed: np.ndarray
    bought: np.ndarray
    view_sessions: int
    baskets: int
    similar_sources: tuple[str, ...]
    substitutes_removed: int

    @property
    def items(self) -> int:
        """Number of items, with and without edges."""
        return self.complement.items

    @property
    def similar_from_views(self) -> bool:
        """Whether similar pairs were viewed together, or given as such."""
        return self.similar_sources == ("views",)

    def with_similar(self, similar: Pairs, sources: Sequence[str]) -> ProductGraph:
        """Return the graph with other similar links."""
        return replace(self, similar=similar, similar_sources=tuple(sources))

    def items_bought_together(self, times: int) -> int:
        """Count the items that have a complement bought together with them at least so many times."""
        often = self.complement.columns["count"] >= times
        return len(np.unique(self.complement.rows[often]))

    def without_complements(self) -> ProductGraph:
        """Return the graph as if nothing had been bought together."""
        nothing = np.zeros(0, dtype=np.int64)
        columns = {name: values[:0] for name, values in self.complement.columns.items()}
        return replace(self, complement=top_pairs(self.items, nothing, nothing, nothing, columns, 1))

    def evidence(self, item: int, complement: int) -> Evidence:
        """Say what the log holds of one pair of codes."""
        facts = self.evidence_columns(np.array([item]), np.array([complement]))
        return Evidence(
            bought_together=int(facts["count"][0]),
            support=float(facts["support"][0]),
            lift=float(facts["lift"][0]),
            bought_first=int(facts["first"][0]),
        )

    def evidence_columns(self, items: np.ndarray, complements: np.ndarray) -> dict[str, np.ndarray]:
        """Look up `count`, `support`, `lift`, `first`, `later` and `weight` of many pairs, each `(n,)`.

        A pair beyond the top K of the item is looked up from its other end; beyond both it counts as never
        bought together.
        """
        ahead = self.complement.find(items, complements)
        back = self.complement.find_back(items, complements)
        columns = {**self.complement.columns, "weight": self.complement.weight}
        there, from_other_end = np.flatnonzero(ahead >= 0), np.flatnonzero((ahead < 0) & (back >= 0))
        facts = {}
        for name, mirrored in _MIRROR.items():
            # Most candidates were never bought together: only the others are looked up.
            facts[name] = np.zeros(len(ahead), dtype=np.result_type(columns[name], np.int64))
            facts[name][there] = columns[name][ahead[there]]
            facts[name][from_other_end] = columns[mirrored][back[from_other_end]]
        return facts

    @cached_property
    def complement_weight(self) -> np.ndarray:
        """Weight of all kept complements of each item, `(items,) float64`."""
        weight = self.complement.weight.astype(np.float64)
        return np.bincount(self.complement.rows, weight, minlength=self.items)

    def to_pyg(self) -> HeteroData:
        """Return both graphs as one torch-geometric graph of `item` nodes.

        Edge types `(item, similar, item)` and `(item, complement, item)`, each with `edge_index`
        `(2, edges) int64` and `edge_weight` `(edges,) float32`.
        """
        import torch
        from torch_geometric.data import HeteroData

        data = HeteroData()
        data["item"].num_nodes = self.items
        for name, pairs in (("similar", self.similar), ("complement", self.complement)):
            edges = np.stack([pairs.rows, pairs.indices.astype(np.int64)])
            data["item", name, "item"].edge_index = torch.from_numpy(edges)
            data["item", name, "item"].edge_weight = torch.from_numpy(pairs.weight.copy())
        return data

    def to_networkx(self, types: Sequence[str]) -> nx.DiGraph:
        """Return the type-transition graph that the complement pairs draw.

        Parameters
        ----------
        types : sequence of str
            Type of every item, by code.

        Returns
        -------
        networkx.DiGraph
            Nodes are types (`items`: how many); edge t -> u has `count` (baskets, each pair counted) and
            `probability` (`count` over all that leave t).
        """
        import networkx as nx

        codes, names = pd.factorize(np.asarray(types, dtype=object), sort=True)
        pairs = self.complement
        edges = pd.DataFrame({"t": codes[pairs.rows], "u": codes[pairs.indices], "count": pairs.columns["count"]})
        totals = edges.groupby(["t", "u"], as_index=False)["count"].sum()
        totals["probability"] = totals["count"] / totals.groupby("t")["count"].transform("sum")
        graph = nx.DiGraph()
        graph.add_nodes_from((str(name), {"items": int(n)}) for name, n in zip(names, np.bincount(codes), strict=True))
        graph.add_edges_from(
            (str(names[t]), str(names[u]), {"count": int(count), "probability": float(probability)})
            for t, u, count, probability in totals.itertuples(index=False)
        )
        return graph

    def arrays(self) -> dict[str, np.ndarray]:
        """Name all arrays for a file; `from_arrays` reads them back."""
        own = {
            "viewed": self.viewed,
            "bought": self.bought,
            "totals": np.array([self.view_sessions, self.baskets, self.substitutes_removed], dtype=np.int64),
        }
        return own | self.similar.arrays("similar") | self.complement.arrays("complement")

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], similar_sources: Sequence[str]) -> ProductGraph:
        """Rebuild a graph from the arrays of a file."""
        view_sessions, baskets, removed = (int(total) for total in arrays["totals"])
        return cls(
            similar=Pairs.from_arrays(arrays, "similar"),
            complement=Pairs.from_arrays(arrays, "complement"),
            viewed=arrays["viewed"],
            bought=arrays["bought"],
            view_sessions=view_sessions,
            baskets=baskets,
            similar_sources=tuple(similar_sources),
            substitutes_removed=removed,
        )

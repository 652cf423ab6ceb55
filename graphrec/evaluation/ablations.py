"""Variants of graphrec, each fitted anew without one of its parts: what the part earns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphrec.config import Config


@dataclass(frozen=True)
class Variant:
    """Graphrec with some settings changed.

    Parameters
    ----------
    name : str
        On the leaderboard.
    changes : mapping of str to mapping
        Section of the configuration -> setting -> value.
    """

    name: str
    changes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def config(self, config: Config) -> Config:
        """Change the settings of a configuration."""
        sections = {name: getattr(config, name).model_copy(update=dict(of)) for name, of in self.changes.items()}
        return config.model_copy(update=sections)


ABLATIONS: Mapping[str, Variant] = {
    "without-graph": Variant("graphrec without the graph", {"encoder": {"neighbours": False}}),
    "without-features": Variant("graphrec without features", {"features": {"described": False}}),
    "without-types": Variant("graphrec without types", {"features": {"types": False}}),
    "without-counts": Variant(
        "graphrec without the counts",
        {
            "complements": {
                "sources": ("predicted", "bestsellers"),
                "evidence": ("networks", "popularity", "price", "trend"),
            }
        },
    ),
    "without-networks": Variant(
        "graphrec without the networks",
        {
            "complements": {
                "sources": ("bought_with", "low_rank", "walks", "bought_with_type", "bestsellers"),
                "evidence": ("counts", "low_rank", "types", "popularity", "price", "walks", "trend"),
                "look_alikes": 0,
            }
        },
    ),
    "without-look-alikes": Variant("graphrec without look-alikes", {"complements": {"look_alikes": 0}}),
    "without-arrivals": Variant("graphrec without arrivals", {"ranker": {"hidden_items": 0.0}}),
    "without-ranker": Variant("graphrec without the ranker"),
    "boosted-trees": Variant("graphrec with boosted trees for a ranker"),
    "one-space": Variant("graphrec in one space", {"networks": {"spaces": 1}}),
    "hinge": Variant("graphrec by hinge loss", {"networks": {"loss": "hinge"}}),
}
"""Key on the command line -> variant; whose ranker is another one, `graphrec.evaluation.fit_graphrec` says."""

"""Settings of the two product graphs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from graphrec.config.section import Section


class PairConfig(Section):
    """How pairs are counted, weighed and pruned."""

    min_count: int = Field(1, ge=1)
    """Sessions or baskets that must hold a pair."""
    top_k: int = Field(50, ge=1)
    """Pairs kept per item."""
    rank_by: Literal["weight", "weighted_lift", "lift", "cosine", "log_likelihood"] = "weight"
    """By what an item's pairs are weighed and pruned, see `graphrec.graph.statistics`."""
    half_life_days: float | None = Field(None, ge=1)
    """A session so many days before the last one of the log weighs half; None: age does not matter."""
    length_power: float = Field(0.0, ge=0)
    """A session of n items gives each of its pairs the weight (n - 1) to minus this power."""
    distance_decay: float = Field(1.0, gt=0, le=1)
    """A pair with m items between its two, in the order in which the session met them last, weighs this to the power
    of m."""
    significance: float | None = Field(None, gt=0, lt=0.5)
    """Keep a pair only when its lift is above 1 by more than chance would give at this level, by Dunning's
    log-likelihood ratio, one-sided; None: keep all."""


class CoViewConfig(PairConfig):
    """Similar pairs: substitutes."""

    rank_by: Literal["weight", "weighted_lift", "lift", "cosine", "log_likelihood"] = "weighted_lift"
    """By default count times log(1 + lift), so that two bestsellers do not pass for alike."""
    max_session_items: int = Field(50, ge=2)
    """Only the last so many distinct items of a session are paired: long sessions are robots or idle talk."""
    nearest_k: int = Field(10, ge=1)
    """Without views: neighbours taken from the catalogue, and as many from shared contexts."""
    context_dim: int = Field(64, ge=2)
    """Without views: rank of the co-purchase factorisation whose rows are the contexts."""


class CoPurchaseConfig(PairConfig):
    """Complement pairs: bought together."""

    top_k: int = Field(200, ge=1)
    """Complements kept per item."""
    max_basket_items: int = Field(100, ge=2)
    """Only the last so many distinct items of a basket are paired."""
    substitute_ratio: float = Field(1.0, gt=0)
    """A pair whose co-view lift is more than this times its co-purchase lift is taken for a substitute."""
    reverse_weight: float = Field(0.1, ge=0, le=1)
    """What a basket counts for i -> j in which j was bought before i."""


class GraphConfig(Section):
    """Both product graphs."""

    co_view: CoViewConfig = CoViewConfig()
    co_purchase: CoPurchaseConfig = CoPurchaseConfig()

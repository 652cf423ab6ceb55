"""Settings of the generated shop."""

from __future__ import annotations

from pydantic import Field

from graphrec.config.section import Section


class ShopConfig(Section):
    """The generated shop."""

    events: int = Field(200_000, ge=1)
    """Rows of the log."""
    items: int = Field(1_200, ge=2)
    """Products; never fewer than two for each type and series."""
    noise: float = Field(0.1, ge=0, le=1)
    """Share of complements drawn without regard to the planted matrix."""
    affinity: float = Field(0.7, ge=0, le=1)
    """Share of complements that are of the same series as the item they complete."""
    cold_share: float = Field(0.05, ge=0, lt=1)
    """Share of products that no event touches."""
    buy_share: float = Field(0.35, gt=0, le=1)
    """Share of sessions that buy."""
    popularity_exponent: float = Field(0.8, ge=0)
    """Of the long tail: popularity falls with rank to this power."""
    days: int = Field(60, ge=1)
    seed: int = Field(0, ge=0)

"""Settings of the session model."""

from __future__ import annotations

from pydantic import Field

from graphrec.config.section import Section


class RerankConfig(Section):
    """The session LSTM."""

    hidden: int = Field(64, ge=2)
    max_length: int = Field(20, ge=2)
    """Last so many events of a session that are read."""
    max_sessions: int = Field(40_000, ge=1)
    """Latest sessions that are trained on."""
    negatives: int = Field(512, ge=1)
    negative_power: float = Field(0.75, ge=0, le=1)
    """Negatives are drawn by popularity to this power (Mikolov et al. 2013): the long tail is met too."""
    batch: int = Field(256, ge=2)
    validation_sessions: int = Field(4_096, ge=1)
    """Later sessions by which an epoch is judged; more agree on which is best."""
    epochs: int = Field(4, ge=1)
    learning_rate: float = Field(3e-3, gt=0)
    weight: float = Field(0.5, ge=0)
    """How much of the session's log-probability is added to a candidate's log-score."""

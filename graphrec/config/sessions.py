"""Settings of the session model."""

from __future__ import annotations

from typing import Literal

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


class SessionsConfig(Section):
    """The network that says what comes next."""

    inputs: tuple[Literal["types", "kinds", "gaps"], ...] = ("types", "kinds", "gaps")
    """What it sees of an event beside its item: the item's type, the kind of the event, the time since the
    one before."""
    dim: int = Field(128, ge=2)
    max_length: int = Field(20, ge=2)
    """Last so many events of a session that are read."""
    item_dropout: float = Field(0.3, ge=0, lt=1)
    state_dropout: float = Field(0.1, ge=0, lt=1)
    scale: float = Field(12.0, gt=0)
    """By which cosines are multiplied at first; it is learned."""
    negatives: int = Field(2_048, ge=1)
    """Items that the next ones of a batch are told from."""
    negative_power: float = Field(0.5, ge=0, le=1)
    """They are drawn by popularity to this power."""
    batch: int = Field(256, ge=2)
    """Sessions per step."""
    epochs: int = Field(5, ge=1)
    learning_rate: float = Field(3e-3, gt=0)
    validation_sessions: int = Field(4_096, ge=1)
    """Later sessions by which an epoch is judged."""

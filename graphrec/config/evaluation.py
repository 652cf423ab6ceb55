"""Settings of the evaluation: what is held out, and what is asked."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from graphrec.config.section import Section


class SplitConfig(Section):
    """What `evaluate` holds out. `fit` takes every event; see `events.before`."""

    test_from: datetime | None = None
    """Begin (ISO) of the held-out events; None, or a log without times: the latest sessions."""
    test_share: float = Field(0.15, gt=0, lt=1)
    """Share of the sessions that are held out where no begin is given."""
    validation_share: float = Field(0.1, gt=0, lt=0.5)
    """Share of the sessions before the cut, the latest, on which baselines are tuned."""
    hidden_items: float = Field(0.0, ge=0, lt=1)
    """Share of the items whose events before the cut are hidden, so that they can be asked about as new ones: for a
    shop where nothing new arrives, and for given links."""


class EvaluationConfig(Section):
    """What is asked of every model."""

    questions: int = Field(30_000, ge=1)
    """Baskets, drawn at random, that are asked about by one item."""
    questions_by_every_item: int = Field(20_000, ge=100)
    """Of these, baskets of so many items together are asked about by all of their items, one by one."""
    validation_questions: int = Field(4_000, ge=1)
    """Baskets that each point of a baseline's grid is asked about."""
    sessions: int = Field(2_000, ge=1)
    """Later sessions, drawn at random, of which every step is asked about: what comes next."""
    similar_n: int = Field(10, ge=1)
    """An item of a list that is among so many most similar ones of the query is a substitute."""
    specificities: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
    """Specificities (`lists.specificity`) at which every model's lists are made, for the trade-off of the report."""
    resamples: int = Field(1_000, ge=1)
    """Of the bootstrap."""
    seed_protocol: bool = False
    """Show in the report what the protocol of some LSTM tutorials makes of this log; it takes a minute."""

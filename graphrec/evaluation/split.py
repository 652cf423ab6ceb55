"""The global split: what is known at the cut, and what came after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import ibis
import numpy as np
import pandas as pd
from ibis import _

from graphrec.config import Config, SplitConfig
from graphrec.engine import Engine, open_duckdb
from graphrec.errors import EventsError
from graphrec.events import Catalogue, Events, load_events, split_latest
from graphrec.progress import Display, Silent


@dataclass(frozen=True)
class Split:
    """A log cut in two.

    ::

        -------------- train --------------|--- test ---
        ------ earlier ------|-- later ----|               baselines are tuned on `later`

    Parameters
    ----------
    config : Config
    train : Events
        The log as it was at the cut. Its catalogue says of an item what was known of it then; items that came
        later stand at its end by their catalogue row alone.
    test : DataFrame
        Events of the sessions that began after the cut: `session`, `basket` (hash, missing but for purchases),
        `item` (code in the catalogue of `train`), `kind`, `time`, `position`.
    cut : Timestamp or int
        A moment, or a position in a log without times.
    """

    config: Config
    train: Events
    test: pd.DataFrame
    cut: pd.Timestamp | int

    @cached_property
    def cold(self) -> np.ndarray:
        """Items that nobody had touched before the cut, `(items,) bool`."""
        return np.asarray(self.train.facts.per_item == 0)

    @cached_property
    def validation(self) -> tuple[Events, Events]:
        """The training log cut again, into earlier and later."""
        return split_latest(self.train, self.config.split.validation_share)

    @property
    def of_links(self) -> bool:
        """Whether given links stand for baskets."""
        return self.config.events.reader == "links"

    def in_words(self) -> str:
        """Say how the log was cut."""
        if isinstance(self.cut, pd.Timestamp):
            return f"by time: fitted on what came before {self.cut}, asked about the sessions that began from then on"
        if self.of_links:
            return (
                "by link: a random part of the links is held out, each with its reverse, and all links of the hidden "
                "products; each product is asked about once, and links known before are not listed"
            )
        return f"by session number, since the log has no times: asked about the last {self.config.split.test_share:.0%}"


def split_log(config: Config, display: Display | None = None) -> Split:
    """Read a log twice, whole and as it was at the cut, so that nothing written later can reach a fit.

    Raises
    ------
    EventsError
        When one side of the cut would be empty.
    """
    display = display or Silent()
    whole = load_events(config, display)
    cut = _cut(whole, config.split)
    if isinstance(cut, pd.Timestamp):
        past = config.events.model_copy(update={"before": cut.to_pydatetime()})
        train = load_events(config.model_copy(update={"events": past}), display)
        train = replace(train, catalogue=_with_arrivals(train.catalogue, whole.catalogue))
    else:
        train = whole.between(until=cut)
    hidden = _hidden_items(train, config)
    of_links = config.events.reader == "links"
    train = train.hiding(hidden, whole_sessions=of_links) if len(hidden) else train
    hidden_codes = whole.catalogue.codes(train.catalogue.items[hidden]) if of_links else hidden[:0]
    test = _later_sessions(whole, cut, hidden_codes)
    test["item"] = train.catalogue.codes(whole.catalogue.items)[test["item"].to_numpy()]
    return Split(config, train, test, cut)


def _cut(whole: Events, config: SplitConfig) -> pd.Timestamp | int:
    """Find where the log is cut, and refuse a cut that leaves a side empty."""
    facts = whole.facts
    if config.test_from is not None and whole.has_time:
        cut = pd.Timestamp(config.test_from)
        if not facts.first < cut <= facts.last:  # type: ignore[operator]
            raise EventsError(
                f"split.test_from {cut} leaves one side empty; the log runs from {facts.first} to {facts.last}"
            )
        return cut
    start = whole.session_start(1 - config.test_share)
    if facts.sessions < 2 or start == facts.first:
        raise EventsError(
            f"the log cannot be cut: {facts.sessions:,} sessions, and the latest {config.test_share:.0%} begin with "
            "the first event; set split.test_from or split.test_share"
        )
    return start


def _with_arrivals(known: Catalogue, whole: Catalogue) -> Catalogue:
    """Put the items that came later behind those that were known, with their catalogue rows."""
    arrived = ~whole.frame["item"].isin(known.frame["item"])
    return Catalogue(pd.concat([known.frame, whole.frame[arrived]], ignore_index=True))


def _hidden_items(train: Events, config: Config) -> np.ndarray:
    """Choose touched items at random, `(n,) int64` codes."""
    touched = np.flatnonzero(train.facts.per_item)
    count = round(config.split.hidden_items * len(touched))
    return np.sort(np.random.default_rng(config.seed).permutation(touched)[:count])


def _later_sessions(whole: Events, cut: pd.Timestamp | int, hidden: np.ndarray) -> pd.DataFrame:
    """Bring the sessions into memory that began after the cut, and those that touch a hidden item."""
    with open_duckdb(whole.engine) as engine:
        log = whole.table(engine)
        began = _.time.min() if isinstance(cut, pd.Timestamp) else _.position.min()
        touches = _["item"].isin([int(code) for code in hidden]).any() if len(hidden) else ibis.literal(False)
        sessions = log.group_by("session").agg(began=began, touches=touches)
        later = sessions.filter((_.began >= cut) | _.touches).select("session")
        return _in_memory(engine, log.semi_join(later, "session"))


def events_with_baskets(events: Events) -> pd.DataFrame:
    """Bring a stretch of a log into memory, in the columns of `Split.test`."""
    with open_duckdb(events.engine) as engine:
        return _in_memory(engine, events.table(engine))


def _in_memory(engine: Engine, log: ibis.Table) -> pd.DataFrame:
    rows = log.order_by("time", "position").select("session", "basket", "item", "kind", "time", "position")
    return engine.fetch(rows)

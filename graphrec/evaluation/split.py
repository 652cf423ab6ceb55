"""The global split: what is known at the cut, and what came after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import ibis
import numpy as np
import pandas as pd
from ibis import _

from graphrec.compute.engine import Engine
from graphrec.compute.progress import Display, Silent
from graphrec.config import Config, SplitConfig
from graphrec.errors import EventsError
from graphrec.events import Catalogue, Events, load_events, split_latest


@dataclass(frozen=True)
class HeldOut:
    """What a cut holds out: the sessions that began from one moment or position on, before another.

    Parameters
    ----------
    since : Timestamp or int
    until : Timestamp, int or None
        None: to the end of the log.
    back : int
        Cuts from here to the last one.
    """

    since: pd.Timestamp | int
    until: pd.Timestamp | int | None = None
    back: int = 0


@dataclass(frozen=True)
class Split:
    """A log cut in two.

    ::

        -------------- train --------------|--- test ---|    later, where `until` is given: seen by neither
        ------ earlier ------|-- later ----|                 baselines are tuned on `later`

    Parameters
    ----------
    config : Config
    train : Events
        The log as it was at the cut. Its catalogue says of an item what was known of it then; items that came
        later stand at its end by their catalogue row alone.
    test : DataFrame
        Events of the sessions that began after the cut: `session`, `basket` (hash, missing but for purchases),
        `user` (hash or missing), `item` (code in the catalogue of `train`), `kind`, `time`, `price`, `position`.
    cut : Timestamp or int
        A moment, or a position in a log without times.
    until : Timestamp, int or None
        Where the test ends, of the same kind; None: with the log.
    """

    config: Config
    train: Events
    test: pd.DataFrame
    cut: pd.Timestamp | int
    until: pd.Timestamp | int | None = None

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
        return _of_links(self.config)

    def in_words(self) -> str:
        """Say how the log was cut."""
        if isinstance(self.cut, pd.Timestamp):
            end = "" if self.until is None else f", before {self.until}"
            return (
                f"by time: fitted on what came before {self.cut}, asked about the sessions that began from then on{end}"
            )
        if self.of_links:
            return (
                "by link: a random part of the links is held out, each with its reverse, and all links of the hidden "
                "products; each product is asked about once, and links known before are not listed"
            )
        share = f"{self.config.split.test_share:.0%}"
        if self.until is not None:
            return f"by session number, since the log has no times: asked about the {share} that end at {self.until:,}"
        return f"by session number, since the log has no times: asked about the last {share}"


def split_log(config: Config, display: Display | None = None, held_out: HeldOut | None = None) -> Split:
    """Read a log twice, as it was at the end of the test and at the cut: nothing written later can reach a fit.

    Parameters
    ----------
    config : Config
    display : Display, optional
    held_out : HeldOut, optional
        By default what the configuration says.

    Raises
    ------
    EventsError
        When one side of the cut would be empty.
    """
    display = display or Silent()
    whole = load_events(as_of(config, None if held_out is None else held_out.until), display)
    held_out = held_out or HeldOut(test_begin(whole, config.split))
    if isinstance(held_out.since, pd.Timestamp):
        train = load_events(as_of(config, held_out.since), display)
        train = replace(train, catalogue=_with_arrivals(train.catalogue, whole.catalogue))
    else:
        train = _without(whole, held_out, config)
    hidden = _hidden_items(whole, train, held_out, config)
    train = train.hiding(hidden, whole_sessions=_of_links(config)) if len(hidden) else train
    hidden_codes = whole.catalogue.codes(train.catalogue.items[hidden]) if _of_links(config) else hidden[:0]
    test = _later_sessions(whole, held_out, hidden_codes)
    test["item"] = train.catalogue.codes(whole.catalogue.items)[test["item"].to_numpy()]
    return Split(config, train, test, held_out.since, held_out.until)


def as_of(config: Config, moment: pd.Timestamp | int | None) -> Config:
    """Read no row from a moment on, as if none had been written yet; a position or None changes nothing."""
    if not isinstance(moment, pd.Timestamp):
        return config
    past = config.events.model_copy(update={"before": moment.to_pydatetime()})
    return config.model_copy(update={"events": past})


def test_begin(whole: Events, config: SplitConfig) -> pd.Timestamp | int:
    """Find where the log is cut, a moment or a position.

    Raises
    ------
    EventsError
        When a side would be empty.
    """
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


def _of_links(config: Config) -> bool:
    return config.events.reader == "links"


def _without(whole: Events, held_out: HeldOut, config: Config) -> Events:
    """Take what came before; of links, which stand in no order, all but what is held out."""
    since, until = held_out.since, held_out.until
    if _of_links(config) and isinstance(since, int) and isinstance(until, int):
        return whole.leaving_out(since, until)
    return whole.between(until=since)


def _with_arrivals(known: Catalogue, whole: Catalogue) -> Catalogue:
    """Put the items that came later behind those that were known, with their catalogue rows."""
    arrived = ~whole.frame["item"].isin(known.frame["item"])
    return Catalogue(pd.concat([known.frame, whole.frame[arrived]], ignore_index=True))


def _hidden_items(whole: Events, train: Events, held_out: HeldOut, config: Config) -> np.ndarray:
    """Choose touched items at random, `(n,) int64` codes; of links other ones at every cut."""
    of_links = _of_links(config)
    touched = np.flatnonzero((whole if of_links else train).facts.per_item)
    count = round(config.split.hidden_items * len(touched))
    first = held_out.back * count if of_links else 0
    return np.sort(np.random.default_rng(config.seed).permutation(touched)[first : first + count])


def _later_sessions(whole: Events, held_out: HeldOut, hidden: np.ndarray) -> pd.DataFrame:
    """Bring the sessions into memory that are held out, and those that touch a hidden item."""
    with whole.connections.duckdb() as engine:
        log = whole.table(engine)
        began = _.time.min() if isinstance(held_out.since, pd.Timestamp) else _.position.min()
        touches = _["item"].isin([int(code) for code in hidden]).any() if len(hidden) else ibis.literal(False)
        sessions = log.group_by("session").agg(began=began, touches=touches)
        inside = _.began >= held_out.since
        if held_out.until is not None:
            inside &= _.began < held_out.until
        later = sessions.filter(inside | _.touches).select("session")
        return _in_memory(engine, log.semi_join(later, "session"))


def events_with_baskets(events: Events) -> pd.DataFrame:
    """Bring a part of a log into memory, in the columns of `Split.test`."""
    with events.connections.duckdb() as engine:
        return _in_memory(engine, events.table(engine))


def _in_memory(engine: Engine, log: ibis.Table) -> pd.DataFrame:
    rows = log.order_by("time", "position").select(
        "session", "basket", "user", "item", "kind", "time", "price", "position"
    )
    return engine.fetch(rows)

"""Later sessions -> the steps that are asked about: what was seen so far, and what came next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from graphrec.compute.ragged import distinct_pairs, is_among
from graphrec.sessions.session_log import SessionLog

LONG = 10
"""Events from which on a session counts as long."""


@dataclass(frozen=True)
class AskedSteps:
    """Steps of later sessions, each with all that stands before it.

    Parameters
    ----------
    seen : SessionLog
        A session a step: its events before the step.
    target : ndarray
        `(steps,) int64`: the item that came next.
    session : ndarray
        `(steps,) int64`: the later session of each step; steps of one are no independent observations.
    last : ndarray
        `(steps,) bool`: whether it is the last of its session.
    """

    seen: SessionLog
    target: np.ndarray
    session: np.ndarray
    last: np.ndarray

    @classmethod
    def of(cls, log: SessionLog, event: np.ndarray) -> AskedSteps:
        """Ask for some events of sessions, `(n,) int64`, by what stands before them."""
        session = log.session[event]
        return cls(log.prefixes(event), log.item[event], session, event == log.start[1:][session] - 1)

    def __len__(self) -> int:
        return len(self.target)

    def segments(self, items: int) -> Mapping[str, np.ndarray]:
        """Name parts of the steps, `(steps,) bool` each; `items` is the number of the catalogue's."""
        owner, item = distinct_pairs(self.seen.session, self.seen.item, items)
        again = is_among(owner * items + item, np.arange(len(self)) * items + self.target)
        length = self.seen.lengths
        return {
            "new to the session": ~again,
            "seen before": again,
            "first step": length == 1,
            "long sessions": length >= LONG,
            "last item": self.last,
        }


def asked_steps(later: SessionLog, known: np.ndarray, most: int, seed: int) -> AskedSteps:
    """Ask for every step to a known item, in sessions that are known by their known items alone.

    As the field does (Ludewig and Jannach, UMUAI 2018): an item that nobody had touched before can be found by no
    neighbour, and is asked about apart.

    Parameters
    ----------
    later : SessionLog
    known : ndarray
        `(items,) bool`: touched before the cut.
    most : int
        Sessions of two or more such events, drawn at random.
    seed : int
    """
    log = _drawn(later.events(np.flatnonzero(known[later.item])), most, seed)
    return AskedSteps.of(log, np.flatnonzero(log.place > 0))


def cold_steps(later: SessionLog, known: np.ndarray, most: int, seed: int) -> AskedSteps:
    """Ask for the steps to items that nobody had touched before, by the known items before them."""
    log = _drawn(later, most, seed)
    cold = np.flatnonzero(~known[log.item])
    seen = log.prefixes(cold)
    seen = seen.events(np.flatnonzero(known[seen.item]))
    able = np.flatnonzero(seen.lengths > 0)
    session = log.session[cold[able]]
    last = cold[able] == log.start[1:][session] - 1
    return AskedSteps(seen.rows(able), log.item[cold[able]], session, last)


def _drawn(log: SessionLog, most: int, seed: int) -> SessionLog:
    able = np.flatnonzero(log.lengths >= 2)
    return log.rows(np.sort(np.random.default_rng(seed).permutation(able)[:most]))

"""A log -> steps from an event to the next, padded and split as the tutorials do, or by whole sessions in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphrec.errors import EventsError

PADDING = 0
"""Stands for no item in front of a short row."""
CHECK_SHARE = 0.1
"""Of what is left to train on, to choose the epoch by."""
WIDTH = 28
_SHORTEST = 3
_TEST_WINDOWS, _TEST_SESSIONS = 0.2, 0.15


@dataclass(frozen=True)
class Steps:
    """Padded rows, and what is done with each step from a place to the next.

    ::

        items   0 0 17 17 4        asked   0 0 0 1        the step from 17 to 4 is a question of the test

    Parameters
    ----------
    items : ndarray
        `(rows, 28) int64`, item code + 1, padding (0) in front.
    learned, checked, asked : ndarray
        `(rows, 27) bool`: steps to train on, to choose the epoch by, and to test with.
    """

    items: np.ndarray
    learned: np.ndarray
    checked: np.ndarray
    asked: np.ndarray

    def answers(self) -> np.ndarray:
        """Say what follows at each question, `(questions,)`."""
        return np.asarray(self.items[:, 1:][self.asked])

    def last(self) -> np.ndarray:
        """Say what stands last before each question, `(questions,)`."""
        return np.asarray(self.items[:, :-1][self.asked])


def window_steps(frame: pd.DataFrame, seed: int) -> Steps:
    """Cut a log's events as the tutorials do: every step counts, and chance says on which side it falls.

    Parameters
    ----------
    frame : DataFrame
        As `Events.frame`, without views.
    seed : int
    """
    known = frame[frame["user"] >= 0].sort_values(["user", "time"], kind="stable")
    size = known.groupby("user")["item"].transform("size")
    known = known[size.between(_SHORTEST, WIDTH)]
    if known.empty:
        raise EventsError(
            f"the seed protocol needs visitors of {_SHORTEST} to {WIDTH} carts and purchases, and the log has none; "
            "map columns.user, or measure it on a log with carts"
        )
    items = _padded(known["user"].to_numpy(), known["item"].to_numpy())
    draw = np.random.default_rng(seed).random((len(items), WIDTH - 1))
    asked = draw < _TEST_WINDOWS
    checked = ~asked & (draw < _TEST_WINDOWS + CHECK_SHARE * (1 - _TEST_WINDOWS))
    return _both_sides(Steps(items, ~asked & ~checked, checked, asked))


def session_steps(frame: pd.DataFrame, seed: int) -> Steps:
    """Cut a log's events in time: whole sessions, and only steps from an item to another.

    The latest 15 % of the sessions are the test; a session that is open when they begin is left out, so that all
    training lies before all testing. Events of one time are shuffled: the order of lines in an order says nothing.
    A session is known by its last 28 events.

    Parameters
    ----------
    frame : DataFrame
        As `Events.frame`, without views.
    seed : int
    """
    shuffle = np.random.default_rng(seed).random(len(frame))
    frame = frame.iloc[np.lexsort((shuffle, frame["time"].to_numpy(), frame["session"].to_numpy()))]
    items = _padded(frame["session"].to_numpy(), frame["item"].to_numpy())
    trained = 1 - _TEST_SESSIONS
    span = frame.groupby("session")["time"].agg(["min", "max"])
    starts, stops = span["min"].to_numpy(), span["max"].to_numpy()
    cut, check = (np.sort(starts)[int(len(starts) * share)] for share in (trained, trained * (1 - CHECK_SHARE)))
    earlier, recent = stops < cut, starts >= check
    moved = (items[:, 1:] != items[:, :-1]) & (items[:, :-1] != PADDING)
    sides = (moved & side[:, None] for side in (earlier & ~recent, earlier & recent, starts >= cut))
    return _both_sides(Steps(items, *sides))


def _both_sides(steps: Steps) -> Steps:
    if not (steps.learned.any() and steps.asked.any()):
        raise EventsError("the seed protocol found no step to train on or none to ask; give it a longer log")
    return steps


def _padded(owner: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Lay out each owner's last 28 items, padding in front."""
    stops = np.append(np.flatnonzero(np.diff(owner)) + 1, len(owner))
    lengths = np.minimum(np.diff(stops, prepend=0), WIDTH)
    place = stops[:, None] - WIDTH + np.arange(WIDTH)
    real = np.arange(WIDTH) >= WIDTH - lengths[:, None]
    return np.where(real, item[np.where(real, place, 0)].astype(np.int64) + 1, PADDING)

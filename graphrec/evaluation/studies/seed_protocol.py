"""A protocol of LSTM tutorials that measures padding, and beside it the same network asked honestly.

Tutorials on Retailrocket's carts and transactions report a next-item accuracy of .84 to .85 ("Product
Recommendation System Using LSTM", github.com/Vraj-Data-Scientist/product-recommendation-system-using-LSTM, says
.8462 and .8535). The reading of their protocol that is followed here, of which the trivial rule gets .845:

- cart and transaction events; one sequence a visitor, in the order of time, over all of the log; repetitions stay;
- visitors of 3 to 28 events, the others left out; sequences padded to 28 in front;
- from each padded row 27 windows, its beginnings of 1 to 27 places, each with the place that follows as its label;
- a fifth of the windows, drawn at random, is the test; padding that is foretold counts as right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphrec.compute.progress import Display
from graphrec.errors import EventsError
from graphrec.evaluation.studies.next_item_lstm import fit_lstm, ranked_by_lstm
from graphrec.evaluation.studies.session_steps import PADDING, WIDTH, Steps, session_steps, window_steps
from graphrec.events import KINDS, Events

_WINDOW_EPOCHS, _SESSION_EPOCHS = 10, 4
"""On sessions the first epoch is the best or the second: more would only be thrown away."""


@dataclass(frozen=True)
class SeedProtocol:
    """What one small LSTM and some rules get under the tutorials' protocol and under an honest one.

    All values but counts are shares of the questions of a test. Fields that begin with `honest` are of the honest
    protocol; there, a list leaves out padding and the item that the shopper looks at.

    Parameters
    ----------
    visitors, windows, test_windows : int
        Of the tutorials' protocol.
    padding_share : float
        Test windows whose label is padding.
    shared_share : float
        Test windows whose visitor has other windows in the training part.
    trivial, model : float
        Accuracy of "padding after padding, else the last item again" and of the LSTM.
    trivial_real, model_real : float
        The same on the test windows whose label is an item.
    honest_sessions, honest_queries : int
        Later sessions in which an item follows another, and those steps.
    honest_unseen : float
        Steps to an item that no step before the cut leads to, which neither network nor popularity can know.
    honest_trivial : float
        Hit rate of "the last item again", 0 because a repetition is no answer.
    honest_revisit : float
        Hit rate of "back to the item before"; like the last item again a list of one.
    honest_popularity, honest_popularity_10, honest_model, honest_model_10 : float
        Hit rate at 1 and at 10.
    """

    visitors: int
    windows: int
    test_windows: int
    padding_share: float
    shared_share: float
    trivial: float
    model: float
    trivial_real: float
    model_real: float
    honest_sessions: int
    honest_queries: int
    honest_unseen: float
    honest_trivial: float
    honest_revisit: float
    honest_popularity: float
    honest_popularity_10: float
    honest_model: float
    honest_model_10: float


def seed_protocol(events: Events, seed: int, display: Display) -> SeedProtocol:
    """Measure one network under both protocols.

    Parameters
    ----------
    events : Events
        A log with visitors and times.
    seed : int
    display : Display

    Raises
    ------
    EventsError
        When the log has no times, or nothing to train on or to ask under one of the protocols.
    """
    if not events.has_time:
        raise EventsError("the seed protocol orders a visitor's events, and the log has no times; map columns.time")
    frame = events.frame[events.frame["kind"] != KINDS.index("view")]
    windows, sessions = window_steps(frame, seed), session_steps(frame, seed)
    vocabulary = len(events.catalogue)
    model = fit_lstm(windows, vocabulary, _WINDOW_EPOCHS, seed, "LSTM, tutorials' protocol", display)
    answers, repeated = windows.answers(), windows.last() == windows.answers()
    right, real = ranked_by_lstm(model, windows, 1, padding_counts=True)[:, 0] == answers, answers != PADDING
    model = fit_lstm(sessions, vocabulary, _SESSION_EPOCHS, seed, "LSTM, honest protocol", display)
    hits = ranked_by_lstm(model, sessions, 10, padding_counts=False) == sessions.answers()[:, None]
    popularity = _popularity_place(sessions)
    return SeedProtocol(
        visitors=len(windows.items),
        windows=windows.asked.size,
        test_windows=len(answers),
        padding_share=float(1 - real.mean()),
        shared_share=float((windows.asked.sum(axis=1) * windows.learned.any(axis=1)).sum() / len(answers)),
        trivial=float(repeated.mean()),
        model=float(right.mean()),
        trivial_real=float(repeated[real].mean()) if real.any() else float("nan"),
        model_real=float(right[real].mean()) if real.any() else float("nan"),
        honest_sessions=int(sessions.asked.any(axis=1).sum()),
        honest_queries=len(hits),
        honest_unseen=float((_training_counts(sessions)[sessions.answers()] == 0).mean()),
        honest_trivial=float((sessions.last() == sessions.answers()).mean()),
        honest_revisit=float((_item_before(sessions) == sessions.answers()).mean()),
        honest_popularity=float((popularity < 1).mean()),
        honest_popularity_10=float((popularity < 10).mean()),
        honest_model=float(hits[:, 0].mean()),
        honest_model_10=float(hits.any(axis=1).mean()),
    )


def _training_counts(steps: Steps) -> np.ndarray:
    """Count how often each item is stepped to from another before the cut; padding never is."""
    counts = np.bincount(steps.items[:, 1:][steps.learned | steps.checked], minlength=int(steps.items.max()) + 1)
    counts[PADDING] = 0
    return counts


def _popularity_place(steps: Steps) -> np.ndarray:
    """Find each answer's place, from 0, among the items by frequency, without the item looked at."""
    counts = _training_counts(steps)
    counts[PADDING] = -1
    place = np.empty(len(counts), dtype=np.int64)
    place[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    ahead = place[steps.last()] < place[steps.answers()]
    return np.asarray(place[steps.answers()] - ahead)


def _item_before(steps: Steps) -> np.ndarray:
    """Find the latest item before each question that is not the last one, padding where there is none."""
    row, step = np.nonzero(steps.asked)
    other = (steps.items[row] != steps.last()[:, None]) & (np.arange(WIDTH) <= step[:, None])
    place = WIDTH - 1 - other[:, ::-1].argmax(axis=1)
    return np.where(other.any(axis=1), steps.items[row, place], PADDING)

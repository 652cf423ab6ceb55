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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graphrec.compute.progress import Display
from graphrec.compute.run import Run
from graphrec.compute.training import Schedule, draw_weighted, mean_loss, repeatable, train
from graphrec.errors import EventsError
from graphrec.events import KINDS, Events

PADDING = 0
_WIDTH = 28
_SHORTEST = 3
_TEST_WINDOWS, _TEST_SESSIONS = 0.2, 0.15
_CHECK_SHARE = 0.1
"""Of what is left to train on, to choose the epoch by."""
_DIMENSION = 64
_NEGATIVES = 1024
_BATCH = 128
_WINDOW_EPOCHS, _SESSION_EPOCHS = 10, 4
"""On sessions the first epoch is the best or the second: more would only be thrown away."""
_LEARNING_RATE = 0.01


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


class NextItemLstm(nn.Module):
    """Embedding, LSTM, softmax over items and padding: the network of the tutorials."""

    def __init__(self, items: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(items + 1, _DIMENSION)
        self.lstm = nn.LSTM(_DIMENSION, _DIMENSION, batch_first=True)
        self.answer = nn.Embedding(items + 1, _DIMENSION)
        self.bias = nn.Embedding(items + 1, 1)
        nn.init.normal_(self.answer.weight, std=0.02)

    def forward(self, items: Tensor) -> Tensor:
        """Read rows, `(rows, length, 64)`: the state after every place."""
        states: Tensor = self.lstm(self.embedding(items))[0]
        return states

    def logits(self, states: Tensor, items: Tensor) -> Tensor:
        """Score items after states: `(n, 64)` and `(m,)` give `(n, m)`."""
        scores: Tensor = states @ self.answer(items).T + self.bias(items)[:, 0]
        return scores


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
    known = known[size.between(_SHORTEST, _WIDTH)]
    if known.empty:
        raise EventsError(
            f"the seed protocol needs visitors of {_SHORTEST} to {_WIDTH} carts and purchases, and the log has none; "
            "map columns.user, or measure it on a log with carts"
        )
    items = _padded(known["user"].to_numpy(), known["item"].to_numpy())
    draw = np.random.default_rng(seed).random((len(items), _WIDTH - 1))
    asked = draw < _TEST_WINDOWS
    checked = ~asked & (draw < _TEST_WINDOWS + _CHECK_SHARE * (1 - _TEST_WINDOWS))
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
    cut, check = (np.sort(starts)[int(len(starts) * share)] for share in (trained, trained * (1 - _CHECK_SHARE)))
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
    lengths = np.minimum(np.diff(stops, prepend=0), _WIDTH)
    place = stops[:, None] - _WIDTH + np.arange(_WIDTH)
    real = np.arange(_WIDTH) >= _WIDTH - lengths[:, None]
    return np.where(real, item[np.where(real, place, 0)].astype(np.int64) + 1, PADDING)


def fit_lstm(steps: Steps, vocabulary: int, epochs: int, seed: int, name: str, display: Display) -> NextItemLstm:
    """Train on the learned steps; negatives are drawn by how often they are a label, and corrected for it.

    Parameters
    ----------
    steps : Steps
    vocabulary : int
        Items of the catalogue.
    epochs, seed : int
    name : str
        On the display.
    display : Display
    """
    items, learned, checked = (torch.from_numpy(part) for part in (steps.items, steps.learned, steps.checked))
    frequency = (torch.bincount(items[:, 1:][learned], minlength=vocabulary + 1).double() + 0.5) ** 0.75
    log_frequency, cumulative = (frequency / frequency.sum()).log().float(), frequency.cumsum(0)
    rows = learned.any(dim=1).nonzero()[:, 0]
    check = torch.split(checked.any(dim=1).nonzero()[:, 0], _BATCH)
    run = Run(seed, display)
    with repeatable(run) as generator:
        model = NextItemLstm(vocabulary)
        with torch.no_grad():
            model.bias.weight[:, 0] = log_frequency
        schedule = Schedule(name, -(-len(rows) // _BATCH), epochs, _LEARNING_RATE)
        task = _LstmTask(model, schedule, items, (learned, checked), rows, check, (cumulative, log_frequency), seed)
        train(task, run, generator)
    return model


@dataclass(frozen=True)
class _LstmTask:
    """Rows, the steps in them that are learned and checked, and by what weights negatives are drawn."""

    model: NextItemLstm
    schedule: Schedule
    items: Tensor
    marks: tuple[Tensor, Tensor]
    rows: Tensor
    check: Sequence[Tensor]
    frequency: tuple[Tensor, Tensor]
    seed: int

    def batches(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        shuffled = self.rows[torch.randperm(len(self.rows), generator=generator)]
        yield from self._drawn(torch.split(shuffled, _BATCH), self.marks[0], generator)

    def validate(self) -> float:
        fixed = torch.Generator().manual_seed(self.seed + 1)
        return mean_loss(self, list(self._drawn(self.check, self.marks[1], fixed)))

    def _drawn(
        self, parts: Sequence[Tensor], counted: Tensor, generator: torch.Generator
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        for chosen in parts:
            if len(chosen):
                yield chosen, counted[chosen], draw_weighted(self.frequency[0], _NEGATIVES, generator)

    def loss(self, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        (chosen, marked, negatives), model = batch, self.model
        states = model(self.items[chosen, :-1]).flatten(0, 1).index_select(0, marked.flatten().nonzero()[:, 0])
        target = self.items[chosen, 1:][marked]
        # Each draw is discounted by how often it was to be expected (sampled softmax).
        logits = model.logits(states, negatives) - self.frequency[1][negatives] - np.log(_NEGATIVES)
        logits = logits.masked_fill(negatives == target[:, None], float("-inf"))
        own = (states * model.answer(target)).sum(-1) + model.bias(target)[:, 0]
        return F.cross_entropy(torch.cat([own[:, None], logits], dim=1), torch.zeros(len(target), dtype=torch.long))


@torch.no_grad()
def ranked_by_lstm(model: NextItemLstm, steps: Steps, k: int, padding_counts: bool) -> np.ndarray:
    """List the most likely for each question, `(questions, k)`, as places in `Steps.items`.

    Parameters
    ----------
    model : NextItemLstm
    steps : Steps
    k : int
    padding_counts : bool
        If not, a list holds neither padding nor the item that stands last.
    """
    rows = np.flatnonzero(steps.asked.any(axis=1))
    items, asked = torch.from_numpy(steps.items[rows]), torch.from_numpy(steps.asked[rows])
    every = torch.arange(model.answer.num_embeddings)
    lists = []
    # All scores at once would not fit: questions times items.
    for part, marked in zip(torch.split(items, _BATCH), torch.split(asked, _BATCH), strict=True):
        scores = model.logits(model(part[:, :-1])[marked], every)
        if not padding_counts:
            scores[:, PADDING] = float("-inf")
            scores.scatter_(1, part[:, :-1][marked][:, None], float("-inf"))
        lists.append(scores.topk(min(k, scores.shape[1])).indices)
    return np.asarray(torch.cat(lists).numpy())


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
    other = (steps.items[row] != steps.last()[:, None]) & (np.arange(_WIDTH) <= step[:, None])
    place = _WIDTH - 1 - other[:, ::-1].argmax(axis=1)
    return np.where(other.any(axis=1), steps.items[row, place], PADDING)

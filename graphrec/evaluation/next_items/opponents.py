"""The field's ways to say what comes next, each with the grid that it is tuned over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import sparse

from graphrec.compute.ragged import blocks, largest_of_groups, padded, rank_within
from graphrec.sessions.neighbours import NeighbourRule, SessionIndex, stan, v_sknn, vstan
from graphrec.sessions.session_log import DistinctItems, SessionLog
from graphrec.sessions.transitions import after_the_last, association_rules, sequential_rules

_AT_ONCE = 2_048

NextItemLists = Callable[[SessionLog, int], np.ndarray]
"""(sessions, k) -> `(sessions, k) int64` codes, the likeliest first, -1 where nothing more is known."""


@dataclass(frozen=True)
class TrainingSessions:
    """What an opponent learns from.

    Parameters
    ----------
    log : SessionLog
    types : ndarray
        `(items,) int64`: type of each item.
    """

    log: SessionLog
    types: np.ndarray

    @property
    def items(self) -> int:
        """How many items the catalogue holds."""
        return len(self.types)

    @property
    def popularity(self) -> np.ndarray:
        """Events of each item, `(items,) int64`."""
        return np.bincount(self.log.item, minlength=self.items)


@dataclass(frozen=True)
class Opponent:
    """A way to say what comes next.

    Parameters
    ----------
    name : str
    fit : callable
        Training sessions and parameters -> lists.
    grid : sequence of mapping
        Parameters that are tried on the validation part.
    """

    name: str
    fit: Callable[[TrainingSessions, Mapping[str, float]], NextItemLists]
    grid: Sequence[Mapping[str, float]] = ({},)


def popular(training: TrainingSessions, parameters: Mapping[str, float]) -> NextItemLists:
    """List what is touched most, the same for all."""
    best = np.argsort(-training.popularity, kind="stable")

    def lists(sessions: SessionLog, k: int) -> np.ndarray:
        return np.tile(best[:k], (len(sessions), 1))

    return lists


def popular_in_type(training: TrainingSessions, parameters: Mapping[str, float]) -> NextItemLists:
    """List what is touched most of the type of the last item."""
    order = largest_of_groups(training.types, training.popularity.astype(np.float64), None)
    types = int(training.types.max(initial=0)) + 1

    def lists(sessions: SessionLog, k: int) -> np.ndarray:
        of_types = padded(training.types[order], order, (types, k))
        return np.asarray(of_types[training.types[_last_items(sessions)]])

    return lists


def repeat_last(training: TrainingSessions, parameters: Mapping[str, float]) -> NextItemLists:
    """List the last item alone."""

    def lists(sessions: SessionLog, k: int) -> np.ndarray:
        ranked = np.full((len(sessions), k), -1, dtype=np.int64)
        ranked[:, 0] = _last_items(sessions)
        return ranked

    return lists


def repeat_session(training: TrainingSessions, parameters: Mapping[str, float]) -> NextItemLists:
    """List what the session holds, the latest first."""

    def lists(sessions: SessionLog, k: int) -> np.ndarray:
        once = DistinctItems.of(sessions)
        order = np.lexsort((once.back, once.session))
        return padded(once.session[order], once.item[order], (len(sessions), k))

    return lists


def by_association(training: TrainingSessions, parameters: Mapping[str, float]) -> NextItemLists:
    """Association rules of size two: what the last item shares most sessions with."""
    rules = association_rules(training.log, training.items, int(parameters["longest"]))
    return _best_of(lambda sessions: after_the_last(sessions, rules))


def by_sequence(training: TrainingSessions, parameters: Mapping[str, float]) -> NextItemLists:
    """Sequential rules: what followed the last item soonest and most often."""
    rules = sequential_rules(training.log, training.items, int(parameters["steps"]))
    return _best_of(lambda sessions: after_the_last(sessions, rules))


def item_knn(training: TrainingSessions, parameters: Mapping[str, float]) -> NextItemLists:
    """Cosine of the sessions of two items, shrunk (item-kNN: Hidasi et al., ICLR 2016)."""
    once = DistinctItems.of(training.log)
    sessions = np.bincount(once.item, minlength=training.items) + parameters["shrink"]
    scale = sparse.diags_array(1.0 / np.sqrt(np.maximum(sessions, 1.0)))
    cosine = sparse.csr_array(
        scale @ association_rules(training.log, training.items, int(parameters["longest"])) @ scale
    )
    return _best_of(lambda sessions: after_the_last(sessions, cosine))


def by_neighbours(
    rule: Callable[..., NeighbourRule],
) -> Callable[[TrainingSessions, Mapping[str, float]], NextItemLists]:
    """Make an opponent of a rule of neighbours; its parameters are the rule's."""

    def fit(training: TrainingSessions, parameters: Mapping[str, float]) -> NextItemLists:
        index = SessionIndex.of(training.log, training.items)
        counts = {name: int(value) for name, value in parameters.items() if name in ("neighbours", "recent")}
        chosen = rule(**{**parameters, **counts})
        return _best_of(lambda sessions: index.scores(sessions, chosen))

    return fit


def _grid(**values: Sequence[float]) -> list[dict[str, float]]:
    return [dict(zip(values, point, strict=True)) for point in product(*values.values())]


OPPONENTS: Mapping[str, Opponent] = {
    "popularity": Opponent("popularity", popular),
    "type-popularity": Opponent("popularity in the last item's type", popular_in_type),
    "repeat-last": Opponent("the last item again", repeat_last),
    "repeat-session": Opponent("the session's items again, the latest first", repeat_session),
    "association-rules": Opponent("association rules", by_association, _grid(longest=(10, 30, 100))),
    "sequential-rules": Opponent("sequential rules", by_sequence, _grid(steps=(1, 3, 10, 30))),
    "item-knn": Opponent("item kNN", item_knn, _grid(shrink=(0, 5, 20, 80), longest=(100,))),
    "v-sknn": Opponent(
        "V-SKNN", by_neighbours(v_sknn), _grid(neighbours=(100, 500, 1500), recent=(500, 1000, 2500, 5000))
    ),
    "stan": Opponent(
        "STAN",
        by_neighbours(stan),
        _grid(
            neighbours=(500, 1500), recent=(2500, 5000), position_decay=(0.9, 1.8, 3.6, 7.2), item_decay=(0.5, 1, 2, 4)
        ),
    ),
    "vstan": Opponent(
        "VSTAN",
        by_neighbours(vstan),
        _grid(
            neighbours=(1000,),
            recent=(5000,),
            position_decay=(0.9, 1.8, 3.6, 7.2),
            item_decay=(0.5, 1, 2, 4),
            shared_decay=(1.2, 2.5, 5, 10),
        ),
    ),
}
"""Key on the command line -> opponent."""


def _last_items(sessions: SessionLog) -> np.ndarray:
    return np.asarray(sessions.item[sessions.start[1:] - 1])


def _best_of(scores: Callable[[SessionLog], sparse.csr_array]) -> NextItemLists:
    """List what scores highest, of equals the smaller code."""

    def lists(sessions: SessionLog, k: int) -> np.ndarray:
        ranked = np.full((len(sessions), k), -1, dtype=np.int64)
        for block in blocks(len(sessions), _AT_ONCE):
            rows = np.arange(len(sessions))[block]
            found = scores(sessions.rows(rows)).tocoo()
            best = largest_of_groups(found.row, found.data, k, found.col)
            ranked[rows[found.row[best]], rank_within(found.row[best])] = found.col[best]
        return ranked

    return lists

"""Neighbours of a session: earlier sessions that share its items, and what they held besides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from graphrec.compute.ragged import blocks, largest_of_groups, offsets, ranges, rank_within
from graphrec.sessions.session_log import DistinctItems, SessionLog

_AT_ONCE = 512
"""Sessions whose neighbours are sought at once."""

Weight = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(events after an item, events of its session), `(n,)` each -> weight of the item, `(n,) float64`."""


@dataclass(frozen=True)
class NeighbourRule:
    """How sessions are compared, and what a neighbour says.

    Parameters
    ----------
    neighbours : int
        Most similar sessions that are listened to.
    recent : int
        Latest sessions among those that share an item which are compared.
    seen : callable
        Weight of a session's own item in the comparison.
    shared : callable
        Weight of a neighbour, by the latest item that it shares.
    item_decay : float or None
        Places in the neighbour, from the latest shared item on, by which an item's weight falls to 1 / e; None: not.
    """

    neighbours: int
    recent: int
    seen: Weight
    shared: Weight
    item_decay: float | None = None


def linear(back: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Weigh the last item of a session 1, the first nearly nothing."""
    return np.asarray((length - back) / length)


def harmonic(back: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Weigh the last item 1, the one before 1/2, then 1/3."""
    return np.asarray(1.0 / (back + 1.0))


def equal(back: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Weigh all items alike."""
    return np.ones(len(back))


def exponential(decay: float) -> Weight:
    """Weigh the last item 1, and 1 / e what stands `decay` events before."""

    def weight(back: np.ndarray, length: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(-back / decay))

    return weight


def v_sknn(neighbours: int, recent: int) -> NeighbourRule:
    """V-SKNN: late items count more (Ludewig and Jannach, UMUAI 2018)."""
    return NeighbourRule(neighbours, recent, linear, harmonic)


def stan(neighbours: int, recent: int, position_decay: float, item_decay: float) -> NeighbourRule:
    """STAN: what stands near the shared item in the neighbour counts more (Garg et al., SIGIR 2019)."""
    return NeighbourRule(neighbours, recent, exponential(position_decay), equal, item_decay)


def vstan(neighbours: int, recent: int, position_decay: float, item_decay: float, shared_decay: float) -> NeighbourRule:
    """VSTAN: both of it (Ludewig et al., UMUAI 2021)."""
    return NeighbourRule(neighbours, recent, exponential(position_decay), exponential(shared_decay), item_decay)


@dataclass(frozen=True)
class SessionIndex:
    """Earlier sessions, to be found by their items.

    Parameters
    ----------
    start : ndarray
        `(sessions + 1,) int64`, of `item` and `back`.
    item, back : ndarray
        `(n,) int64`: as of `DistinctItems`, session by session.
    posting_start : ndarray
        `(items + 1,) int64`, of the two below.
    posting_session, posting_back : ndarray
        `(n,) int64`: the same rows, item by item, the latest session first.
    """

    start: np.ndarray
    item: np.ndarray
    back: np.ndarray
    posting_start: np.ndarray
    posting_session: np.ndarray
    posting_back: np.ndarray

    @classmethod
    def of(cls, log: SessionLog, items: int) -> SessionIndex:
        """Index sessions; `items` is the number of the catalogue's."""
        once = DistinctItems.of(log)
        order = np.lexsort((-once.session, once.item))
        return cls(
            start=offsets(np.bincount(once.session, minlength=len(log))),
            item=once.item,
            back=once.back,
            posting_start=offsets(np.bincount(once.item, minlength=items)),
            posting_session=once.session[order],
            posting_back=once.back[order],
        )

    @property
    def items(self) -> int:
        """How many items the catalogue holds."""
        return len(self.posting_start) - 1

    def scores(self, sessions: SessionLog, rule: NeighbourRule) -> sparse.csr_array:
        """Score what the neighbours of sessions held, `(sessions, items) float64`; 0 for what none of them did.

        Parameters
        ----------
        sessions : SessionLog
            Those that go on.
        rule : NeighbourRule
        """
        parts = [
            self._scores(sessions.rows(np.arange(len(sessions))[block]), rule)
            for block in blocks(len(sessions), _AT_ONCE)
        ]
        return sparse.csr_array(sparse.vstack(parts)) if parts else sparse.csr_array((0, self.items))

    def _scores(self, sessions: SessionLog, rule: NeighbourRule) -> sparse.csr_array:
        near = self._neighbours(sessions, rule)
        row, place = ranges(self.start[near.session], np.diff(self.start)[near.session])
        weight = near.weight[row]
        if rule.item_decay is not None:
            weight = weight * np.exp(-np.abs(self.back[place] - near.shared_back[row]) / rule.item_decay)
        shape = len(sessions), self.items
        return sparse.csr_array(sparse.coo_array((weight, (near.owner[row], self.item[place])), shape=shape))

    def _neighbours(self, sessions: SessionLog, rule: NeighbourRule) -> _Neighbours:
        """Compare sessions with the latest that share an item, and keep the most similar."""
        once = DistinctItems.of(sessions)
        length = sessions.lengths[once.session]
        # No session can be among the `recent` latest of all that is not among those of one of the items.
        most = np.minimum(np.diff(self.posting_start)[once.item], rule.recent)
        own, place = ranges(self.posting_start[once.item], most)
        count = len(self.start) - 1
        latest_first = once.session[own] * count + (count - 1 - self.posting_session[place])
        order = np.lexsort((once.back[own], latest_first))
        own, place, key = own[order], place[order], latest_first[order]
        met = np.flatnonzero(np.diff(key, prepend=-1))
        total = np.add.reduceat(rule.seen(once.back, length)[own], met) if len(met) else np.zeros(0)
        own, place = own[met], place[met]
        compared = rank_within(once.session[own]) < rule.recent
        own, place, total = own[compared], place[compared], total[compared]
        owner, session = once.session[own], self.posting_session[place]
        similarity = total / np.sqrt(np.diff(self.start)[session])
        best = largest_of_groups(owner, similarity, rule.neighbours)
        weight = similarity * rule.shared(once.back[own], length[own])
        return _Neighbours(owner[best], session[best], weight[best], self.posting_back[place][best])


@dataclass(frozen=True)
class _Neighbours:
    """Neighbours of some sessions.

    Parameters
    ----------
    owner, session : ndarray
        `(n,) int64`: whose neighbour, and which earlier session it is.
    weight : ndarray
        `(n,) float64`.
    shared_back : ndarray
        `(n,) int64`: where in the neighbour the latest shared item stands.
    """

    owner: np.ndarray
    session: np.ndarray
    weight: np.ndarray
    shared_back: np.ndarray

"""Events -> padded session matrices for the LSTM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from graphrec.events import Events


@dataclass(frozen=True)
class SessionMatrix:
    """Sessions, one per row, padded at the end.

    ::

        items   17  17  4  9  0  0        kinds   0  2  0  1  0  0        length  4

    Parameters
    ----------
    items, kinds : Tensor
        `(sessions, max_length) int64`.
    length : Tensor
        `(sessions,) int64`, events that are real.
    """

    items: Tensor
    kinds: Tensor
    length: Tensor

    def __len__(self) -> int:
        return len(self.length)

    @classmethod
    def of_one(cls, items: np.ndarray, kinds: np.ndarray, max_length: int) -> SessionMatrix:
        """Lay out the last `max_length` events of one session, `(events,) int64` codes and kinds, oldest first."""
        items, kinds = items[-max_length:], kinds[-max_length:]
        return cls(torch.from_numpy(items)[None], torch.from_numpy(kinds)[None], torch.tensor([len(items)]))

    def rows(self, chosen: Tensor) -> SessionMatrix:
        """Take some sessions, cut to the longest of them."""
        length = self.length[chosen]
        longest = int(length.max()) if len(length) else 0
        return SessionMatrix(self.items[chosen, :longest], self.kinds[chosen, :longest], length)


def session_matrix(events: Events, max_length: int, max_sessions: int, seed: int) -> SessionMatrix:
    """Lay out the latest sessions of two or more different items, each by its last `max_length` events.

    Events of one time are shuffled: the order of lines in an order form says nothing.
    """
    frame = events.latest_sessions(max_sessions)
    session, item = frame["session"].to_numpy(), frame["item"].to_numpy(dtype=np.int64)
    shuffle = np.random.default_rng(seed).random(len(frame))
    order = np.lexsort((shuffle, frame["time"].to_numpy(), session))
    session, item, kind = session[order], item[order], frame["kind"].to_numpy(dtype=np.int64)[order]
    starts = np.flatnonzero(np.diff(session, prepend=-1))
    stops = np.append(starts[1:], len(session)) if len(starts) else starts
    lengths = np.minimum(stops - starts, max_length)
    moved = np.diff(item, prepend=-1) != 0
    moves = np.concatenate([[0], moved.cumsum()])
    kept = np.flatnonzero(moves[stops] > moves[stops - lengths + 1])[-max_sessions:]
    stops, lengths = stops[kept], lengths[kept]
    place = (stops - lengths)[:, None] + np.arange(max_length)
    real = np.arange(max_length) < lengths[:, None]
    place = np.where(real, place, 0)
    return SessionMatrix(
        torch.from_numpy(np.where(real, item[place], 0)),
        torch.from_numpy(np.where(real, kind[place], 0)),
        torch.from_numpy(lengths.astype(np.int64)),
    )

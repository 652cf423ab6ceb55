"""Sessions as rows of one width, for networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphrec.compute.ragged import padded
from graphrec.sessions.session_log import SessionLog

GAPS = 12
"""Classes of the time since the event before: none known, then twice as long each, from 4 seconds on."""
_SHORTEST_GAP = 4.0


@dataclass(frozen=True)
class PaddedSessions:
    """Sessions by their last events, one a row, padded at the end.

    ::

        items   17  17  4  9  0  0        kinds   0  2  0  1  0  0        length  4

    Parameters
    ----------
    items, kinds, gaps : Tensor
        `(sessions, width) int64`: codes, positions in `graphrec.events.KINDS`, classes of the time since the event
        before.
    length : Tensor
        `(sessions,) int64`, events that are real.
    """

    items: Tensor
    kinds: Tensor
    gaps: Tensor
    length: Tensor

    @classmethod
    def of(cls, log: SessionLog, most: int) -> PaddedSessions:
        """Lay out the last `most` events of every session."""
        log = log.last(most)
        width = int(log.lengths.max(initial=0))
        shape = len(log), width
        rows = {"items": log.item, "kinds": log.kind, "gaps": gap_classes(log)}
        laid = {name: torch.from_numpy(padded(log.session, values, shape, 0)) for name, values in rows.items()}
        return cls(**laid, length=torch.from_numpy(log.lengths))

    def __len__(self) -> int:
        return len(self.length)

    @property
    def real(self) -> Tensor:
        """Whether an event stands at a place, `(sessions, width) bool`."""
        return torch.arange(self.items.shape[1], device=self.length.device) < self.length[:, None]

    def rows(self, chosen: Tensor) -> PaddedSessions:
        """Take some sessions, cut to the longest of them."""
        length = self.length[chosen]
        width = int(length.max()) if len(length) else 0
        return PaddedSessions(self.items[chosen, :width], self.kinds[chosen, :width], self.gaps[chosen, :width], length)


def gap_classes(log: SessionLog) -> np.ndarray:
    """Class the time since the event before, `(events,) int64`; 0 where it is not known, and for the first."""
    gap = np.diff(log.time, prepend=np.nan)
    gap[log.place == 0] = np.nan
    doubled = np.log2(np.maximum(gap, _SHORTEST_GAP / 2) / _SHORTEST_GAP)
    known = np.clip(np.floor(np.nan_to_num(doubled)) + 2, 1, GAPS - 1)
    return np.where(np.isnan(gap), 0, known).astype(np.int64)

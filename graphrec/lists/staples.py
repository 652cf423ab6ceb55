"""Staples: what a large share of all baskets holds, and a query's buyers buy no oftener than anyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from graphrec.complements.snapshot import Snapshot

_SURELY = 1.64
"""Standard deviations, one-sided at 5%, from which more baskets than expected are none by chance."""


@dataclass(frozen=True)
class Staples:
    """Which complements are staples, and what becomes of them.

    Parameters
    ----------
    place : str
        As of `lists.staples`.
    share : float
        As of `lists.staple_share`.
    """

    place: Literal["keep", "demote", "drop"]
    share: float

    def among(self, snapshot: Snapshot, item: np.ndarray, together: np.ndarray, expected: np.ndarray) -> np.ndarray:
        """Tell which complements are staples to their query, `(n,) bool`.

        Parameters
        ----------
        snapshot : Snapshot
        item : ndarray
            `(n,) int64`.
        together, expected : ndarray
            `(n,)`: baskets that hold the complement and its query, and those that would by chance.
        """
        share = snapshot.memory.baskets[item] / max(snapshot.memory.graph.baskets, 1)
        spread = np.sqrt(np.maximum(expected * (1.0 - share), 0.0))
        return np.asarray((share > self.share) & (together <= expected + _SURELY * spread))

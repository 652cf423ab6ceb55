"""Sessions written down as lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphrec.compute.ragged import offsets
from graphrec.sessions.session_log import SessionLog


def session_log(sessions: Sequence[Sequence[int]]) -> SessionLog:
    """Lay out sessions of item codes; kinds take turns, so that rows can be told apart."""
    item = np.array([code for session in sessions for code in session], dtype=np.int64)
    nothing = np.full(len(item), np.nan)
    start = offsets(np.array([len(session) for session in sessions], dtype=np.int64))
    return SessionLog(start, item, np.arange(len(item)) % 3, nothing, nothing.astype(np.float32))

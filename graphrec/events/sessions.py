"""Sessions: the log's own, or a user's events without a long pause."""

from __future__ import annotations

import numpy as np
import pandas as pd


def session_codes(frame: pd.DataFrame, gap_minutes: float) -> np.ndarray:
    """Give every session a number that rises with its first event.

    Parameters
    ----------
    frame : DataFrame
        `session` (text, or all missing), `user`, `time`, in the order of the log.
    gap_minutes : float
        Where there is no session id, a user's pause longer than this begins a new session. Without
        times all events of a user are one session.

    Returns
    -------
    ndarray
        `(events,) int64`.
    """
    if frame["session"].notna().any():
        raw = pd.factorize(frame["session"])[0].astype(np.int64)
    else:
        raw = _split_by_pauses(frame, gap_minutes)
    position = pd.Series(np.arange(len(frame)), index=frame.index)
    first = pd.DataFrame({"raw": raw, "time": frame["time"], "position": position}).groupby("raw", sort=True).min()
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.lexsort((first["position"].to_numpy(), first["time"].to_numpy()))] = np.arange(len(first))
    return rank[raw]


def _split_by_pauses(frame: pd.DataFrame, gap_minutes: float) -> np.ndarray:
    user = pd.factorize(frame["user"])[0].astype(np.int64)
    time = frame["time"].to_numpy(dtype="datetime64[us]")
    order = np.lexsort((np.arange(len(frame)), time, user))
    new_user = np.diff(user[order], prepend=-1) != 0
    gap = np.timedelta64(int(gap_minutes * 60_000_000), "us")
    pause = np.zeros(len(frame), dtype=bool)
    pause[1:] = np.diff(time[order]) > gap
    codes = np.empty(len(frame), dtype=np.int64)
    codes[order] = np.cumsum(new_user | pause) - 1
    return codes

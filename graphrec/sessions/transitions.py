"""Item-to-item transitions: what followed an item in earlier sessions."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from graphrec.compute.ragged import offsets, ranges
from graphrec.sessions.session_log import SessionLog


def sequential_rules(log: SessionLog, items: int, steps: int) -> sparse.csr_array:
    """Sum over earlier sessions how soon an item followed another, or itself, `(items, items) float64`.

    An item that stands n events behind counts 1 / n, up to `steps` (sequential rules: Ludewig and Jannach, UMUAI 2018).

    Parameters
    ----------
    log : SessionLog
    items : int
        Of the catalogue.
    steps : int
        Events that are looked ahead.
    """
    left = log.lengths[log.session] - 1 - log.place
    event, place = ranges(np.arange(len(left)) + 1, np.minimum(left, steps))
    return _summed(log.item[event], log.item[place], 1.0 / (place - event), items)


def association_rules(log: SessionLog, items: int, longest: int) -> sparse.csr_array:
    """Count the sessions' pairs of different items, both ways, `(items, items) float64`.

    Parameters
    ----------
    log : SessionLog
    items : int
        Of the catalogue.
    longest : int
        Last events of a session that are paired.
    """
    cut = log.last(longest)
    event, place = ranges(cut.start[:-1][cut.session], cut.lengths[cut.session])
    earlier, later = cut.item[event], cut.item[place]
    other = earlier != later
    return _summed(earlier[other], later[other], np.ones(int(other.sum())), items)


def _summed(rows: np.ndarray, columns: np.ndarray, weight: np.ndarray, items: int) -> sparse.csr_array:
    key, place = np.unique(rows * items + columns, return_inverse=True)
    start = offsets(np.bincount(key // items, minlength=items))
    return sparse.csr_array((np.bincount(place, weight), key % items, start), shape=(items, items))


def after_the_last(sessions: SessionLog, followed: sparse.csr_array) -> sparse.csr_array:
    """Take for each session what followed its last item, `(sessions, items)`.

    Parameters
    ----------
    sessions : SessionLog
        None of them empty.
    followed : csr_array
        `(items, items)`.
    """
    return sparse.csr_array(followed[sessions.item[sessions.start[1:] - 1]])

"""Variety: the first places of a list hold several types."""

from __future__ import annotations

import numpy as np

_SHELF = 10
"""Places that are to hold several types."""


def varied(query: np.ndarray, types: np.ndarray, least: int) -> np.ndarray:
    """Order sorted lists so that the first ten places of each hold the `least` types that come first in it, `(n,)`.

    What stands lowest of the types that are there anyway gives way; all others keep their order.

    Parameters
    ----------
    query : ndarray
        `(n,) int64`, rising: the list of each place.
    types : ndarray
        `(n,) int64`, -1 for a place that no type earns.
    least : int
    """
    row = np.arange(len(query))
    by_type = np.lexsort((row, types, query))
    opens = np.ones(len(query), dtype=bool)
    opens[by_type[1:]] = (np.diff(query[by_type]) != 0) | (np.diff(types[by_type]) != 0)
    opens &= types >= 0
    start = np.searchsorted(query, query)
    number = opens.cumsum()
    kept = opens & (number - (number - opens)[start] <= least)
    others = (~kept).cumsum()
    place = others - (others - ~kept)[start]
    room = _SHELF - np.bincount(query[kept], minlength=int(query.max(initial=-1)) + 1)
    below = ~kept & (place > room[query])
    return np.lexsort((row, below, query))

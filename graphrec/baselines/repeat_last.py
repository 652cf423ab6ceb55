"""Repeat what the shopper touched last: a list for sessions that knows nothing of the query."""

from __future__ import annotations

import numpy as np

from graphrec.compute.ragged import first_of_pairs, padded


def repeat_last(
    history_query: np.ndarray, history_item: np.ndarray, queries: np.ndarray, popularity_order: np.ndarray, k: int
) -> np.ndarray:
    """List the items of the session so far, the latest first, then the most popular; never the query.

    Parameters
    ----------
    history_query : ndarray
        `(steps,) int64`: position of the question that a step belongs to.
    history_item : ndarray
        `(steps,) int64` codes; of each question the latest first, some of them several times.
    queries : ndarray
        `(queries,) int64` codes.
    popularity_order : ndarray
        `(items,) int64` codes, the most popular first.
    k : int

    Returns
    -------
    ndarray
        `(queries, k) int64`, -1 where there are no more items.
    """
    # Of k + 1 bestsellers one can be the query, and every other one that is not needed is already in the list.
    fill = popularity_order[: k + 1]
    rows = np.concatenate([history_query, np.repeat(np.arange(len(queries)), len(fill))])
    items = np.concatenate([history_item, np.tile(fill, len(queries))])
    asked = items != queries[rows]
    order = np.argsort(rows[asked], kind="stable")
    rows, items = rows[asked][order], items[asked][order]
    first = np.sort(first_of_pairs(rows, items, len(popularity_order)))
    return padded(rows[first], items[first], (len(queries), k))

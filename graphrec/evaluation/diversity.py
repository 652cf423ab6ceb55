"""What lists are like as a whole: their variety, whom they serve, and what should not be in them."""

from __future__ import annotations

import numpy as np

from graphrec.compute.ragged import rank_within
from graphrec.evaluation.questions import OrderedPairs
from graphrec.graph import Pairs


def types_per_list(ranked: np.ndarray, types: np.ndarray) -> float:
    """Average the number of different types in a list.

    Parameters
    ----------
    ranked : ndarray
        `(lists, k) int64` codes, -1 where a list is short.
    types : ndarray
        `(items,) int64`.
    """
    return float(_types_of_lists(ranked, types).mean()) if len(ranked) else float("nan")


def share_with_types(ranked: np.ndarray, types: np.ndarray, least: int) -> float:
    """Share of the lists that hold at least so many different types.

    Parameters
    ----------
    ranked : ndarray
        `(lists, k) int64` codes, -1 where a list is short.
    types : ndarray
        `(items,) int64`.
    least : int
    """
    return float((_types_of_lists(ranked, types) >= least).mean()) if len(ranked) else float("nan")


def _types_of_lists(ranked: np.ndarray, types: np.ndarray) -> np.ndarray:
    listed = np.sort(np.where(ranked >= 0, types[ranked], -1), axis=1)
    new = (np.diff(listed, axis=1, prepend=-1) != 0) & (listed >= 0)
    return np.asarray(new.sum(axis=1))


def coverage(ranked: np.ndarray, groups: np.ndarray) -> float:
    """Share of all groups (items, or types) that stand in any list.

    Parameters
    ----------
    ranked : ndarray
        `(lists, k) int64`.
    groups : ndarray
        `(items,) int64`: group of each item; -1 for items that do not count.
    """
    wanted = np.unique(groups[groups >= 0])
    held = np.unique(groups[ranked[ranked >= 0]])
    return float(np.isin(wanted, held).mean()) if len(wanted) else float("nan")


def share_of_commonest(ranked: np.ndarray, items: int) -> float:
    """Share of all places that the commonest items hold.

    Parameters
    ----------
    ranked : ndarray
        `(lists, k) int64` codes, -1 where a list is short.
    items : int
        How many items are taken together.
    """
    places = np.sort(np.bincount(ranked[ranked >= 0]))[::-1]
    return float(places[:items].sum() / places.sum()) if places.sum() else float("nan")


def gini(ranked: np.ndarray, items: int) -> float:
    """Say how unequally places are dealt out: 0 to all alike, 1 all to one item.

    Parameters
    ----------
    ranked : ndarray
        `(lists, k) int64`.
    items : int
        How many items could be listed.
    """
    places = np.sort(np.bincount(ranked[ranked >= 0], minlength=items))
    total = places.sum()
    if not total:
        return float("nan")
    order = np.arange(1, len(places) + 1)
    return float((2 * order - len(places) - 1) @ places / (len(places) * total))


def contamination(ranked: np.ndarray, query: np.ndarray, similar: Pairs, most: int) -> float:
    """Share of the places that hold one of the `most` items that are most similar to the query: substitutes.

    Parameters
    ----------
    ranked : ndarray
        `(lists, k) int64`.
    query : ndarray
        `(lists,) int64`.
    similar : Pairs
        The similar graph before the cut, the heaviest links first.
    most : int
    """
    owner, edge = similar.edges_of(query)
    near = rank_within(owner) < most
    keys = query[owner[near]] * similar.items + similar.indices[edge[near]]
    listed = ranked >= 0
    return float(np.isin(query[:, None] * similar.items + ranked, keys)[listed].mean()) if listed.any() else 0.0


def direction_accuracy(ranked: np.ndarray, query: np.ndarray, pairs: OrderedPairs) -> float:
    """Share of the ordered pairs whose second stands higher in the list of the first than the other way round.

    Where neither list holds the other, half is counted; NaN without such pairs.

    Parameters
    ----------
    ranked : ndarray
        `(lists, k) int64`.
    query : ndarray
        `(lists,) int64`, rising.
    pairs : OrderedPairs
    """
    asked = np.isin(pairs.first, query) & np.isin(pairs.then, query)
    if not asked.any():
        return float("nan")
    first, then = pairs.first[asked], pairs.then[asked]
    ahead, back = _rank(ranked, query, first, then), _rank(ranked, query, then, first)
    return float(np.where(ahead == back, 0.5, ahead < back).mean())


def _rank(ranked: np.ndarray, query: np.ndarray, asked: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Find the place of an item in the list of another, the length of the list where it is not there."""
    held = ranked[np.searchsorted(query, asked)] == item[:, None]
    return np.asarray(np.where(held.any(axis=1), held.argmax(axis=1), ranked.shape[1]))

"""The simple lists that `score_export.py` scores an export beside: pair counts and their uplift, walks over links."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd
from scipy import sparse

BASKET_SIZES = (2, 100)
"""Fewest and most different items of a basket that is counted, or asked about."""
ANY_SIZE = (1, sys.maxsize)
COUNTS = "counts"


@dataclass(frozen=True)
class PairCounts:
    """What the baskets of a log hold.

    Parameters
    ----------
    baskets : int
    bought : ndarray
        `(items,)`: baskets that hold an item.
    together : csr_array
        `(items, items)`: baskets that hold both, without the diagonal.
    """

    baskets: int
    bought: np.ndarray
    together: sparse.csr_array

    @cached_property
    def query(self) -> np.ndarray:
        """Of each pair that was bought together, the item whose list it is for, `(pairs,)`."""
        return np.repeat(np.arange(len(self.bought)), np.diff(self.together.indptr))

    @cached_property
    def expected(self) -> np.ndarray:
        """All pairs of the query times the share of the other in all pairs, `(pairs,)`."""
        total = np.asarray(self.together.sum(axis=1)).ravel()
        return np.asarray(total[self.query] * (total / max(total.sum(), 1))[self.together.indices])


def count_pairs(log: pd.DataFrame, items: pd.Index, sizes: tuple[int, int] = BASKET_SIZES) -> PairCounts:
    """Count the pairs of `items` in the baskets of a log, `session, item`, no row twice."""
    size = log.groupby("session")["item"].transform("size")
    log = log[(size >= sizes[0]) & (size <= sizes[1])]
    basket, names = pd.factorize(log["session"])
    item = items.get_indexer(pd.Index(log["item"]))
    cell = (basket[item >= 0], item[item >= 0])
    held = sparse.csr_array((np.ones(len(cell[0])), cell), shape=(len(names), len(items)))
    together = sparse.csr_array(held.T @ held)
    together.setdiag(0)
    together.eliminate_zeros()
    return PairCounts(len(names), np.asarray(held.sum(axis=0)).ravel(), together)


def uplift(a: float, pairs: PairCounts) -> np.ndarray:
    """P(j given i) - a P(j)."""
    return np.asarray((pairs.together.data - a * pairs.expected) / pairs.bought[pairs.query])


def log_likelihood(pairs: PairCounts) -> np.ndarray:
    """Twice the log of how much likelier a pair's count is than under chance; 0 below chance."""
    count, expected = pairs.together.data, np.maximum(pairs.expected, 1e-9)
    return np.where(count > expected, 2 * (count * np.log(count / expected) - (count - expected)), 0)


BASKET_RULES: Mapping[str, Callable[[PairCounts], np.ndarray]] = {
    COUNTS: lambda pairs: np.asarray(pairs.together.data),
    **{f"uplift, a = {a}": partial(uplift, a) for a in (0.5, 1.0, 1.5)},
    "log-likelihood": log_likelihood,
}
"""Name -> what a rule makes of each pair that was bought together."""


def lists_from_baskets(pairs: PairCounts, k: int) -> dict[str, np.ndarray]:
    """List by every rule, each `(items, k)`, -1 where a list is short."""
    ties = _order_of_ties(pairs.together, pairs.bought)
    return {name: _first(pairs.together, rule(pairs), ties, k) for name, rule in BASKET_RULES.items()}


def _order_of_ties(pairs: sparse.csr_array, frequency: np.ndarray) -> np.ndarray:
    """Order the pairs of each row as if all were scored alike: the more frequent item first, then the lower code."""
    row = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    return np.lexsort((pairs.indices, -frequency[pairs.indices], row))


def _first(pairs: sparse.csr_array, score: np.ndarray, ties: np.ndarray, k: int) -> np.ndarray:
    """Take the k pairs of highest score above 0 in each row."""
    row = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    order = ties[np.lexsort((-score[ties], row))]
    place = np.arange(len(order)) - pairs.indptr[row]
    kept = (place < k) & (score[order] > 0)
    lists = np.full((pairs.shape[0], k), -1)
    lists[row[kept], place[kept]] = pairs.indices[order[kept]]
    return lists


def is_linked(links: sparse.csr_array, item: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Tell which pairs are linked; `other` may be -1, which is linked to nothing."""
    width = links.shape[0] + 1
    known = np.repeat(np.arange(links.shape[0]), np.diff(links.indptr)) * width + links.indices
    return np.isin(item * width + other, known)


def two_step_walk(links: sparse.csr_array, asked: np.ndarray, k: int) -> np.ndarray:
    """List where two random steps over known links end most often."""
    degree = np.asarray(links.sum(axis=1)).ravel()
    step = sparse.csr_array(sparse.diags_array(1 / np.maximum(degree, 1)) @ links)
    ends = sparse.coo_array(step[asked] @ step)
    row, column = asked[ends.coords[0]], ends.coords[1]
    new = ~is_linked(links, row, column) & (row != column)
    scores = sparse.csr_array((ends.data[new], (row[new], column[new])), shape=links.shape)
    return _first(scores, scores.data, _order_of_ties(scores, degree), k)


def truncated_svd(links: sparse.csr_array, asked: np.ndarray, k: int) -> np.ndarray:
    """List by a low-rank part of the normalised links, times the root of the degree."""
    from sklearn.utils.extmath import randomized_svd

    items = links.shape[0]
    degree = np.maximum(np.asarray(links.sum(axis=1)).ravel(), 1)
    half = sparse.diags_array(degree**-0.5)
    left, singular, right = randomized_svd(half @ links @ half, min(128, items - 1), random_state=0)
    lists = np.full((items, k), -1)
    for block in np.array_split(asked, len(asked) // 1024 + 1):  # all pairs at once would not fit in memory
        scores = (left[block] * singular) @ right * np.sqrt(degree)
        scores[links[block].toarray() > 0] = -np.inf
        scores[np.arange(len(block)), block] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        listed = np.take_along_axis(scores, order, axis=1) > -np.inf
        lists[block, : order.shape[1]] = np.where(listed, order, -1)
    return lists


def lists_from_links(links: sparse.csr_array, asked: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """List what is not yet linked by every rule, each `(items, k)`, -1 where not asked or short."""
    return {"truncated SVD": truncated_svd(links, asked, k), "two-step walk": two_step_walk(links, asked, k)}

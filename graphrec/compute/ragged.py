"""Lists of unequal length in flat arrays: group, rank, cut, look up and lay them out without a loop.

Two layouts, each made of the other at once::

    lists    [4 7] [] [9 2 5]
    flat     values 4 7 9 2 5    owner 0 0 2 2 2             every value names its list
    by rows  values 4 7 9 2 5    offsets 0 2 2 5             list i is values[offsets[i] : offsets[i + 1]]
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

_HIGHEST = (1 << 31) - 1
"""The largest number of 31 bits, all that a positive single-precision float has."""


def owners(sizes: np.ndarray) -> np.ndarray:
    """Name the list of every value, `(sizes.sum(),) int64`, from the sizes of the lists, `(lists,)`.

    >>> owners(np.array([2, 0, 3]))
    array([0, 0, 2, 2, 2])
    """
    return np.repeat(np.arange(len(sizes)), sizes)


def row_owners(matrix: sparse.csr_array) -> np.ndarray:
    """Name the row of every stored entry of a sparse matrix, `(stored,) int64`.

    >>> row_owners(sparse.csr_array([[0, 5], [6, 7]]))
    array([0, 1, 1])
    """
    return owners(np.diff(matrix.indptr))


def offsets(sizes: np.ndarray) -> np.ndarray:
    """Say where each list begins and the last one ends, `(lists + 1,) int64`, from the sizes, `(lists,)`.

    >>> offsets(np.array([2, 0, 3]))
    array([0, 2, 2, 5])
    """
    bounds = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=bounds[1:])
    return bounds


def ranges(starts: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write out `starts[i], starts[i] + 1, ...`, `sizes[i]` of them: which i, and the position, each `(n,) int64`.

    Some rows of a matrix in compressed rows are `ranges(indptr[rows], np.diff(indptr)[rows])`.

    >>> ranges(np.array([10, 30]), np.array([2, 1]))
    (array([0, 0, 1]), array([10, 11, 30]))
    """
    owner = owners(sizes)
    return owner, np.arange(len(owner)) + (starts - offsets(sizes)[:-1])[owner]


def rank_within(owner: np.ndarray) -> np.ndarray:
    """Count from 0 within each list, `(n,) int64`; the values of a list stand together in `owner`, `(n,)`.

    >>> rank_within(np.array([3, 3, 3, 5, 8, 8]))
    array([0, 1, 2, 0, 0, 1])
    """
    place = np.arange(len(owner))
    opens = np.ones(len(owner), dtype=bool)
    opens[1:] = owner[1:] != owner[:-1]
    return np.asarray(place - np.maximum.accumulate(np.where(opens, place, 0)))


def largest_of_groups(owner: np.ndarray, values: np.ndarray, k: int | None, *ties: np.ndarray) -> np.ndarray:
    """Find the `k` largest values of each list, or put all in order: positions, `(n,) int64`, list by list.

    The largest comes first; of equals the one with the smaller first tie-breaker, then the second, then the first in
    the array.

    Parameters
    ----------
    owner : ndarray
        `(n,) int64` in any order.
    values : ndarray
        `(n,)`, signed numbers.
    k : int or None
        None for all.
    *ties : ndarray
        `(n,)` each.

    >>> largest_of_groups(np.array([1, 0, 1, 1]), np.array([5, 1, 9, 7]), 2)
    array([1, 2, 3])
    """
    order = np.lexsort((*reversed(ties), -values, owner))
    return order if k is None else order[rank_within(owner[order]) < k]


def largest_of_rows(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the `k` largest scores of every row, the largest first: columns and scores, `(rows, min(k, columns))` each.

    Of equal scores among them the smaller column comes first; which of those that tie for the last place are among
    them is not said.

    >>> largest_of_rows(np.array([[1, 9, 4], [8, 2, 8]]), 2)
    (array([[1, 2],
           [0, 2]]), array([[9, 4],
           [8, 8]]))
    """
    rows = np.arange(len(scores))[:, None]
    if k < scores.shape[1]:
        top = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)
        found = scores[rows, top]
        order = np.argsort(-found, axis=1, kind="stable")
        return top[rows, order], found[rows, order]
    order = np.argsort(-scores, axis=1, kind="stable")
    return order, scores[rows, order]


def largest_of_sparse_rows(matrix: sparse.csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the `k` largest entries of each row, the largest first: rows and columns, `(n,) int64`.

    All entries are positive. Row, falling value and column are packed into one number each, since numbers sort many
    times faster than triples: what differs in the last digits of single precision alone goes by its column.

    >>> largest_of_sparse_rows(sparse.csr_array([[3.0, 0.0, 4.0], [0.0, 0.5, 0.0]]), 1)
    (array([0, 1]), array([2, 1]))
    """
    rows = row_owners(matrix)
    column_bits = matrix.shape[1].bit_length()
    value_bits = min(31, 63 - column_bits - matrix.shape[0].bit_length())
    # The bits of positive floats rise with their values.
    value = _HIGHEST - matrix.data.astype(np.float32).view(np.int32).astype(np.int64)
    packed = (((rows << value_bits) + (value >> (31 - value_bits))) << column_bits) + matrix.indices
    packed.sort()
    kept = packed[np.arange(len(rows)) - matrix.indptr[rows] < k]
    return kept >> (column_bits + value_bits), kept & ((1 << column_bits) - 1)


def padded(owner: np.ndarray, values: np.ndarray, shape: tuple[int, int], fill: int = -1) -> np.ndarray:
    """Lay lists out as rows of one width, `shape`: what is longer is cut, what is shorter is filled up.

    The values of a list stand together in `owner`, `(n,) int64`, in the order in which they are laid out.

    >>> padded(np.array([0, 0, 0, 2]), np.array([4, 7, 9, 5]), (3, 2))
    array([[ 4,  7],
           [-1, -1],
           [ 5, -1]])
    """
    rank = rank_within(owner)
    kept = rank < shape[1]
    rows = np.full(shape, fill, dtype=values.dtype)
    rows[owner[kept], rank[kept]] = values[kept]
    return rows


def find_sorted(numbers: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Find numbers among rising ones: the first place of each, -1 where it is not there; the shape of `asked`, int64.

    >>> find_sorted(np.array([2, 5, 5, 8]), np.array([8, 3, 5]))
    array([ 3, -1,  1])
    """
    if not len(numbers):
        return np.full(asked.shape, -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(numbers, asked), len(numbers) - 1)
    return np.where(numbers[place] == asked, place, -1)


def is_among(numbers: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Tell which are among rising numbers, bool, as `numpy.isin`, which would sort both once more.

    >>> is_among(np.array([2, 5, 8]), np.array([8, 3, 5]))
    array([ True, False,  True])
    """
    return np.asarray(find_sorted(numbers, asked) >= 0)


def distinct_pairs(owner: np.ndarray, item: np.ndarray, items: int) -> tuple[np.ndarray, np.ndarray]:
    """Name every pair once, by owner and then by item, `(n,) int64` each; items are below `items`.

    >>> distinct_pairs(np.array([1, 0, 1]), np.array([4, 3, 4]), 9)
    (array([0, 1]), array([3, 4]))
    """
    keys = np.sort(owner * np.int64(items) + item)
    keys = keys[np.diff(keys, prepend=-1) > 0]
    return keys // items, keys % items


def first_of_pairs(owner: np.ndarray, item: np.ndarray, items: int) -> np.ndarray:
    """Find where each pair stands first, by owner and then by item: positions, `(n,) int64`; items are below `items`.

    >>> first_of_pairs(np.array([1, 0, 1]), np.array([4, 3, 4]), 9)
    array([1, 0])
    """
    return np.asarray(np.unique(owner * np.int64(items) + item, return_index=True)[1])


def blocks(count: int, size: int) -> Iterator[slice]:
    """Cut `count` rows into slices of `size`, the last one of what is left.

    >>> list(blocks(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return (slice(start, min(start + size, count)) for start in range(0, count, size))

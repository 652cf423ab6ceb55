"""What the baskets before a cut say of query -> complement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from graphrec.baselines.sparse_rows import inverse
from graphrec.baselines.training_data import TrainingData
from graphrec.compute.ragged import largest_of_groups, offsets, ranges


def pair_evidence(
    data: TrainingData, carts: Sequence[np.ndarray], query: np.ndarray, item: np.ndarray
) -> dict[str, np.ndarray]:
    """Look up the facts of answers from the cart member that each was bought with most, of equals that of lowest code.

    Parameters
    ----------
    data : TrainingData
    carts : sequence of ndarray
        Item codes of each query.
    query, item : ndarray
        `(answers,) int64`: position of the cart, code of the complement.

    Returns
    -------
    dict
        `member` (code of the cart's item), `bought_together` and `bought_first` (int64), `support` and `lift`
        (float64), each `(answers,)`.
    """
    size = np.array([len(cart) for cart in carts], dtype=np.int64)
    answer, place = ranges(offsets(size)[query], size[query])
    member = np.concatenate([*carts, np.zeros(0, dtype=np.int64)])[place]
    count = _entries(data.counts, member, item[answer])
    best = largest_of_groups(answer, count, 1, member)
    member, count = member[best], count[best]
    first = np.zeros(len(item)) if data.bought_first is None else _entries(data.bought_first, member, item)
    once = inverse(data.held)
    baskets = max(data.baskets.shape[0], 1)
    return {
        "member": member,
        "bought_together": count.astype(np.int64),
        "support": count / baskets,
        "lift": count * baskets * once[member] * once[item],
        "bought_first": first.astype(np.int64),
    }


def _entries(matrix: sparse.csr_array, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Read single entries of a matrix, `(n,) float64`."""
    if not len(rows):
        return np.zeros(0)
    return np.asarray(sparse.csr_matrix(matrix)[rows, columns], dtype=np.float64).ravel()

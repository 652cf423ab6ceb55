"""Association rules between two items, found by FP-growth."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import numpy as np
import pandas as pd
from scipy import sparse

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.libraries import open_library
from graphrec.baselines.sparse_rows import inverse, rescaled, row_scorer
from graphrec.baselines.training_data import TrainingData

LEAST_SUPPORTS = (20, 50)
"""Baskets that must hold a pair."""
_MOST_CELLS = 4_000_000_000
"""Baskets times frequent items that the library lays out at one byte each."""


def fit_fpgrowth(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the confidence of the rule query -> item, `count / n_i`, where the pair is frequent, else 0.

    Han, Pei and Yin, "Mining Frequent Patterns without Candidate Generation", 2000.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `min_support`, in baskets.
    seed : int
    """
    pairs = _frequent_pairs(data, parameters["min_support"])
    return row_scorer(rescaled(pairs, inverse(data.held), np.ones(data.items)))


def too_much_to_lay_out(data: TrainingData) -> str | None:
    """Say that the library's one-hot frame would not fit."""
    cells = data.baskets.shape[0] * int((data.held >= min(LEAST_SUPPORTS)).sum())
    if cells <= _MOST_CELLS:
        return None
    return f"mlxtend lays out all baskets by all frequent items, here {cells / 1e9:.0f} GB; at most 4 GB"


def _frequent_pairs(data: TrainingData, min_support: float) -> sparse.csr_array:
    """Return the baskets of every frequent pair, `(items, items) float64`."""
    frequent = np.flatnonzero(data.held >= min_support)
    baskets = data.baskets.shape[0]
    if not len(frequent):
        return sparse.csr_array((data.items, data.items))
    one_hot = pd.DataFrame.sparse.from_spmatrix(  # type: ignore[attr-defined]
        sparse.csc_matrix(data.baskets[:, frequent], dtype=bool), columns=[str(code) for code in frequent]
    )
    # The library rounds a share up to whole baskets; half a basket less keeps the last bit from adding one.
    found = open_library("mlxtend.frequent_patterns").fpgrowth(
        one_hot, min_support=(min_support - 0.5) / baskets, max_len=2
    )
    two = found[found["itemsets"].map(len) == 2]
    ends = frequent[np.fromiter(chain.from_iterable(two["itemsets"]), dtype=np.int64)].reshape(-1, 2)
    count = np.round(two["support"].to_numpy() * baskets)
    rows, columns = np.concatenate([ends, ends[:, ::-1]]).T
    return sparse.csr_array((np.tile(count, 2), (rows, columns)), shape=(data.items, data.items))

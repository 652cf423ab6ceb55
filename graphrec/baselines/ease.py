"""EASE: the linear autoencoder of baskets in closed form."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.training_data import TrainingData
from graphrec.compute.ragged import blocks
from graphrec.errors import GraphrecError

_MOST_ITEMS = 50_000
"""Items of the dense matrix: 10 GB."""
_BLOCK = 1024


def fit_ease(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the query's row of EASE's item-item weights, `-P_ij / P_jj` with `P = (X'X + lambda I)^-1`.

    No opinion on, or of, items that no basket of two or more holds. Steck, "Embarrassingly Shallow Autoencoders for
    Sparse Data", 2019.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `lambda`.
    seed : int
    """
    known = np.flatnonzero(data.held)
    place = np.full(data.items, -1)
    place[known] = np.arange(len(known))
    precision = _inverse_gram(data.baskets[:, known], parameters["lambda"])
    own = precision.diagonal().copy()

    def score(query: np.ndarray) -> np.ndarray:
        scores = np.full((len(query), data.items), -np.inf)
        asked = np.flatnonzero(place[query] >= 0)
        # The matrix is symmetric and lies in memory column by column.
        columns = precision[:, place[query[asked]]].T
        scores[np.ix_(asked, known)] = columns / -own
        return scores

    return score


def too_many_items(data: TrainingData) -> str | None:
    """Say that the dense matrix would not fit."""
    bought = int((data.held > 0).sum())
    if bought <= _MOST_ITEMS:
        return None
    return f"{bought:,} bought items need a dense matrix of {bought**2 * 4 / 1e9:.0f} GB; at most {_MOST_ITEMS:,}"


def _inverse_gram(baskets: sparse.csr_array, ridge: float) -> np.ndarray:
    """Invert `X'X + ridge I`, `(items, items) float32`, in the memory of one such matrix."""
    gram = sparse.csr_array(baskets.T @ baskets).astype(np.float32)
    # LAPACK works in place only on columns that lie together.
    dense = np.zeros(gram.shape, dtype=np.float32, order="F")
    gram.toarray(out=dense)
    dense[np.diag_indices(len(dense))] += ridge
    factor, failed = lapack.spotrf(dense, lower=1, clean=0, overwrite_a=1)
    if not failed:
        factor, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise GraphrecError(f"EASE cannot invert its matrix with lambda {ridge:g}; use a larger lambda")
    _mirror_lower(factor)
    return np.asarray(factor)


def _mirror_lower(matrix: np.ndarray) -> None:
    """Copy the lower triangle over the upper one, block by block."""
    for block in blocks(len(matrix), _BLOCK):
        corner = matrix[block, block]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
        matrix[block, block.stop :] = matrix[block.stop :, block].T

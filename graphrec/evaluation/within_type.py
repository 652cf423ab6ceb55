"""The best of one type, for questions in which the type is given: of a scorer of all items."""

from __future__ import annotations

import numpy as np

from graphrec.baselines import Scorer, TrainingData
from graphrec.compute.ragged import blocks, largest_of_groups, offsets, padded, ranges

_BLOCK = 256
"""Queries scored at once."""


def rank_scores_within_type(
    scorer: Scorer, data: TrainingData, query: np.ndarray, types: np.ndarray, k: int
) -> np.ndarray:
    """Rank the items of a type for each query, `(queries, k) int64` codes, -1 where the type has fewer.

    The query itself is left out; ties go to the item that is bought more.

    Parameters
    ----------
    scorer : Scorer
    data : TrainingData
    query, types : ndarray
        `(queries,) int64`.
    k : int
    """
    members = np.argsort(data.types, kind="stable")
    edges = np.searchsorted(data.types[members], np.arange(int(data.types.max()) + 2))
    ranked = np.full((len(query), k), -1, dtype=np.int64)
    codes, place = np.unique(query, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = offsets(np.bincount(place, minlength=len(codes)))
    for block in blocks(len(codes), _BLOCK):
        asked = order[starts[block.start] : starts[block.stop]]
        scores = scorer(codes[block])
        owner, position = ranges(edges[types[asked]], np.diff(edges)[types[asked]])
        item = members[position]
        other = item != query[asked][owner]
        owner, item = owner[other], item[other]
        score = scores[place[asked][owner] - block.start, item]
        best = largest_of_groups(owner, score, k, -data.bought[item], item)
        ranked[asked] = padded(owner[best], item[best], (len(asked), k))
    return ranked

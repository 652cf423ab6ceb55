"""Scores of all items -> the best of one type, for questions in which the type is given."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from graphrec.baselines import Scorer, TrainingData
from graphrec.complements import members_by_type

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
    members, edges = members_by_type(data.types, int(data.types.max()) + 1)
    ranked = np.full((len(query), k), -1, dtype=np.int64)
    codes, place = np.unique(query, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(0, len(codes) + _BLOCK, _BLOCK))
    for block, (start, stop) in enumerate(pairwise(starts)):
        asked = order[start:stop]
        if not len(asked):
            continue
        scores = scorer(codes[block * _BLOCK : (block + 1) * _BLOCK])
        kind = types[asked]
        size = edges[kind + 1] - edges[kind]
        owner = np.repeat(np.arange(len(asked)), size)
        item = members[np.arange(len(owner)) - np.searchsorted(owner, owner) + edges[kind][owner]]
        other = item != query[asked][owner]
        owner, item = owner[other], item[other]
        score = scores[place[asked][owner] - block * _BLOCK, item]
        best_first = np.lexsort((item, -data.bought[item], -score, owner))
        owner, item = owner[best_first], item[best_first]
        rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
        ranked[asked[owner[rank < k]], rank[rank < k]] = item[rank < k]
    return ranked

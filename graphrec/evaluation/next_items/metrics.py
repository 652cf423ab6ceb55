"""Ranks of what came next -> hit rate, precision, MRR and NDCG; of whole lists coverage and popularity."""

from __future__ import annotations

import numpy as np

CUTS = (5, 10, 20, 100)
LENGTH = max(CUTS)
"""Places of every list."""
_COVERED = 20


def ranks(lists: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Find each target in its list: its rank from 1, `(steps,) int64`, 0 where it does not stand in it.

    Parameters
    ----------
    lists : ndarray
        `(steps, places) int64`.
    target : ndarray
        `(steps,) int64`.
    """
    hit = lists == target[:, None]
    return np.where(hit.any(axis=1), hit.argmax(axis=1) + 1, 0)


def metrics_of_ranks(rank: np.ndarray) -> dict[str, np.ndarray]:
    """Take every metric at every cut, `(steps,) float64` each.

    A step has one target: its hit rate is its recall, its precision a k-th of that, and its ideal NDCG is 1.
    """
    metrics = {}
    for cut in CUTS:
        hit = (rank > 0) & (rank <= cut)
        place = np.where(hit, rank, 1)
        metrics[f"recall@{cut}"] = hit.astype(np.float64)
        metrics[f"precision@{cut}"] = hit / cut
        metrics[f"mrr@{cut}"] = hit / place
        metrics[f"ndcg@{cut}"] = hit / np.log2(place + 1.0)
    return metrics


def coverage(lists: np.ndarray, known: np.ndarray) -> float:
    """Share of the known items, `(items,) bool`, that stand among the first 20 of any list."""
    listed = np.unique(lists[:, :_COVERED])
    return float(len(listed[listed >= 0]) / max(int(known.sum()), 1))


def mean_popularity(lists: np.ndarray, events: np.ndarray) -> float:
    """Mean events before the cut, `(items,)`, of what stands among the first 20 places."""
    listed = lists[:, :_COVERED]
    return float(events[listed[listed >= 0]].mean()) if (listed >= 0).any() else 0.0

"""Small graphs of similar links, and items in planted groups."""

import numpy as np

from graphrec.graph import top_pairs


def one_way(edges, items):
    """Links as they are given."""
    sources, targets = (np.array(side) for side in zip(*edges, strict=True))
    return top_pairs(items, sources, targets, np.ones(len(sources)), {}, 100)


def both_ways(edges, items):
    """Links, each with its reverse."""
    return one_way([*edges, *((b, a) for a, b in edges)], items)


def planted(links=1500, noise=1.0, seed=0):
    """Four groups of 40 items told apart by noisy features; links within a group."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(4), 40)
    matrix = (rng.standard_normal((4, 12))[group] + noise * rng.standard_normal((160, 12))).astype(np.float32)
    left = rng.integers(0, 160, links)
    right = group[left] * 40 + rng.integers(0, 40, links)
    return group, matrix, both_ways([(a, b) for a, b in zip(left, right, strict=True) if a != b], 160)


def share_of_own_group(embeddings, group):
    """Share of each item's five nearest that are of its group."""
    cosine = embeddings @ embeddings.T
    np.fill_diagonal(cosine, -2)
    return (group[np.argsort(-cosine, axis=1)[:, :5]] == group[:, None]).mean()

"""Annoy's files, checked before they are searched: its compiled code follows what they say wherever that leads.

A file holds nothing but nodes of one size (https://github.com/spotify/annoy, `annoylib.h`, angular)::

    int32 n_descendants | 2 x int32 children, or float norm | dim x float32 vector

    positions 0 .. n-1   items: n_descendants 1
    n_descendants <= K   a leaf: that many positions of items from `children` on, over the vector, too; K = dim + 2
    else                 a split: the positions of two nodes that were made before it
    the last ones        the roots, with n_descendants n

Building a forest anew takes ninety times as long as this check, 3 s instead of 33 ms for 50,000 vectors.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graphrec.compute.ragged import blocks

_BLOCK = 1 << 16
"""Nodes that are looked at at once."""


def check_annoy_file(file: Path, items: int, dim: int) -> None:
    """Refuse a file that Annoy has not written for so many items of so many dimensions.

    Every child lies before its parent and the descendants of a split are those of its children: so every search ends,
    and finds positions of items alone.

    Parameters
    ----------
    file : Path
    items : int
    dim : int
        Of the vectors as Annoy holds them.

    Raises
    ------
    ValueError
        Naming the first node that is wrong.
    """
    words = dim + 3
    if file.stat().st_size % (4 * words):
        raise ValueError(f"{file.name}: its size is no multiple of a node's")
    nodes = np.memmap(file, dtype="<i4", mode="r").reshape(-1, words)
    descendants = np.array(nodes[:, 0])
    if len(nodes) <= items or descendants[-1] != items:
        raise ValueError(f"{file.name}: its forest is not of {items} items")
    for block in blocks(len(nodes), _BLOCK):
        wrong = ~_sound(nodes[block], descendants, block.start, items)
        if wrong.any():
            raise ValueError(f"{file.name}: node {block.start + int(wrong.argmax())} is none that Annoy writes")


def _sound(nodes: np.ndarray, descendants: np.ndarray, first: int, items: int) -> np.ndarray:
    """Tell which of some nodes are sound, `(nodes,) bool`; the first of them stands at `first`."""
    position, own = first + np.arange(len(nodes)), nodes[:, 0]
    finite = np.logical_and.reduce(np.isfinite(nodes[:, 3:].view("<f4")), axis=1)
    is_item = np.less(position, items)
    room = nodes.shape[1] - 1
    is_leaf = ~is_item & (own >= 1) & (own <= room)
    is_split = ~is_item & (own > room)
    sound = is_item & (own == 1) & finite
    held = np.arange(room) < np.asarray(own)[:, None]
    points = nodes[:, 1:]
    sound |= is_leaf & np.where(held, (points >= 0) & (points < items), True).all(axis=1)
    children = np.where(is_split[:, None], nodes[:, 1:3], 0)
    earlier = ((children >= 0) & (children < position[:, None])).all(axis=1)
    below = descendants[np.where(np.expand_dims(earlier, 1), children, 0)].astype(np.int64).sum(axis=1)
    return np.asarray(sound | (is_split & earlier & finite & (below == own)))

"""Annoy's own files pass; whatever else stands in one is refused before a search follows it."""

import numpy as np
import pytest

from graphrec.config import RetrievalConfig
from graphrec.retrieval import AnnoyIndex

CONFIG = RetrievalConfig(trees=4)
DIM = 6
WORDS = DIM + 1 + 3


def vectors(items: int) -> np.ndarray:
    return np.random.default_rng(items).normal(size=(items, DIM))


@pytest.fixture
def file(tmp_path):
    AnnoyIndex.build(vectors(200), CONFIG, seed=1).save(tmp_path / "forest.ann")
    return tmp_path / "forest.ann"


def rewritten(file, change) -> None:
    nodes = np.fromfile(file, dtype="<i4").reshape(-1, WORDS)
    change(nodes)
    nodes.tofile(file)


@pytest.mark.parametrize("items", [1, 2, 5, 9, 10, 11, 30, 400])
def test_what_annoy_writes_passes(tmp_path, items):
    AnnoyIndex.build(vectors(items), CONFIG, seed=1).save(tmp_path / "forest.ann")
    loaded = AnnoyIndex.load(tmp_path / "forest.ann", vectors(items), CONFIG)
    assert set(loaded.search(vectors(items), items)[0][0].tolist()) == set(range(items))


def splits(nodes):
    return np.flatnonzero((nodes[:, 0] > WORDS - 1) & (np.arange(len(nodes)) >= 200))


def leaves(nodes):
    return np.flatnonzero((nodes[:, 0] < WORDS) & (np.arange(len(nodes)) >= 200))


def set_split(column, value):
    def change(nodes):
        nodes[splits(nodes)[3], column] = value

    return change


def set_leaf(column, value):
    def change(nodes):
        nodes[leaves(nodes)[3], column] = value

    return change


def twin_children(nodes):
    split = splits(nodes)[3]
    nodes[split, 1] = nodes[split, 2]


def itself(nodes):
    split = splits(nodes)[3]
    nodes[split, 1:3] = split


def unordered(nodes):
    nodes[splits(nodes)[3], 5] = np.float32(np.nan).view("<i4")


def grown_item(nodes):
    nodes[7, 0] = 150


@pytest.mark.parametrize(
    "change",
    [
        set_split(1, 1 << 30),
        set_split(2, -1),
        set_split(0, 5),
        set_split(0, -5),
        set_leaf(1, 200),
        set_leaf(1, -3),
        set_leaf(0, 0),
        set_leaf(0, -(1 << 31)),
        twin_children,
        itself,
        unordered,
        grown_item,
    ],
)
def test_a_node_that_leads_astray_is_refused(file, change):
    rewritten(file, change)
    with pytest.raises(ValueError, match=r"forest\.ann: node \d+ is none that Annoy writes"):
        AnnoyIndex.load(file, vectors(200), CONFIG)


def test_a_forest_of_other_vectors_is_refused(file):
    with pytest.raises(ValueError, match="not of 150 items"):
        AnnoyIndex.load(file, vectors(150), CONFIG)
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(ValueError, match="no multiple"):
        AnnoyIndex.load(file, vectors(200), CONFIG)


def test_whatever_passes_can_be_searched(file):
    """Words are changed at random: a file is refused, or a search finds items and ends."""
    whole, generator = np.fromfile(file, dtype="<i4"), np.random.default_rng(0)
    passed = 0
    for _ in range(300):
        words = whole.copy()
        words[generator.integers(0, len(words), 3)] = generator.choice([0, 1, -1, 5, 199, 200, 1 << 30], 3)
        words.tofile(file)
        try:
            loaded = AnnoyIndex.load(file, vectors(200), CONFIG)
        except ValueError:
            continue
        passed += 1
        assert loaded.search(vectors(50), 5)[0].max() < 200
    assert 0 < passed < 300

"""Exact search is right, and Annoy is near it."""

import numpy as np

from graphrec.config import RetrievalConfig
from graphrec.retrieval import AnnoyIndex, ExactIndex, recall_against_exact

RNG = np.random.default_rng(0)
CONFIG = RetrievalConfig(trees=20, search_k=2_000)


def test_exact_search_breaks_ties_by_position():
    positions, products = ExactIndex(np.array([[1.0], [3.0], [3.0], [2.0]])).search(np.array([[1.0]]), 3)
    assert positions.tolist() == [[1, 2, 3]]
    assert products.tolist() == [[3, 3, 2]]


def test_exact_finds_the_largest_products():
    vectors, queries = RNG.standard_normal((300, 8)), RNG.standard_normal((20, 8))
    positions, products = ExactIndex(vectors).search(queries, 7)
    truth = queries @ vectors.T
    np.testing.assert_allclose(products, -np.sort(-truth, axis=1)[:, :7])
    np.testing.assert_allclose(np.take_along_axis(truth, positions, axis=1), products)


def test_annoy_finds_largest_inner_products_of_unequal_lengths():
    vectors = RNG.standard_normal((3_000, 16)) * RNG.uniform(0.2, 3, (3_000, 1))
    queries = RNG.standard_normal((200, 16))
    index = AnnoyIndex.build(vectors, CONFIG, seed=1)
    assert recall_against_exact(index, vectors, queries, 10) > 0.9
    positions, products = index.search(queries, 10)
    np.testing.assert_allclose(products, np.einsum("qd,qkd->qk", queries, vectors[positions]))
    assert (np.diff(products, axis=1) <= 0).all()


def test_annoy_is_the_same_file_for_one_seed(tmp_path):
    vectors = RNG.standard_normal((500, 8))
    for name in ("one", "two"):
        AnnoyIndex.build(vectors, CONFIG, seed=3).save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    loaded = AnnoyIndex.load(tmp_path / "one", vectors, CONFIG)
    built = AnnoyIndex.build(vectors, CONFIG, seed=3)
    for ours, theirs in zip(loaded.search(vectors[:9], 5), built.search(vectors[:9], 5), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_asking_for_more_than_there_is():
    vectors = RNG.standard_normal((4, 3))
    for index in (ExactIndex(vectors), AnnoyIndex.build(vectors, CONFIG, seed=0)):
        positions, _ = index.search(vectors[:2], 10)
        assert sorted(positions[0].tolist()) == [0, 1, 2, 3]

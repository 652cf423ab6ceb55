"""Exact search is right, Annoy is near it, and shards hold proper distributions."""

import numpy as np
import pytest

from graphrec.config import RetrievalConfig
from graphrec.retrieval import AnnoyIndex, ComplementIndex, ExactIndex, build_forests, recall_against_exact
from graphrec.retrieval.index import largest

RNG = np.random.default_rng(0)
CONFIG = RetrievalConfig(trees=20, search_k=2_000)


def test_largest_breaks_ties_by_position():
    columns, values = largest(np.array([[1.0, 3.0, 3.0, 2.0]]), 3)
    assert columns.tolist() == [[1, 2, 3]]
    assert values.tolist() == [[3, 3, 2]]


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


@pytest.fixture
def shards():
    types = RNG.permutation(np.repeat([0, 1, 2], [5, 400, 30]))
    places = RNG.standard_normal((435, 6))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    popularity = np.log(RNG.dirichlet(np.ones(435)))
    return types, places, popularity, ComplementIndex.lay_out(places, popularity, types, 3, temperature=0.5)


def test_a_shard_is_a_distribution_over_its_type(shards):
    types, places, popularity, index = shards
    query = places[:4]
    asked = np.array([0, 1, 2, 1])
    found = index.search(query, asked, np.ones(4, dtype=bool), 500)
    assert (types[found.item] == asked[found.request]).all()
    probability = np.exp(found.logit - found.log_partition[found.request])
    np.testing.assert_allclose(np.bincount(found.request, probability), 1)
    np.testing.assert_allclose(found.logit, index.logits(query[found.request], found.item))
    by_hand = query[0] @ places[found.item[0]] / 0.5 + popularity[found.item[0]]
    assert index.logits(query[:1], found.item[:1])[0] == pytest.approx(by_hand)


def test_annoy_serves_the_large_type_nearly_as_exact_search(shards):
    _, places, _, index = shards
    with_annoy, recall = build_forests(index, lambda kind: places[:50], RetrievalConfig(exact_below=100), seed=0)
    assert list(with_annoy.forests) == [1]
    assert recall > 0.9
    asked, everyone = np.ones(30, dtype=np.int64), np.ones(30, dtype=bool)
    exact = index.search(places[:30], asked, everyone, 10)
    near = with_annoy.search(places[:30], asked, everyone, 10)
    same = np.isin(near.request * 1000 + near.item, exact.request * 1000 + exact.item)
    assert same.mean() > 0.9
    np.testing.assert_allclose(near.log_partition, exact.log_partition, atol=0.1)  # 128 landmarks for 400 items


def test_requests_that_are_not_wanted_get_their_partition_alone(shards):
    _, places, _, index = shards
    found = index.search(places[:2], np.array([2, 2]), np.array([True, False]), 3)
    assert set(found.request.tolist()) == {0}
    assert np.isfinite(found.log_partition).all()

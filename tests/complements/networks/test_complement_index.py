"""Shards of types hold proper distributions, and Annoy serves the large ones nearly as exact search does."""

import numpy as np
import pytest

from graphrec.complements.networks import ComplementIndex, build_forests
from graphrec.config import RetrievalConfig

RNG = np.random.default_rng(0)


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
    found = index.search(query, asked, 500)
    assert (types[found.item] == asked[found.request]).all()
    assert np.bincount(found.request).tolist() == [5, 400, 30, 400]
    assert (index.type_of(found.item) == types[found.item]).all()
    logit = index.logits(query[found.request], found.item)
    probability = np.exp(logit - index.log_partition(query, asked)[found.request])
    np.testing.assert_allclose(np.bincount(found.request, probability), 1)
    by_hand = query[0] @ places[found.item[0]] / 0.5 + popularity[found.item[0]]
    assert index.logits(query[:1], found.item[:1])[0] == pytest.approx(by_hand)


def test_the_likeliest_of_a_type_are_found(shards):
    types, places, _, index = shards
    asked = np.array([1, 2, 0, 1])
    found = index.search(places[:4], asked, 7)
    for request, kind in enumerate(asked):
        members = np.flatnonzero(types == kind)
        logits = index.logits(np.repeat(places[[request]], len(members), axis=0), members)
        best = members[np.argsort(-logits)[:7]]
        assert set(found.item[found.request == request].tolist()) == set(best.tolist())


def test_annoy_serves_the_large_type_nearly_as_exact_search(shards):
    _, places, _, index = shards
    with_annoy, recall = build_forests(index, lambda kind: places[:50], RetrievalConfig(exact_below=100), seed=0)
    assert list(with_annoy.forests) == [1]
    assert recall > 0.9
    asked = np.ones(30, dtype=np.int64)
    exact, near = (one.search(places[:30], asked, 10) for one in (index, with_annoy))
    same = np.isin(near.request * 1000 + near.item, exact.request * 1000 + exact.item)
    assert same.mean() > 0.9
    # 128 landmarks for 400 items.
    whole, summed = (one.log_partition(places[:30], asked) for one in (index, with_annoy))
    np.testing.assert_allclose(summed, whole, atol=0.1)

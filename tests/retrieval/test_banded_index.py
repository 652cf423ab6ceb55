"""Vectors of very different lengths: bands find what plain Annoy misses, and stop early without a loss."""

import numpy as np

from graphrec.config import RetrievalConfig
from graphrec.retrieval import AnnoyIndex, BandedIndex, ExactIndex, lay_out_by_size, recall_against_exact

CONFIG = RetrievalConfig(trees=10, search_k=1_000, exact_below=1_000)


def long_tailed(items: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Twenty directions, lengths that fall by a thousand, a tenth of the vectors of no length; and queries."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((20, 12))
    vectors = centres[rng.integers(0, 20, items)] + 0.3 * rng.standard_normal((items, 12))
    vectors *= (1000.0 ** -rng.random(items) * (rng.random(items) > 0.1))[:, None]
    return vectors, centres[rng.integers(0, 20, 60)] + 0.3 * rng.standard_normal((60, 12))


def test_bands_halve_the_length_and_leave_out_what_has_none():
    vectors = np.zeros((4_000, 2))
    vectors[:3_000, 0] = np.repeat([8.0, 3.0, 2.0], [1_200, 1_100, 700])
    index = BandedIndex.lay_out(vectors)
    assert [len(band) for band in index.bands] == [1_200, 1_800]  # 3 and 2 lie within a factor of two, 8 does not
    assert index.longest.tolist() == [8, 3]
    positions, products = index.search(np.array([[2.0, 0], [0, 0]]), 3)
    assert (positions[0] < 1_200).all()
    assert products.tolist() == [[16, 16, 16], [0, 0, 0]]
    everything = index.search(np.array([[2.0, 0]]), 3_500)[0][0]
    assert sorted(everything[:3_000].tolist()) == list(range(3_000))
    assert (everything[3_000:] == -1).all()


def test_bands_without_forests_are_exact():
    vectors, queries = long_tailed(6_000)
    index = BandedIndex.lay_out(vectors)
    assert len(index.bands) > 3
    exact, ours = ExactIndex(vectors).search(queries, 50), index.search(queries, 50)
    np.testing.assert_array_equal(ours[0], exact[0])
    np.testing.assert_allclose(ours[1], exact[1])


def test_annoy_within_bands_finds_what_annoy_over_all_misses():
    vectors, queries = long_tailed(40_000)
    index = BandedIndex.lay_out(vectors).build_forests(CONFIG, 0)
    assert index.forests
    assert recall_against_exact(index, vectors, queries, 10) >= 0.98
    assert recall_against_exact(AnnoyIndex.build(vectors, CONFIG, 0), vectors, queries, 10) < 0.9


def test_bands_that_cannot_matter_are_not_searched():
    vectors, queries = long_tailed(6_000)
    searched = []

    class Counted(ExactIndex):
        def search(self, asked, k):
            searched.append(len(self.vectors))
            return super().search(asked, k)

    index = BandedIndex.lay_out(vectors)
    counted = index.with_forests({band: Counted(vectors[members]) for band, members in enumerate(index.bands)})
    np.testing.assert_array_equal(counted.search(queries, 10)[0], index.search(queries, 10)[0])
    assert 0 < len(searched) < len(index.bands)


def test_one_query_is_answered_as_in_a_batch():
    vectors, queries = long_tailed(20_000)
    index = BandedIndex.lay_out(vectors).build_forests(CONFIG, 0)
    together = index.search(queries, 20)[0]
    for row in range(len(queries)):
        np.testing.assert_array_equal(index.search(queries[row : row + 1], 20)[0][0], together[row])


def test_few_vectors_are_searched_exactly():
    vectors, queries = long_tailed(999)
    index = lay_out_by_size(vectors, CONFIG)
    assert isinstance(index, ExactIndex)
    np.testing.assert_array_equal(index.search(queries, 5)[0], np.argsort(-(queries @ vectors.T), axis=1)[:, :5])
    assert isinstance(lay_out_by_size(np.vstack([vectors, vectors[:1]]), CONFIG), BandedIndex)

"""What the low-rank part of the counts expects, by hand."""

import numpy as np
import pytest
from scipy import sparse

from graphrec.graph import low_rank_counts


@pytest.fixture
def counts():
    """Two blocks, items 0-3 and 4-7: all pairs of a block were bought twice, but 0 and 1 never; 8 was never bought."""
    dense = np.zeros((9, 9))
    for block in (slice(0, 4), slice(4, 8)):
        dense[block, block] = 2
    np.fill_diagonal(dense, 0)
    dense[0, 1] = dense[1, 0] = 0
    return sparse.csr_array(dense)


def test_pairs_within_a_block_are_expected(counts):
    left, right = low_rank_counts(counts, 2, 4, 0)
    expected = left @ right.T
    # The first factor of a block is its degrees: 0 and 1 were bought 4 times with others, all of the block 20 times.
    assert expected[0, 1] == pytest.approx(4 * 4 / 20)
    assert abs(expected[0, 4]) < 1e-6
    np.testing.assert_allclose(expected, expected.T, atol=1e-6)
    np.testing.assert_allclose(expected[8], 0, atol=1e-12)


def test_full_rank_is_the_counts(counts):
    left, right = low_rank_counts(counts, 100, 4, 0)
    assert left.shape == right.shape == (9, 8)
    # The ninth dimension belongs to the item that was never bought.
    np.testing.assert_allclose(left @ right.T, counts.toarray(), atol=1e-9)


def test_more_iterations_come_nearer_to_the_largest_singular_values():
    rng = np.random.default_rng(0)
    dense = np.triu(rng.poisson(0.3, (120, 120)).astype(np.float64), 1)
    dense += dense.T
    root = np.sqrt(dense.sum(axis=0))
    strengths = np.linalg.svd(dense / root[:, None] / root[None, :], compute_uv=False)[:5]
    away = []
    for iterations in (0, 8):
        left, right = low_rank_counts(sparse.csr_array(dense), 5, iterations, 0)
        found = np.linalg.svd((left / root[:, None]) @ (right / root[:, None]).T, compute_uv=False)[:5]
        away.append(np.abs(found - strengths).max())
    assert away[1] < 0.2 * away[0]

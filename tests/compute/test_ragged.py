"""Lists in flat arrays: values by hand, and the same as a loop over random lists, empty ones among them."""

from __future__ import annotations

import doctest
from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse

from graphrec.compute import ragged

SEEDS = range(30)


def random_lists(seed: int) -> tuple[list[list[int]], np.ndarray, np.ndarray]:
    """Draw up to eight lists of up to seven numbers from few, so that many are equal: lists, owner, values."""
    rng = np.random.default_rng(seed)
    lists = [rng.integers(0, 5, rng.integers(0, 8)).tolist() for _ in range(rng.integers(0, 9))]
    owner = np.array([row for row, values in enumerate(lists) for _ in values], dtype=np.int64)
    return lists, owner, np.array([value for values in lists for value in values], dtype=np.int64)


def test_examples_are_true() -> None:
    found = doctest.testmod(ragged)
    assert found.attempted >= 13
    assert not found.failed


@pytest.mark.parametrize("seed", SEEDS)
def test_layouts(seed: int) -> None:
    lists, owner, values = random_lists(seed)
    sizes = np.array([len(one) for one in lists], dtype=np.int64)
    assert ragged.owners(sizes).tolist() == owner.tolist()
    bounds = ragged.offsets(sizes)
    assert bounds.dtype == np.int64
    assert [values[a:b].tolist() for a, b in pairwise(bounds)] == lists
    assert ragged.rank_within(owner).tolist() == [place for one in lists for place in range(len(one))]


def test_rank_does_not_need_rising_owners() -> None:
    assert ragged.rank_within(np.array([9, 9, 2, 2, 2, 5])).tolist() == [0, 1, 0, 1, 2, 0]


@pytest.mark.parametrize("seed", SEEDS)
def test_ranges(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts, sizes = rng.integers(0, 50, (2, rng.integers(0, 6)))
    owner, position = ragged.ranges(starts, sizes)
    wanted = [(i, start + step) for i, start in enumerate(starts) for step in range(sizes[i])]
    assert list(zip(owner, position, strict=True)) == wanted


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", [1, 3, None])
def test_largest_of_groups(seed: int, k: int | None) -> None:
    lists, owner, values = random_lists(seed)
    rng = np.random.default_rng(seed)
    shuffle = rng.permutation(len(owner))
    owner, values = owner[shuffle], values[shuffle]
    first, second = rng.integers(0, 2, (2, len(owner)))
    wanted: list[int] = []
    for row in range(len(lists)):
        own = [place for place in range(len(owner)) if owner[place] == row]
        own.sort(key=lambda place: (-values[place], first[place], second[place], place))
        wanted += own[:k]
    assert ragged.largest_of_groups(owner, values, k, first, second).tolist() == wanted


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", [1, 4, 6, 9])
def test_largest_of_rows(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 4, (rng.integers(0, 5), 6)).astype(np.float64)
    columns, found = ragged.largest_of_rows(scores, k)
    assert columns.shape == (len(scores), min(k, 6))
    for row, top, value in zip(scores, columns, found, strict=True):
        assert value.tolist() == sorted(row, reverse=True)[:k]
        assert value.tolist() == row[top].tolist()
        assert list(zip(-value, top, strict=True)) == sorted(zip(-value, top, strict=True))
        assert len(set(top)) == len(top)


@pytest.mark.parametrize("seed", SEEDS)
def test_largest_of_sparse_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dense = rng.integers(0, 4, (5, 7)) * 0.25
    rows, columns = ragged.largest_of_sparse_rows(sparse.csr_array(dense), 3)
    wanted = []
    for row, values in enumerate(dense):
        stored = sorted((column for column in range(7) if values[column]), key=lambda column: (-values[column], column))
        wanted += [(row, column) for column in stored[:3]]
    assert list(zip(rows, columns, strict=True)) == wanted


def test_largest_of_sparse_rows_holds_many_rows_and_columns() -> None:
    size = 3_000_000
    matrix = sparse.csr_array(([2.0, 1.0, 8.0], ([0, 0, size - 1], [5, size - 1, size - 2])), shape=(size, size))
    rows, columns = ragged.largest_of_sparse_rows(matrix, 2)
    assert rows.tolist() == [0, 0, size - 1]
    assert columns.tolist() == [5, size - 1, size - 2]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("width", [0, 2, 9])
def test_padded(seed: int, width: int) -> None:
    lists, owner, values = random_lists(seed)
    rows = ragged.padded(owner, values, (len(lists), width), fill=-7)
    assert rows.tolist() == [(one + [-7] * width)[:width] for one in lists]


def test_padded_keeps_the_kind_of_number() -> None:
    assert ragged.padded(np.array([0]), np.array([0.5]), (1, 1))[0, 0] == 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_membership(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers = np.sort(rng.integers(0, 12, rng.integers(0, 9)))
    asked = rng.integers(-2, 15, (3, 4))
    wanted = [[numbers.tolist().index(one) if one in numbers else -1 for one in row] for row in asked]
    assert ragged.find_sorted(numbers, asked).tolist() == wanted
    assert ragged.is_among(numbers, asked).tolist() == np.isin(asked, numbers).tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_pairs(seed: int) -> None:
    _, owner, item = random_lists(seed)
    shuffle = np.random.default_rng(seed).permutation(len(owner))
    owner, item = owner[shuffle], item[shuffle]
    pairs = list(zip(owner.tolist(), item.tolist(), strict=True))
    once = sorted(set(pairs))
    assert list(zip(*(part.tolist() for part in ragged.distinct_pairs(owner, item, 5)), strict=True)) == once
    assert ragged.first_of_pairs(owner, item, 5).tolist() == [pairs.index(pair) for pair in once]


def test_pairs_of_small_integers_do_not_run_over() -> None:
    owner, item = np.array([70_000, 70_001], dtype=np.int32), np.array([1, 2], dtype=np.int32)
    found = ragged.distinct_pairs(owner, item, 100_000)
    assert [part.tolist() for part in found] == [[70_000, 70_001], [1, 2]]
    assert ragged.first_of_pairs(owner, item, 100_000).tolist() == [0, 1]


@pytest.mark.parametrize(("count", "size", "wanted"), [(0, 3, []), (3, 3, [(0, 3)]), (7, 3, [(0, 3), (3, 6), (6, 7)])])
def test_blocks(count: int, size: int, wanted: list[tuple[int, int]]) -> None:
    assert [(block.start, block.stop) for block in ragged.blocks(count, size)] == wanted

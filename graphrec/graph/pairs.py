"""Pairs: a pruned product graph as CSR, with what the log says of each edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from graphrec.compute.ragged import find_sorted, largest_of_groups, offsets, owners, ranges


@dataclass(frozen=True)
class Pairs:
    """Directed weighted edges between item codes in compressed sparse rows.

    ::

        indptr   0     2  3        row i holds the edges indptr[i] : indptr[i + 1],
        indices  4  7  0  ...      the heaviest first
        count    9  3  9  ...

    Parameters
    ----------
    indptr : ndarray
        `(items + 1,) int64`.
    indices : ndarray
        `(edges,) int32`, target codes.
    weight : ndarray
        `(edges,) float32`, what the rows are sorted and pruned by.
    columns : mapping of str to ndarray
        More `(edges,)` facts of each edge: `count`, `support`, `lift`, ...
    """

    indptr: np.ndarray
    indices: np.ndarray
    weight: np.ndarray
    columns: Mapping[str, np.ndarray]

    @property
    def items(self) -> int:
        """Number of rows."""
        return len(self.indptr) - 1

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def rows(self) -> np.ndarray:
        """Source code of every edge, `(edges,) int64`."""
        return owners(np.diff(self.indptr))

    def edges_of(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gather the edges of several items.

        Returns
        -------
        owner : ndarray
            `(n,) int64`, position in `codes` of the item that an edge starts from.
        edge : ndarray
            `(n,) int64`, position of the edge in `indices`.
        """
        start = self.indptr[codes]
        return ranges(start, self.indptr[codes + 1] - start)

    @cached_property
    def _by_source(self) -> tuple[np.ndarray, np.ndarray]:
        keys = self.rows * self.items + self.indices
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    @cached_property
    def _by_target(self) -> tuple[np.ndarray, np.ndarray]:
        keys = self.indices.astype(np.int64) * self.items + self.rows
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    def find(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the position of each edge source -> target, `(n,) int64`, -1 where there is none."""
        return self._find(*self._by_source, sources, targets)

    def find_back(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the position of each edge target -> source, `(n,) int64`, -1 where there is none.

        As `find` the other way round, but pairs that come in the order of their sources are found as quickly.
        """
        return self._find(*self._by_target, sources, targets)

    def _find(self, keys: np.ndarray, order: np.ndarray, firsts: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        edge = find_sorted(keys, np.asarray(firsts, dtype=np.int64) * self.items + seconds)
        there = edge >= 0
        edge[there] = order[edge[there]]
        return edge

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Name the arrays for a file; `from_arrays` reads them back."""
        named = {"indptr": self.indptr, "indices": self.indices, "weight": self.weight, **self.columns}
        return {f"{prefix}.{name}": values for name, values in named.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str) -> Pairs:
        """Take the arrays of one graph out of those of a file.

        Raises
        ------
        ValueError
            When they are no rows of edges between items.
        """
        own = {name.removeprefix(prefix + "."): a for name, a in arrays.items() if name.startswith(prefix + ".")}
        pairs = cls(own.pop("indptr"), own.pop("indices"), own.pop("weight"), own)
        # SciPy's compiled code follows the indices wherever they lead.
        sparse.csr_array((pairs.weight, pairs.indices, pairs.indptr), shape=(pairs.items,) * 2).check_format()
        if any(len(values) != len(pairs) for values in own.values()):
            raise ValueError(f"{prefix}: not every edge has all of {', '.join(own)}")
        return pairs


def top_pairs(
    items: int,
    sources: np.ndarray,
    targets: np.ndarray,
    weight: np.ndarray,
    columns: Mapping[str, np.ndarray],
    top_k: int,
) -> Pairs:
    """Keep the `top_k` heaviest edges of every item; the smaller target code wins a tie."""
    kept = largest_of_groups(sources, weight, top_k, targets)
    return Pairs(
        offsets(np.bincount(sources[kept], minlength=items)),
        targets[kept].astype(np.int32),
        weight[kept].astype(np.float32),
        {name: values[kept] for name, values in columns.items()},
    )

"""Near-duplicates: another colour or another pack of one product, of which a list needs one at most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from graphrec.compute.ragged import blocks
from graphrec.events import Catalogue
from graphrec.lists.title_words import words_of_titles

_LEAST_OVERLAP = 0.6
_PAIRS = 1 << 16
"""Pairs compared at once: a few MB of words."""
_CELLS = 1 << 21
"""Pairs of places of lists compared at once: 8 MB for each fact of them."""


@dataclass(frozen=True)
class NearDuplicates:
    """Which items of a catalogue a shopper would take for one another.

    Two items are near-duplicates when the words of their titles overlap (Jaccard) by .6 or more; when the words
    without numbers and units of size do, so that they are two packs of one thing; or when they have the same parent
    product. An item without a title and without a parent is nobody's near-duplicate.

    Parameters
    ----------
    words, kinds : csr_array
        `(items, vocabulary) int32` of ones: the words of each title, with and without sizes.
    parent : ndarray
        `(items,) int64` code of the parent product, -1 where none is known.
    """

    words: sparse.csr_array
    kinds: sparse.csr_array
    parent: np.ndarray

    @classmethod
    def of(cls, catalogue: Catalogue) -> NearDuplicates:
        """Read titles and parents."""
        words, kinds = words_of_titles(catalogue.frame["title"])
        return cls(words, kinds, np.asarray(pd.factorize(catalogue.frame["parent"])[0], dtype=np.int64))

    def between(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Tell which pairs of items are near-duplicates, `(n,) bool`.

        Parameters
        ----------
        left, right : ndarray
            `(n,) int64` codes; -1 is nobody's near-duplicate.
        """
        near = self._same_parent(left, right)
        for words in (self.words, self.kinds):
            near |= _overlap_of_pairs(words, left, right) >= _LEAST_OVERLAP
        return near

    def word_overlap(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Measure the Jaccard overlap of all words of two titles, `(n,) float64`; 0 where one has no words.

        Parameters
        ----------
        left, right : ndarray
            `(n,) int64` codes, -1 for none.
        """
        return _overlap_of_pairs(self.words, left, right)

    def one_of_each(self, query: np.ndarray, ranked: np.ndarray) -> np.ndarray:
        """Tell which places of lists stay when near-duplicates go, `(lists, k) bool`.

        Each list is walked down: an item goes when it is a near-duplicate of a query item or of one above that stays.

        Parameters
        ----------
        query : ndarray
            `(lists, members) int64` codes of what each list completes, -1 where there are fewer.
        ranked : ndarray
            `(lists, k) int64` codes, -1 where a list is short; such a place does not stay.
        """
        stays = np.zeros(ranked.shape, dtype=bool)
        for lists in _blocks(len(ranked), query.shape[1] + ranked.shape[1]):
            stays[lists] = self._walked_down(query[lists], ranked[lists])
        return stays

    def _walked_down(self, query: np.ndarray, ranked: np.ndarray) -> np.ndarray:
        codes = np.concatenate([query, ranked], axis=1)
        near = self._same_parent_within(codes)
        for words in (self.words, self.kinds):
            near |= _overlap_within(words, codes) >= _LEAST_OVERLAP
        stays = codes >= 0
        for place in range(query.shape[1], codes.shape[1]):
            stays[:, place] &= ~(near[:, place, :place] & stays[:, :place]).any(axis=1)
        return stays[:, query.shape[1] :]

    def share_of_near_duplicates(self, ranked: np.ndarray, query: np.ndarray, places: int) -> float:
        """Share of the first places of all lists that repeat the query or an item above; 0 for empty lists.

        Measured by all words of the titles and by the parent alone, without the rule of sizes.

        Parameters
        ----------
        ranked : ndarray
            `(lists, k) int64` codes, -1 where a list is short.
        query : ndarray
            `(lists,)` or `(lists, members) int64` codes, -1 where there are fewer.
        places : int
        """
        query, top = query if query.ndim > 1 else query[:, None], ranked[:, :places]
        repeated = 0
        for lists in _blocks(len(top), query.shape[1] + top.shape[1]):
            codes = np.concatenate([query[lists], top[lists]], axis=1)
            near = self._same_parent_within(codes) | (_overlap_within(self.words, codes) >= _LEAST_OVERLAP)
            repeats = np.asarray(np.tril(near, -1).any(axis=2), dtype=bool)
            repeated += int(repeats[:, query.shape[1] :].sum())
        return repeated / max(int((top >= 0).sum()), 1)

    def _same_parent(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        parent = np.append(self.parent, -1)
        return np.asarray((parent[left] == parent[right]) & (parent[left] >= 0))

    def _same_parent_within(self, codes: np.ndarray) -> np.ndarray:
        return self._same_parent(codes[:, :, None], codes[:, None, :])


def _blocks(lists: int, places: int) -> Iterator[slice]:
    size = max(1, _CELLS // max(places, 1) ** 2)
    return blocks(lists, size)


def _overlap_of_pairs(words: sparse.csr_array, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Measure the overlap of pairs of rows, `(n,) float64`; 0 for a code of -1 and for empty rows."""
    overlap = np.zeros(len(left))
    known = np.flatnonzero((left >= 0) & (right >= 0))
    for block in blocks(len(known), _PAIRS):
        pairs = known[block]
        one, other = words[left[pairs]], words[right[pairs]]
        shared = np.asarray(one.multiply(other).sum(axis=1))
        overlap[pairs] = _jaccard(shared, np.diff(one.indptr), np.diff(other.indptr))
    return overlap


def _overlap_within(words: sparse.csr_array, codes: np.ndarray) -> np.ndarray:
    """Measure the overlap of every two places of a list, `(lists, places, places) float64`."""
    lists, places = codes.shape
    at = np.flatnonzero(codes.ravel() >= 0)
    held = words[codes.ravel()[at]]
    size = np.zeros(lists * places, dtype=np.int64)
    size[at] = np.diff(held.indptr)
    place = np.repeat(np.arange(lists * places), size)
    # A word counts within its list alone: only places of one list then meet in the product.
    own = np.unique(place // places * words.shape[1] + held.indices, return_inverse=True)[1]
    incidence = sparse.csr_array((np.ones(len(own), np.int32), (place, own)), shape=(lists * places, len(own)))
    shared = sparse.coo_array(incidence @ incidence.T)
    one, other = shared.coords
    overlap = np.zeros((lists, places, places))
    overlap[one // places, one % places, other % places] = _jaccard(shared.data, size[one], size[other])
    return overlap


def _jaccard(shared: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray(shared / np.maximum(one + other - shared, 1), dtype=np.float64)

"""Types of products: the catalogue's own, or clusters of titles where it has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from graphrec.config import FeaturesConfig

NO_TYPE = "(no type)"


@dataclass(frozen=True)
class TypeVocabulary:
    """Names of the types; a type's position is its code.

    Parameters
    ----------
    names : tuple of str
        Sorted; ends with `NO_TYPE` where some items have none. `NO_TYPE` alone is the type of all products.
    centroids : ndarray
        `(types, text_dim) float32` when the types were derived from titles, else of no rows.
    """

    names: tuple[str, ...]
    centroids: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    @property
    def derived(self) -> bool:
        """Whether the types are clusters of titles."""
        return len(self.centroids) > 0

    def codes(self, types: Sequence[str | None], texts: np.ndarray) -> np.ndarray:
        """Find the type of products, `(products,) int64`.

        Parameters
        ----------
        types : sequence of str or None
            As the catalogue gives them; not looked at where types are derived.
        texts : ndarray
            `(products, text_dim) float32` encoded titles.

        Returns
        -------
        ndarray
            -1 for a type that the vocabulary does not hold.
        """
        if self.names == (NO_TYPE,):
            return np.zeros(len(texts), dtype=np.int64)
        if self.derived:
            return np.asarray((texts @ self.centroids.T - 0.5 * (self.centroids**2).sum(axis=1)).argmax(axis=1))
        filled = pd.Series(list(types), dtype=object).fillna(NO_TYPE)
        return pd.Index(self.names).get_indexer(pd.Index(filled)).astype(np.int64)


def fit_types(
    types: Sequence[str | None], titles: Sequence[str], texts: np.ndarray, config: FeaturesConfig, seed: int
) -> TypeVocabulary:
    """Take the catalogue's types, or cluster the titles where no item has one.

    Clusters are named by the two words that tell them apart best.
    """
    from sklearn.cluster import KMeans

    known = pd.Series(list(types), dtype=object)
    none = np.zeros((0, texts.shape[1]), dtype=np.float32)
    if not config.types:
        return TypeVocabulary((NO_TYPE,), none)
    if known.notna().any() or not texts.any():
        names = sorted(known.dropna().unique())
        return TypeVocabulary((*names, NO_TYPE) if known.isna().any() else tuple(names), none)
    wanted = config.derived_types or round(len(texts) ** 0.5)
    clusters = min(max(wanted, 1), len(np.unique(texts, axis=0)))
    with threadpool_limits(limits=1):  # several threads add up in an order that changes from run to run
        means = KMeans(clusters, n_init=1, random_state=seed).fit(texts)
    names = _cluster_names(titles, means.labels_, clusters)
    order = np.argsort(names, kind="stable")
    return TypeVocabulary(tuple(names[i] for i in order), means.cluster_centers_[order].astype(np.float32))


def _cluster_names(titles: Sequence[str], labels: np.ndarray, clusters: int) -> list[str]:
    """Name each cluster by its two most telling words: frequent in it, rare elsewhere."""
    from sklearn.feature_extraction.text import CountVectorizer

    words = CountVectorizer(token_pattern=r"(?u)\b[^\W\d]{3,}\b", binary=True)
    try:
        present = words.fit_transform(titles)
    except ValueError:  # no word of three letters in any title
        return [f"cluster {number:04d}" for number in range(clusters)]
    membership = np.zeros((clusters, len(labels)), dtype=np.float32)
    membership[labels, np.arange(len(labels))] = 1.0
    inside = np.asarray(membership @ present)
    share = inside / np.maximum(membership.sum(axis=1, keepdims=True), 1)
    telling = share * np.sqrt(np.log(len(labels) / np.asarray(present.sum(axis=0))))
    best = np.argsort(-telling, axis=1, kind="stable")[:, :2]
    vocabulary = words.get_feature_names_out()
    names = pd.Series([" ".join(vocabulary[row]) for row in best])
    repeat = names.groupby(names).cumcount()
    return list(names.where(repeat == 0, names + " " + (repeat + 1).astype(str)))

"""BM25: an item as a document whose words are its baskets, as in the library `implicit`."""

from __future__ import annotations

from collections.abc import Mapping

from scipy import sparse

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.libraries import open_library
from graphrec.baselines.sparse_rows import row_scorer
from graphrec.baselines.training_data import TrainingData


def fit_bm25(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the product of two items' baskets, weighed by BM25.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `K1` (how soon more of the same counts no more) and `B` (how much an item's popularity is held against it).
    seed : int
    """
    neighbours = open_library("implicit.nearest_neighbours")
    weighted = neighbours.bm25_weight(data.baskets.T.astype("float64"), parameters["K1"], parameters["B"])
    items = sparse.csr_array(weighted)
    product = sparse.csr_array(items @ items.T)
    product.setdiag(0)
    product.eliminate_zeros()
    return row_scorer(product)

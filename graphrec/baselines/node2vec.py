"""node2vec: vectors of products from walks over the given links."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from graphrec.baselines.baseline import Scorer
from graphrec.baselines.item_vectors import ItemVectors
from graphrec.baselines.link_graph import graph_of_links, without_substitutes
from graphrec.baselines.skip_gram import skip_gram
from graphrec.baselines.training_data import TrainingData
from graphrec.compute.ragged import is_among, row_owners

_WALKS = 10
"""From each product."""
_LENGTH = 40
_WINDOW = 5
_EPOCHS = 2
_NS_EXPONENT = 0.75


def fit_node2vec(data: TrainingData, parameters: Mapping[str, float], seed: int) -> Scorer:
    """Score by the vectors of a skip-gram over biased walks; no opinion on, or of, products without links.

    Grover and Leskovec, "node2vec: Scalable Feature Learning for Networks", 2016.

    Parameters
    ----------
    data : TrainingData
    parameters : mapping
        `q`, above 1 to stay near where the walk came from; `output`, 1 to hold the query's input vector against the
        candidate's output vector and 0 against its input vector, by cosine; `substitutes`, as in `link_graph`.
    seed : int
    """
    q, output, substitutes = parameters["q"], bool(parameters["output"]), parameters["substitutes"]
    links = graph_of_links(data, substitutes)

    def learn() -> tuple[np.ndarray, np.ndarray]:
        walks = biased_walks(links, _WALKS, _LENGTH, q, seed)
        # gensim takes lists of texts; those of one product are one object.
        names = np.arange(data.items).astype(str).astype(object)
        return skip_gram(names[walks].tolist(), data.items, _WINDOW, _EPOCHS, _NS_EXPONENT, seed)

    inputs, outputs = data.shared(("node2vec", links.nnz, q, seed), learn)
    known = np.diff(links.indptr) > 0
    vectors = ItemVectors(inputs, outputs if output else inputs, np.zeros(data.items), known)
    return without_substitutes(data, substitutes, vectors.scorer(cosine=not output))


def biased_walks(links: sparse.csr_array, walks: int, length: int, q: float, seed: int) -> np.ndarray:
    """Walk from every product that has links; a step back is as likely as one to a neighbour of both (p is 1).

    Each step draws a neighbour and keeps it by what the bias says, or draws again: Yang et al., "KnightKing: A Fast
    Distributed Graph Random Walk Engine", 2019.

    Parameters
    ----------
    links : csr_array
        `(items, items)`, symmetric.
    walks : int
        From each product.
    length : int
        Products of a walk.
    q : float
        A step away from where the walk came from is 1 / q times as likely as another.
    seed : int

    Returns
    -------
    ndarray
        `(walks * products with links, length) int64` codes.
    """
    generator = np.random.default_rng(seed)
    items, degree = links.shape[0], np.diff(links.indptr).astype(np.int64)
    keys = np.sort(row_owners(links) * np.int64(items) + links.indices)
    start = generator.permutation(np.repeat(np.flatnonzero(degree), walks))
    walked = np.empty((len(start), length), dtype=np.int64)
    walked[:, 0] = start
    for step in range(1, length):
        here, pending = walked[:, step - 1], np.arange(len(start))
        while len(pending):
            at = here[pending]
            draw = links.indices[links.indptr[at] + generator.integers(degree[at])]
            walked[pending, step] = draw
            if step == 1:
                break
            came = walked[pending, step - 2]
            away = (draw != came) & ~is_among(keys, came * np.int64(items) + draw)
            weight = np.where(away, 1 / q, 1.0) / max(1 / q, 1.0)
            pending = pending[generator.random(len(pending)) >= weight]
    return walked

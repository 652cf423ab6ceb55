"""Sequences of items -> vectors: the skip-gram with negative sampling that item2vec and node2vec share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphrec.baselines.libraries import open_library

DIM = 64


def skip_gram(
    sequences: Sequence[Sequence[str]], items: int, window: int, epochs: int, ns_exponent: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Learn an input and an output vector an item; an item sees all others in its window alike.

    Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality", 2013.

    Parameters
    ----------
    sequences : sequence of sequence of str
        Item codes, written as text.
    items : int
    window : int
        Places to either side that an item sees.
    epochs : int
    ns_exponent : float
        The power of the frequency by which negative items are drawn.
    seed : int

    Returns
    -------
    inputs, outputs : ndarray
        `(items, DIM) float64`; zeros for items that no sequence holds.
    """
    model = open_library("gensim.models.word2vec").Word2Vec(
        sequences,
        vector_size=DIM,
        window=window,
        shrink_windows=False,
        sg=1,
        negative=5,
        ns_exponent=ns_exponent,
        sample=0,
        min_count=1,
        epochs=epochs,
        seed=seed,
        workers=1,
    )
    codes = np.array(model.wv.index_to_key, dtype=np.int64)
    inputs, outputs = np.zeros((2, items, DIM))
    inputs[codes], outputs[codes] = model.wv.vectors, model.syn1neg
    return inputs, outputs

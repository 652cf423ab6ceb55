"""Titles -> vectors: static word vectors from inside a wheel, or hashed character n-grams."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from graphrec.config import FeaturesConfig
from graphrec.errors import GraphrecWarning, ModelError

_FIT_ROWS = 50_000
"""Titles from which the principal directions are learned; more do not move them."""


@dataclass(frozen=True)
class TextEncoder:
    """Raw text vectors projected to their principal directions.

    Parameters
    ----------
    name : str
        Key of `RAW_VECTORS`.
    mean : ndarray
        `(raw_dim,) float32`.
    components : ndarray
        `(dim, raw_dim) float32`; dim may be 0 when no item has a text.
    """

    name: str
    mean: np.ndarray
    components: np.ndarray

    @property
    def dim(self) -> int:
        """Length of an encoded text."""
        return len(self.components)

    def encode(self, texts: Sequence[str], alone: bool = False) -> np.ndarray:
        """Return `(texts, dim) float32`, unit length, or zeros for a blank text.

        With `alone`, sums are taken in float64, so that the vector of one text does not depend on which others it is
        encoded with.
        """
        if not self.dim:
            return np.zeros((len(texts), 0), dtype=np.float32)
        raw, components = RAW_VECTORS[self.name](list(texts)), self.components
        if alone:
            raw, components = raw.astype(np.float64), components.astype(np.float64)
        projected = np.asarray(raw @ components.T) - self.mean @ components.T
        length = np.linalg.norm(projected, axis=1, keepdims=True)
        blank = np.array([not text for text in texts])
        return np.where(blank[:, None], 0.0, projected / np.maximum(length, 1e-9)).astype(np.float32)


def fit_text_encoder(texts: Sequence[str], config: FeaturesConfig, seed: int) -> TextEncoder:
    """Learn the principal directions of a shop's own titles.

    Raises
    ------
    ModelError
        When `features.text: wordllama` is asked for and it is not installed.
    """
    from sklearn.decomposition import PCA, TruncatedSVD

    name = _choose(config)
    known = [text for text in texts if text]
    if len(known) < 2:
        return TextEncoder(name, np.zeros(0, np.float32), np.zeros((0, 0), np.float32))
    sample = np.random.default_rng(seed).permutation(len(known))[:_FIT_ROWS]
    raw = RAW_VECTORS[name]([known[row] for row in np.sort(sample)])
    dim = min(config.text_dim, raw.shape[1], raw.shape[0])
    if sparse.issparse(raw):
        svd = TruncatedSVD(min(dim, raw.shape[1] - 1), random_state=seed).fit(raw)
        return TextEncoder(name, np.zeros(raw.shape[1], np.float32), _rows(svd.components_))
    pca = PCA(dim, svd_solver="full" if raw.shape[0] < raw.shape[1] else "covariance_eigh").fit(raw)
    return TextEncoder(name, pca.mean_.astype(np.float32), _rows(pca.components_))


def _rows(components: np.ndarray) -> np.ndarray:
    """Lay components out row by row, as a file gives them back: the layout decides the last bits of a product."""
    return np.ascontiguousarray(components, dtype=np.float32)


def _choose(config: FeaturesConfig) -> str:
    if config.text != "auto":
        return config.text
    if importlib.util.find_spec("wordllama") is not None:
        return "wordllama"
    warnings.warn(
        "wordllama is not installed: titles become hashed character n-grams; pip install wordllama for word vectors",
        GraphrecWarning,
        stacklevel=2,
    )
    return "hashing"


def _wordllama_vectors(texts: Sequence[str]) -> np.ndarray:
    vectors = _wordllama().embed(list(texts), batch_size=256)
    # Rows of a blank batch divide by no tokens.
    vectors = np.nan_to_num(np.asarray(vectors, dtype=np.float32))
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


@cache
def _wordllama() -> Any:  # noqa: ANN401 - the library is not typed
    """Load the vectors from inside the wheel, offline, and undo what the import does to logging."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        import wordllama
    except ImportError:
        raise ModelError(
            "this model encodes titles with wordllama, which is not installed; pip install wordllama"
        ) from None
    finally:
        root.handlers[:], root.level = handlers, level
    # The wheel holds the tokenizer where only the cache is searched, so the wheel is named as the cache.
    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)


def _hashed_vectors(texts: Sequence[str]) -> sparse.csr_matrix:
    from sklearn.feature_extraction.text import HashingVectorizer

    hashed = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 4), n_features=2**13, alternate_sign=True)
    return hashed.transform(texts)


RAW_VECTORS: Mapping[str, Callable[[Sequence[str]], Any]] = {
    "wordllama": _wordllama_vectors,
    "hashing": _hashed_vectors,
}
"""Name of a text encoder -> texts to `(texts, raw_dim)`, dense or sparse."""

"""Titles -> the words that each of them holds, with and without what only says how much is in the pack."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

_WORD = r"[^\W_]+(?:['\u2019][^\W_]+)*"
_UNITS = (
    "oz|fl|floz|ml|cl|dl|l|lt|ltr|litres?|liters?|mg|g|gr|gm|grams?|kg|kgs|lbs?|pounds?|ct|count|pks?|packs?|pcs?|pieces?"
    "|gal|gallons?|qt|quarts?|pt|pints?|inch|inches|cm|mm|m|ft|doz|dz|dozen|ea|each|size|x"
)
_SIZE = rf"(?:\d{{1,4}}(?:x\d{{1,4}})*(?:in|x?(?:{_UNITS}))?|{_UNITS})"
"""Numbers of up to four digits, units, and the two in one (12, oz, 330ml, 6x330ml); `d90` and 75192 are names."""
_NAMES_A_UNIT = r".*[a-z]"


def words_of_titles(titles: pd.Series) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Lay out the different lower-cased words of each title.

    Parameters
    ----------
    titles : Series
        `(items,)` texts; missing ones hold no word.

    Returns
    -------
    words : csr_array
        `(items, vocabulary) int32` of ones.
    kinds : csr_array
        The same without numbers and units of size: two packs of one thing hold the same. A row is empty where no
        word is left, and where a single one is that no unit stands beside: `Lego 7965` is no pack of Lego.
    """
    items = len(titles)
    texts = titles.astype(object).where(titles.notna(), "").astype(str).reset_index(drop=True)
    found = texts.str.lower().str.findall(_WORD).explode().dropna()
    token, names = pd.factorize(found)
    vocabulary = pd.Series(np.asarray(names, dtype=object), dtype=object).astype(str)
    keys = np.unique(found.index.to_numpy(dtype=np.int64) * max(len(vocabulary), 1) + token)
    row, column = np.divmod(keys, max(len(vocabulary), 1))
    size = vocabulary.str.fullmatch(_SIZE).to_numpy(dtype=bool)
    unit = size & vocabulary.str.fullmatch(_NAMES_A_UNIT).to_numpy(dtype=bool)
    left = np.bincount(row[~size[column]], minlength=items)
    measured = np.bincount(row[unit[column]], minlength=items) > 0
    kept = ~size[column] & ((left > 1) | measured)[row]
    shape = (items, len(vocabulary))
    return _ones(row, column, shape), _ones(row[kept], column[kept], shape)


def _ones(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(row), dtype=np.int32), (row, column)), shape=shape)

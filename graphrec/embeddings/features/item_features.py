"""Catalogue -> item matrix: what makes an item that nobody has touched embeddable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphrec.config import FeaturesConfig
from graphrec.embeddings.features.codes import name_codes, path_codes
from graphrec.embeddings.features.text import TextEncoder, fit_text_encoder
from graphrec.embeddings.features.types import TypeVocabulary, fit_types

_BRAND_SHARE = 0.5
_PRICE_SHARE = 0.25
"""Weight of a standard deviation of price beside a unit of text: enough to tell tiers of a type apart."""


@dataclass(frozen=True)
class ItemFeatures:
    """How a catalogue row becomes numbers, learned once from a whole catalogue.

    The columns of the item matrix are, from left to right::

        [ title and category words | type | brand | price, price within type, price missing ]

    Parameters
    ----------
    text : TextEncoder
    types : TypeVocabulary
    price : ndarray
        `(types + 1, 2) float32`: mean and deviation of log price, by type, the whole catalogue last.
    type_dim, brand_dim : int
        Lengths of the codes.
    anonymous : int or None
        Seed of the random directions that stand in the item matrix for what the catalogue says; None: the latter.
    """

    text: TextEncoder
    types: TypeVocabulary
    price: np.ndarray
    type_dim: int
    brand_dim: int
    anonymous: int | None = None

    @property
    def dim(self) -> int:
        """Columns of the item matrix."""
        return self.text.dim + self.type_dim + self.brand_dim + 3

    def type_codes(self, frame: pd.DataFrame) -> np.ndarray:
        """Find the type of every row, `(rows,) int64`, -1 for one that was never seen."""
        # Only types that are clusters of titles are found by the title.
        texts = self._texts(frame) if self.types.derived else np.zeros((len(frame), 0), dtype=np.float32)
        return self.types.codes(_given(frame["type"]), texts)

    def price_columns(self, frame: pd.DataFrame, type_codes: np.ndarray) -> np.ndarray:
        """Return log price, log price within its type, and whether it is missing, `(rows, 3) float32`."""
        price = frame["price"].to_numpy(dtype=np.float64)
        missing = np.isnan(price) | (self.anonymous is not None)
        log_price = np.log1p(np.where(missing, 0.0, price))
        overall, own = self.price[-1], self.price[type_codes]
        standard = np.where(missing, 0.0, (log_price - overall[0]) / overall[1])
        within = np.where(missing, 0.0, (log_price - own[:, 0]) / own[:, 1])
        columns = np.stack([np.clip(standard, -4, 4), np.clip(within, -4, 4), missing], axis=1)
        return columns.astype(np.float32)

    def transform(self, frame: pd.DataFrame, alone: bool = False) -> np.ndarray:
        """Build the item matrix of catalogue rows, `(rows, dim) float32`.

        With `alone`, a row does not depend on which others it is asked with, to the last bit.
        """
        if self.anonymous is not None:
            return name_codes([f"{self.anonymous} {item}" for item in frame["item"]], self.dim)
        texts = self._texts(frame, alone)
        codes = self.types.codes(_given(frame["type"]), texts)
        paths = pd.Series(np.array(self.types.names, dtype=object)[codes]) if self.types.derived else _category(frame)
        return np.hstack(
            [
                texts,
                path_codes(list(paths), self.type_dim),
                _BRAND_SHARE * name_codes(_given(frame["brand"]), self.brand_dim),
                _PRICE_SHARE * self.price_columns(frame, codes),
            ]
        ).astype(np.float32)

    def _texts(self, frame: pd.DataFrame, alone: bool = False) -> np.ndarray:
        return self.text.encode(item_texts(frame), alone)

    def arrays(self) -> dict[str, np.ndarray]:
        """Name the learned arrays for a file."""
        return {
            "text_mean": self.text.mean,
            "text_components": self.text.components,
            "type_centroids": self.types.centroids,
            "price": self.price,
        }

    def settings(self) -> dict[str, object]:
        """Return what else `from_arrays` needs, for a manifest."""
        return {
            "text": self.text.name,
            "types": list(self.types.names),
            "type_dim": self.type_dim,
            "brand_dim": self.brand_dim,
            "anonymous": self.anonymous,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], settings: Mapping[str, object]) -> ItemFeatures:
        """Rebuild what `arrays` and `settings` wrote."""
        names = settings["types"]
        return cls(
            text=TextEncoder(str(settings["text"]), arrays["text_mean"], arrays["text_components"]),
            types=TypeVocabulary(tuple(names) if isinstance(names, list) else (), arrays["type_centroids"]),
            price=arrays["price"],
            type_dim=int(str(settings["type_dim"])),
            brand_dim=int(str(settings["brand_dim"])),
            anonymous=None if settings.get("anonymous") is None else int(str(settings["anonymous"])),
        )


def fit_item_features(frame: pd.DataFrame, config: FeaturesConfig, seed: int) -> ItemFeatures:
    """Learn text directions, types and price scales from a whole catalogue."""
    texts = item_texts(frame)
    text = fit_text_encoder(texts, config, seed)
    encoded = text.encode(texts)
    given = _given(frame["type"])
    types = fit_types(given, texts, encoded, config, seed)
    price = _price_scales(frame["price"].to_numpy(dtype=np.float64), types.codes(given, encoded), len(types))
    return ItemFeatures(text, types, price, config.type_dim, config.brand_dim, None if config.described else seed)


def item_texts(frame: pd.DataFrame) -> list[str]:
    """Write the words of every item: its title and its category, where they hold letters."""
    title = frame["title"].astype(object).where(frame["title"].notna(), "").astype(str)
    category = _category(frame).set_axis(frame.index)
    words = category.where(category.notna(), "").astype(str).str.replace(r"[._/>|]+", " ", regex=True)
    joined = (title + " " + words).str.strip().str.lower()
    return list(joined.where(joined.str.contains(r"[^\W\d_]{2}", regex=True), ""))


def _category(frame: pd.DataFrame) -> pd.Series:
    """Write the category path down to the type; one of the two stands alone where the other is missing."""
    path, kind = (frame[name].to_numpy(dtype=object) for name in ("category_path", "type"))
    category = np.where(pd.notna(path), path, kind)
    both = np.flatnonzero(pd.notna(path) & pd.notna(kind))
    both = both[path[both] != kind[both]]
    category[both] = path[both] + "|" + kind[both]
    return pd.Series(category, dtype=object)


def _given(values: pd.Series) -> list[str | None]:
    """List texts with None for what is missing."""
    texts = values.to_numpy(dtype=object, copy=True)
    texts[pd.isna(texts)] = None
    return list(texts)


def _price_scales(price: np.ndarray, type_codes: np.ndarray, types: int) -> np.ndarray:
    """Mean and deviation of log price by type, drawn to the whole catalogue's where a type is small."""
    known = ~np.isnan(price)
    log_price = np.log1p(price[known])
    mean, deviation = (log_price.mean(), log_price.std()) if known.any() else (0.0, 1.0)
    overall = np.array([mean, max(deviation, 1e-3)])
    codes = type_codes[known]
    count = np.bincount(codes, minlength=types)
    strength = 5.0
    means = (np.bincount(codes, log_price, minlength=types) + strength * overall[0]) / (count + strength)
    squares = np.bincount(codes, (log_price - means[codes]) ** 2, minlength=types)
    deviations = np.sqrt((squares + strength * overall[1] ** 2) / (count + strength))
    return np.vstack([np.stack([means, np.maximum(deviations, 1e-3)], axis=1), overall]).astype(np.float32)

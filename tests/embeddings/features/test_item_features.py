"""The item matrix: new products get a row like old ones, missing facts are no obstacle."""

import numpy as np
import pandas as pd
import pytest

from graphrec.config import FeaturesConfig
from graphrec.embeddings.features import NO_TYPE, ItemFeatures, fit_item_features
from graphrec.embeddings.features.codes import name_codes, path_codes
from graphrec.events import Catalogue

TEAS = [f"{adjective} tea {size}" for adjective in ("green", "black", "herbal") for size in ("small", "large")]
CABLES = [f"usb cable {color} {length}" for color in ("white", "red") for length in ("1m", "2m", "3m")]


def catalogue(**columns):
    rows = len(next(iter(columns.values())))
    return Catalogue.from_frame(pd.DataFrame({"item": [f"i{n:03d}" for n in range(rows)], **columns})).frame


@pytest.mark.parametrize("text", ["wordllama", "hashing"])
def test_like_titles_are_near(text):
    frame = catalogue(title=TEAS + CABLES)
    features = fit_item_features(frame, FeaturesConfig(text=text, text_dim=8, derived_types=2), seed=0)
    words = features.transform(frame)[:, : features.text.dim]
    cosine = words @ words.T
    within = cosine[:6, :6][~np.eye(6, dtype=bool)].mean()
    assert within > cosine[:6, 6:].mean() + 0.2


def test_titles_are_clustered_into_types_where_there_is_none():
    frame = catalogue(title=TEAS + CABLES)
    features = fit_item_features(frame, FeaturesConfig(text="hashing", text_dim=8, derived_types=2), seed=0)
    codes = features.type_codes(frame)
    assert features.types.derived
    assert len(set(codes[:6])) == 1 and len(set(codes[6:])) == 1 and codes[0] != codes[-1]
    assert "tea" in features.types.names[codes[0]]
    assert "cable" in features.types.names[codes[-1]]


def test_missing_facts_make_a_finite_row():
    frame = catalogue(title=["a lamp", None, "a desk"], type=["lamp", None, "desk"], price=[1.0, None, 3.0])
    features = fit_item_features(frame, FeaturesConfig(text="hashing"), seed=0)
    matrix = features.transform(frame)
    assert np.isfinite(matrix).all()
    assert matrix.dtype == np.float32 and matrix.shape == (3, features.dim)
    assert features.types.names == ("desk", "lamp", NO_TYPE)


def test_a_type_that_was_never_seen_is_told_apart():
    features = fit_item_features(catalogue(type=["lamp", "desk"], price=[1, 2]), FeaturesConfig(), seed=0)
    new = catalogue(type=["sofa"], price=[5])
    assert features.type_codes(new).tolist() == [-1]
    assert np.isfinite(features.transform(new)).all()


def test_arrays_and_settings_hold_everything():
    frame = catalogue(title=TEAS + CABLES, price=range(12), brand=["x", "y"] * 6)
    features = fit_item_features(frame, FeaturesConfig(text="hashing"), seed=0)
    copy = ItemFeatures.from_arrays(features.arrays(), features.settings())
    np.testing.assert_array_equal(features.transform(frame), copy.transform(frame))


def test_codes_are_fixed_unit_vectors_and_siblings_are_near():
    codes = name_codes(["kestrel", None, "kestrel", "quill"], 16)
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), [1, 0, 1, 1], rtol=1e-6)
    np.testing.assert_array_equal(codes[0], codes[2])
    paths = path_codes(["home.kitchen.kettle", "home.kitchen.mug", "sport.ball"], 64)
    assert paths[0] @ paths[1] > paths[0] @ paths[2] + 0.2

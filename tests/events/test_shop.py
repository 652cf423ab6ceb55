"""The generated shop holds what it says it planted."""

import numpy as np
import pandas as pd

from graphrec.config import ShopConfig, load_config
from graphrec.events import load_events
from graphrec.events.shop import generate_shop, write_shop
from tests.conftest import SHOP


def bought_types(shop):
    """Types of the first item that a session bought, and of each later one."""
    bought = shop.events[shop.events["event_type"] == "purchase"]
    names = list(shop.catalogue.type_names)
    code = bought["category_code"].map(names.index)
    first = code.groupby(bought["user_session"]).transform("first")
    later = bought["user_session"].duplicated()
    return first[later].to_numpy(), code[later].to_numpy()


def test_columns_rows_and_repeatability():
    shop = generate_shop(SHOP)
    assert list(shop.events.columns) == [
        "event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price", "user_id",
        "user_session",
    ]  # fmt: skip
    assert len(shop.events) == SHOP.events
    pd.testing.assert_frame_equal(shop.events, generate_shop(SHOP).events)
    other = generate_shop(SHOP.model_copy(update={"seed": 4}))
    assert not shop.events["product_id"].equals(other.events["product_id"])


def test_complements_follow_the_planted_matrix_as_far_as_the_noise_lets_them():
    for noise in (0.0, 0.5):
        shop = generate_shop(SHOP.model_copy(update={"noise": noise}))
        first, later = bought_types(shop)
        planted = (shop.catalogue.transition[first, later] > 0).mean()
        assert abs(planted - (1 - noise)) < 0.1


def test_cold_items_are_in_the_catalogue_alone():
    shop = generate_shop(SHOP)
    cold = set(shop.catalogue.cold_items)
    assert 0 < len(cold) < 0.1 * len(shop.catalogue.products)
    assert not cold & set(shop.events["product_id"])


def test_popularity_has_a_long_tail():
    sold = generate_shop(SHOP).events["product_id"].value_counts(normalize=True)
    assert sold.iloc[: len(sold) // 10].sum() > 0.4


def test_rows_of_the_matrix_are_distributions():
    transition = generate_shop(SHOP).catalogue.transition
    np.testing.assert_allclose(transition.sum(axis=1), 1)
    assert ((transition > 0).sum(axis=1) == 3).all()


def test_written_shop_is_read_back(tmp_path):
    write_shop(generate_shop(ShopConfig(events=3_000, seed=1)), tmp_path)
    events = load_events(load_config(tmp_path / "shop.yaml"))
    assert events.counts.used == 3_000
    assert events.catalogue.frame["title"].notna().all()

"""The log's file is rewritten after the cut, and nothing that is fitted on what came before may change."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graphrec.config import ShopConfig, load_config
from graphrec.errors import EventsError
from graphrec.evaluation import split_log
from graphrec.evaluation.leaks import future_changes_nothing
from graphrec.events import load_events
from graphrec.events.shop import generate_shop, write_shop
from graphrec.recommender import Recommender
from tests.conftest import quick_config

CUT = pd.Timestamp("2025-02-15")
SHOP = ShopConfig(events=6_000, items=150, noise=0.02, seed=6)
SETTINGS = [f"split.test_from={CUT}", "split.hidden_items=0"]
SMALL = quick_config(
    encoder={"epochs": 1, "pairs_per_epoch": 4_000},
    networks={"epochs": 1, "pairs_per_epoch": 4_000},
    ranker={"folds": 2, "fold_queries": 100},
    rerank={"epochs": 1, "max_sessions": 500},
)
FACTS = ["product_id", "category_id", "category_code", "brand", "price"]


def rewritten(log, path, seed=0):
    """Deal out anew who did what with which item after the cut, at other prices, and leave out a third."""
    later = pd.to_datetime(log["event_time"]).dt.tz_localize(None) >= CUT
    past, future = log[~later], log[later].reset_index(drop=True)
    rng = np.random.default_rng(seed)
    assert 100 < len(future) < len(past)
    future[FACTS] = future.loc[rng.permutation(len(future)), FACTS].to_numpy()
    future["event_type"] = rng.permutation(future["event_type"])
    arrives = ~future["product_id"].isin(past["product_id"])
    future["price"] = future["price"].where(arrives, (future["price"].astype(float) * 3).round(2))
    kept = arrives | (rng.random(len(future)) > 1 / 3)
    pd.concat([past, future[kept]]).to_csv(path, index=False)


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    """The configurations of a shop's log, and of the same log with another future."""
    folders = [tmp_path_factory.mktemp(name) for name in ("told", "retold")]
    for folder in folders:
        write_shop(generate_shop(SHOP), folder)
    rewritten(pd.read_csv(folders[0] / "events.csv", dtype=str), folders[1] / "events.csv")
    return [load_config(folder / "shop.yaml", SETTINGS) for folder in folders]


@pytest.fixture(scope="module")
def splits(configs):
    return [split_log(config) for config in configs]


def of_the_past(split):
    return Recommender.fit(split.train, SMALL)


def of_all_there_is(split):
    return Recommender.fit(load_events(split.config), SMALL)


def test_another_future_changes_no_list(splits):
    split, other = splits
    assert len(other.test) < len(split.test)
    assert other.train.fingerprint() == split.train.fingerprint()
    assert future_changes_nothing(of_the_past, split, other, 100, seed=0) == []


def test_a_fit_that_looks_at_the_future_is_caught(splits):
    (leak,) = future_changes_nothing(of_all_there_is, *splits, 100, seed=0)
    assert "of 100 lists changed" in leak.found


def test_a_split_that_lets_the_future_through_is_caught(configs, monkeypatch):
    monkeypatch.setattr("graphrec.evaluation.split.as_of", lambda config, moment: config)
    assert len(future_changes_nothing(of_the_past, *map(split_log, configs), 100, seed=0)) == 1


def test_logs_of_other_items_are_no_two_futures_of_one(splits):
    split, _ = splits
    catalogue = split.train.catalogue
    fewer = replace(split, train=replace(split.train, catalogue=replace(catalogue, frame=catalogue.frame.iloc[1:])))
    with pytest.raises(EventsError, match="leave the items that arrive"):
        future_changes_nothing(of_the_past, split, fewer, 10, seed=0)

"""What many tests share: small logs, and recommenders fitted once on planted and on shuffled structure."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graphrec.baselines import BASELINES
from graphrec.config import Config, ShopConfig, load_config, parse_config
from graphrec.evaluation import Questions, QuestionSets, Split, make_question_sets, split_log
from graphrec.evaluation.evaluated_model import Fitted
from graphrec.evaluation.fit_baselines import of_scorer
from graphrec.evaluation.fit_graphrec import of_model
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.metrics import metrics_beside_chance, row_shares
from graphrec.events import Events, load_events
from graphrec.events.shop import Shop, generate_shop, write_shop
from graphrec.model import Model
from graphrec.recommender import Recommender

DATA = Path(os.environ.get("GRAPHREC_DATA", Path(__file__).parents[2] / "shared" / "data"))
CONFIGS = Path(__file__).parents[1] / "configs"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no real data: set GRAPHREC_DATA to its folder")

SHOP = ShopConfig(events=60_000, items=800, noise=0.02, seed=3)
QUICK = {
    "encoder": {"epochs": 2, "pairs_per_epoch": 40_000},
    "networks": {"epochs": 5, "pairs_per_epoch": 60_000, "learning_rate": 0.01},
    "rerank": {"epochs": 2, "max_sessions": 8_000},
    "seed": 1,
}


def quick_config(**sections: object) -> Config:
    return parse_config(QUICK | sections, "test")


def listing(model: Model, **lists: object) -> Model:
    """Ask a model for lists by other settings."""
    settings = model.config.lists.model_copy(update=lists)
    return replace(model, config=model.config.model_copy(update={"lists": settings}))


def knowing(model: Model, **parts: object) -> Model:
    """Ask a model that knows something else of its shop: some parts of the snapshot are others."""
    snapshot = replace(model.snapshot, **parts)
    return replace(model, complements=replace(model.complements, snapshot=snapshot))


def completing(model: Model, **complements: object) -> Model:
    """Ask a model for complements by other settings than it was fitted with."""
    settings = model.config.complements.model_copy(update=complements)
    config = model.config.model_copy(update={"complements": settings})
    return replace(knowing(model, config=config), config=config)


@pytest.fixture
def make_events(tmp_path: Path) -> Callable[..., Events]:
    """Write rows to a CSV and read them back through the border."""

    def make(rows: list[dict[str, object]], **settings: object) -> Events:
        frame = pd.DataFrame(rows)
        path = tmp_path / "log.csv"
        frame.to_csv(path, index=False)
        columns = {name: name for name in frame.columns}
        events = {"path": str(path), "columns": columns} | settings
        return load_events(parse_config({"events": events}, "test"))

    return make


@dataclass(frozen=True)
class Planted:
    """A shop with known structure, cut in time, and what was fitted on the earlier part."""

    shop: Shop
    split: Split
    materials: Materials
    sets: QuestionSets
    recommender: Recommender

    def ours(self) -> dict[str, float]:
        return measured(of_model(self.recommender.model), self.sets.known)

    def baseline(self, key: str) -> dict[str, float]:
        return measured(fitted_baseline(self.materials, key), self.sets.known)

    def truth(self) -> np.ndarray:
        """The planted matrix in the type codes of the model."""
        names = list(self.shop.catalogue.type_names)
        order = [names.index(name) for name in self.recommender.model.features.types.names]
        return self.shop.catalogue.transition[np.ix_(order, order)] > 0

    def cold(self) -> np.ndarray:
        items = self.recommender.model.catalogue.frame["item"]
        return items.isin(self.shop.catalogue.cold_items).to_numpy()


def fitted_baseline(materials: Materials, key: str) -> Fitted:
    baseline = BASELINES[key]
    return of_scorer(baseline.fit(materials.data, baseline.grid[0], 0), materials.data, {})


def measured(fitted: Fitted, questions: Questions) -> dict[str, float]:
    """Average the metrics of ranking over the questions, one a basket, plain and beyond chance."""
    codes, place = questions.distinct
    ranked = fitted.complements(codes, 20, None)[place]
    share = row_shares(questions, int(max(ranked.max(), questions.answer_item.max(), codes.max())) + 1)
    return {name: float(values.mean()) for name, values in metrics_beside_chance(ranked, questions, share).items()}


def _fit(shop: Shop, folder: Path, events: pd.DataFrame | None = None) -> Planted:
    write_shop(shop, folder)
    if events is not None:
        events.to_csv(folder / "events.csv", index=False)
    split = split_log(load_config(folder / "shop.yaml", ["split.hidden_items=0"]))
    materials = Materials(split)
    sets = make_question_sets(split, materials.data, 0)
    return Planted(shop, split, materials, sets, Recommender.fit(split.train, quick_config()))


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return _fit(generate_shop(SHOP), tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="session")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """The same shop, but what was bought is dealt out anew over the purchases: nothing goes together."""
    shop = generate_shop(SHOP)
    events = shop.events
    bought = np.flatnonzero(events["event_type"] == "purchase")
    facts = ["product_id", "category_id", "category_code", "brand", "price"]
    dealt = np.random.default_rng(5).permutation(bought)
    events.loc[bought, facts] = events.loc[dealt, facts].to_numpy()
    return _fit(shop, tmp_path_factory.mktemp("shuffled"), events)


@pytest.fixture(scope="session")
def recommender(planted: Planted) -> Recommender:
    return planted.recommender


@pytest.fixture(autouse=True)
def _no_warning_is_lost() -> None:
    warnings.simplefilter("default")

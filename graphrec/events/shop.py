"""The generated shop: a log in the REES46 columns whose type transitions are planted and known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from graphrec.config import ShopConfig
from graphrec.events.shop_catalogue import SERIES, ShopCatalogue, make_catalogue

_KIND_NAMES = np.array(["view", "cart", "purchase"])
_VIEW, _CART, _PURCHASE = 0, 1, 2


@dataclass(frozen=True)
class Shop:
    """A generated log with its ground truth.

    Parameters
    ----------
    events : DataFrame
        The REES46 columns, sorted by time.
    catalogue : ShopCatalogue
        Products, cold ones included, and the planted transition matrix.
    noise : float
        Share of complements that were drawn without regard to the matrix.
    """

    events: pd.DataFrame
    catalogue: ShopCatalogue
    noise: float


def generate_shop(config: ShopConfig) -> Shop:
    """Generate a log of exactly `config.events` rows; one seed, one log.

    A session looks at some items of one type and series, may put its favourite into the cart and buy it, and
    then buys up to two more: each of a type drawn from the planted matrix, and of the favourite's series with
    probability `config.affinity`; with probability `config.noise` it is any popular item instead.
    """
    rng = np.random.default_rng(config.seed)
    catalogue = make_catalogue(config, rng)
    parts: list[pd.DataFrame] = []
    rows, sessions = 0, 0
    while rows < config.events:
        # A session has 5.6 events on average; a little more than needed is drawn and cut off.
        count = max(200, int((config.events - rows) / 5))
        part = _draw_sessions(catalogue, config, rng, count)
        part["session"] += sessions
        parts.append(part)
        rows += len(part)
        sessions += count
    log = pd.concat(parts, ignore_index=True).iloc[: config.events]
    return Shop(_rees46_columns(log, catalogue, config, rng), catalogue, config.noise)


def _draw_sessions(
    catalogue: ShopCatalogue, config: ShopConfig, rng: np.random.Generator, sessions: int
) -> pd.DataFrame:
    """Draw whole sessions: columns `session`, `slot` (order in the session), `item`, `kind`."""
    draw = _ItemSampler(catalogue)
    favourite = draw.any(rng, sessions)
    type_code, series = catalogue.type_code[favourite], catalogue.series_code[favourite]
    every = np.arange(sessions)
    parts = []

    def add(slot: int, chosen: np.ndarray, item: np.ndarray, kind: int) -> None:
        parts.append(pd.DataFrame({"session": every[chosen], "slot": slot, "item": item[chosen], "kind": kind}))

    looks = rng.geometric(0.4, sessions) - 1
    for slot in range(4):
        same_series = rng.random(sessions) < 0.6
        shown = np.where(same_series, draw.of_series(rng, type_code, series), draw.of_type(rng, type_code))
        add(slot, looks > slot, shown, _VIEW)
    everyone = np.ones(sessions, dtype=bool)
    add(4, everyone, favourite, _VIEW)
    buys = rng.random(sessions) < config.buy_share
    add(5, buys | (rng.random(sessions) < 0.1), favourite, _CART)
    add(6, buys, favourite, _PURCHASE)
    more = rng.choice(3, size=sessions, p=(0.3, 0.4, 0.3))
    target_cumulative = catalogue.transition.cumsum(axis=1)
    for extra in range(2):
        chosen = buys & (more > extra)
        target = (rng.random(sessions)[:, None] > target_cumulative[type_code]).sum(axis=1)
        related = rng.random(sessions) < config.affinity
        item = np.where(related, draw.of_series(rng, target, series), draw.of_type(rng, target))
        item = np.where(rng.random(sessions) < config.noise, draw.any(rng, sessions), item)
        rival = draw.of_type(rng, catalogue.type_code[item])
        slot = 7 + 4 * extra
        add(slot, chosen & (rng.random(sessions) < 0.5), rival, _VIEW)
        for step, kind in enumerate((_VIEW, _CART, _PURCHASE), start=1):
            add(slot + step, chosen, item, kind)
    log = pd.concat(parts, ignore_index=True)
    return log.sort_values(["session", "slot"], ignore_index=True)


class _ItemSampler:
    """Draw items by popularity: of all, of a type, or of a type's series (items are sorted by these)."""

    def __init__(self, catalogue: ShopCatalogue) -> None:
        cell = catalogue.type_code * len(SERIES) + catalogue.series_code
        edges = np.searchsorted(cell, np.arange(cell.max() + 2))
        self.cumulative = np.concatenate([[0.0], catalogue.popularity.cumsum()])
        self.cell_edges = self.cumulative[edges]
        self.type_edges = self.cell_edges[:: len(SERIES)]

    def _between(self, rng: np.random.Generator, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        point = low + rng.random(len(low)) * (high - low)
        return np.asarray(np.searchsorted(self.cumulative, point, side="right") - 1)

    def any(self, rng: np.random.Generator, count: int) -> np.ndarray:
        return self._between(rng, np.zeros(count), np.full(count, self.cumulative[-1]))

    def of_type(self, rng: np.random.Generator, type_code: np.ndarray) -> np.ndarray:
        return self._between(rng, self.type_edges[type_code], self.type_edges[type_code + 1])

    def of_series(self, rng: np.random.Generator, type_code: np.ndarray, series: np.ndarray) -> np.ndarray:
        cell = type_code * len(SERIES) + series
        return self._between(rng, self.cell_edges[cell], self.cell_edges[cell + 1])


def _rees46_columns(
    log: pd.DataFrame, catalogue: ShopCatalogue, config: ShopConfig, rng: np.random.Generator
) -> pd.DataFrame:
    """Dress the drawn codes in the original columns, with users and times."""
    sessions = int(log["session"].max()) + 1
    start = rng.integers(0, config.days * 86_400, sessions)
    user = rng.integers(0, max(1, sessions // 3), sessions)
    pause = rng.integers(5, 90, len(log))
    session = log["session"].to_numpy()
    first_row = np.searchsorted(session, session)
    elapsed = pause.cumsum()
    seconds = start[session] + elapsed - elapsed[first_row]
    time = pd.Timestamp("2025-01-01") + pd.to_timedelta(seconds, unit="s")
    item = log["item"].to_numpy()
    facts = catalogue.products.iloc[item].reset_index(drop=True)
    events = pd.DataFrame(
        {
            "event_time": pd.Series(time.strftime("%Y-%m-%d %H:%M:%S UTC")),
            "event_type": _KIND_NAMES[log["kind"].to_numpy()],
            "product_id": facts["product_id"],
            "category_id": facts["category_id"],
            "category_code": facts["category_code"],
            "brand": facts["brand"],
            "price": facts["price"],
            "user_id": 500_000_000 + user[session],
            "user_session": pd.Series(session).map("{:08x}-shop".format),
        }
    )
    return events.iloc[np.lexsort((np.arange(len(log)), seconds))].reset_index(drop=True)


def write_shop(shop: Shop, folder: Path) -> None:
    """Write `events.csv`, `products.csv`, `truth.json` and a `shop.yaml` that `graphrec fit` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    shop.events.to_csv(folder / "events.csv", index=False)
    shop.catalogue.products.to_csv(folder / "products.csv", index=False)
    truth = {
        "types": shop.catalogue.type_names,
        "transition": shop.catalogue.transition.tolist(),
        "noise": shop.noise,
        "cold_items": shop.catalogue.cold_items.tolist(),
    }
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    columns = {
        "item": "product_id",
        "type": "category_code",
        "brand": "brand",
        "price": "price",
        "title": "title",
    }
    settings = {
        "events": {"reader": "rees46", "path": "events.csv"},
        "catalogue": {"path": "products.csv", "columns": columns | {"category_path": "category_code"}},
    }
    (folder / "shop.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")

"""The generated shop: a log in the REES46 columns whose type transitions are planted and known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from pyarrow import csv

from graphrec.compute.progress import Display, Silent
from graphrec.config import ShopConfig
from graphrec.events.shop_catalogue import SERIES, ShopCatalogue, make_catalogue
from graphrec.events.tables import CART, PURCHASE, VIEW

_KIND_NAMES = pa.array(["view", "cart", "purchase"])
_FIRST_DAY = np.datetime64("2025-01-01", "s")
_DAY = 86_400
_MOST_LOOKS = 100
_PILOT_SESSIONS = 20_000
"""Sessions drawn to learn how many events one has."""


@dataclass(frozen=True)
class Shop:
    """A generated log with its ground truth.

    Parameters
    ----------
    config : ShopConfig
        `noise` is the share of complements that are drawn without regard to the planted matrix.
    catalogue : ShopCatalogue
        Products, cold ones included, and the planted transition matrix.
    """

    config: ShopConfig
    catalogue: ShopCatalogue

    def days(self) -> Iterator[pa.Table]:
        """Draw the log day by day in the REES46 columns, all of them texts, sorted by time; exactly `events` rows.

        A session looks at some items of one type and series, may put its favourite into the cart and buy it, and
        then buys up to two more: each of a type drawn from the planted matrix, and of the favourite's series with
        probability `affinity`; with probability `noise` it is any popular item instead.
        """
        columns = _Columns(self.catalogue)
        left = self.config.events
        for log in _days(self.config, self.catalogue):
            yield columns.dress(log[:left])
            left -= len(log)
            if left <= 0:
                return

    @property
    def events(self) -> pd.DataFrame:
        """The whole log in memory."""
        frame: pd.DataFrame = pa.concat_tables(self.days()).to_pandas()
        return frame


def generate_shop(config: ShopConfig) -> Shop:
    """Invent a shop; one seed, one log."""
    return Shop(config, make_catalogue(config, np.random.default_rng(config.seed)))


def _days(config: ShopConfig, catalogue: ShopCatalogue) -> Iterator[pd.DataFrame]:
    """Draw day after day without end: `second` from the first day on, `session`, `user`, `item`, `kind`.

    What a session does after midnight comes with the next day, so that the whole is sorted by time.
    """
    pilot = _draw_sessions(catalogue, config, np.random.default_rng([config.seed, 0]), _PILOT_SESSIONS)
    in_all = config.events * _PILOT_SESSIONS / len(pilot)
    sessions = max(1, int(np.ceil(in_all / config.days)))
    users = max(1, int(in_all / 3))
    over_midnight = pd.DataFrame()
    day = 0
    while True:
        rng = np.random.default_rng([config.seed, day + 1])
        log = _draw_sessions(catalogue, config, rng, sessions)
        session = log["session"].to_numpy()
        elapsed = rng.integers(5, 90, len(log)).cumsum()
        begins = rng.integers(day * _DAY, (day + 1) * _DAY, sessions)
        drawn = pd.DataFrame(
            {
                "second": begins[session] + elapsed - elapsed[np.searchsorted(session, session)],
                "session": session + day * sessions,
                "user": rng.integers(0, users, sessions)[session],
                "item": log["item"],
                "kind": log["kind"],
            }
        )
        drawn = pd.concat([over_midnight, drawn], ignore_index=True).sort_values("second", kind="stable")
        day += 1
        today = drawn["second"].to_numpy() < day * _DAY
        yield drawn[today]
        over_midnight = drawn[~today]


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

    # Most shoppers look once or twice, some browse: a mean of five events a session with a long tail, as in REES46.
    browses = rng.random(sessions) < 0.15
    looks = np.minimum(np.where(browses, rng.geometric(0.1, sessions), rng.geometric(0.55, sessions)) - 1, _MOST_LOOKS)
    looker = np.repeat(every, looks)
    same_series = rng.random(len(looker)) < 0.6
    of_type, of_series = draw.of_type(rng, type_code[looker]), draw.of_series(rng, type_code[looker], series[looker])
    shown = np.where(same_series, of_series, of_type)
    parts.append(pd.DataFrame({"session": looker, "slot": 0, "item": shown, "kind": VIEW}))
    everyone = np.ones(sessions, dtype=bool)
    add(4, everyone, favourite, VIEW)
    buys = rng.random(sessions) < config.buy_share
    add(5, buys | (rng.random(sessions) < 0.1), favourite, CART)
    add(6, buys, favourite, PURCHASE)
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
        add(slot, chosen & (rng.random(sessions) < 0.5), rival, VIEW)
        for step, kind in enumerate((VIEW, CART, PURCHASE), start=1):
            add(slot + step, chosen, item, kind)
    log = pd.concat(parts, ignore_index=True)
    return log.sort_values(["session", "slot"], kind="stable", ignore_index=True)


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


class _Columns:
    """Dress codes in the texts of the original columns."""

    def __init__(self, catalogue: ShopCatalogue) -> None:
        names = ("product_id", "category_id", "category_code", "brand", "price")
        self._facts = {name: pa.array(catalogue.products[name].astype("str"), pa.string()) for name in names}

    def dress(self, log: pd.DataFrame) -> pa.Table:
        """Write drawn rows as texts."""
        item = pa.array(log["item"].to_numpy())
        time = pa.array(_FIRST_DAY + log["second"].to_numpy().astype("timedelta64[s]"))
        session = pa.array(log["session"].to_numpy()).cast(pa.string())
        return pa.table(
            {
                "event_time": pc.strftime(time, "%Y-%m-%d %H:%M:%S UTC"),
                "event_type": _KIND_NAMES.take(pa.array(log["kind"].to_numpy())),
                **{name: fact.take(item) for name, fact in self._facts.items()},
                "user_id": pa.array(log["user"].to_numpy() + 500_000_000).cast(pa.string()),
                "user_session": pc.binary_join_element_wise(session, "shop", "-"),
            }
        )


def write_shop(shop: Shop, folder: Path, display: Display | None = None) -> None:
    """Write `events.csv`, `products.csv`, `truth.json` and a `shop.yaml` that `graphrec fit` reads, day by day."""
    folder.mkdir(parents=True, exist_ok=True)
    write_log(shop, folder / "events.csv", display)
    write_facts(shop, folder)


def write_log(shop: Shop, file: Path, display: Display | None = None) -> None:
    """Write the log alone as CSV, never more than a day of it in memory."""
    # No fact of the invented products holds a comma or a quotation mark.
    options = csv.WriteOptions(quoting_style="none")
    days = shop.days()
    first = next(days)
    with (
        (display or Silent()).stage("generating the shop", shop.config.events) as advance,
        csv.CSVWriter(file, first.schema, write_options=options) as writer,
    ):
        writer.write(first)
        advance(len(first))
        for day in days:
            writer.write(day)
            advance(len(day))


def write_facts(shop: Shop, folder: Path) -> None:
    """Write all but the log."""
    shop.catalogue.products.to_csv(folder / "products.csv", index=False)
    truth = {
        "types": shop.catalogue.type_names,
        "transition": shop.catalogue.transition.tolist(),
        "noise": shop.config.noise,
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
        # Nothing new arrives in this shop, so `evaluate` hides some products to ask about them as new ones.
        "split": {"hidden_items": 0.05},
    }
    (folder / "shop.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")

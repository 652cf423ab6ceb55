"""The products of the generated shop: named types, series, prices, and the planted type transitions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphrec.compute.ragged import rank_within
from graphrec.config import ShopConfig

# Type -> (price of a typical item, the types that complete it, the likeliest first).
PLANTED_TYPES: dict[str, tuple[float, tuple[str, str, str]]] = {
    "electronics.camera": (
        420.0,
        ("electronics.memory_card", "electronics.camera_bag", "electronics.tripod"),
    ),
    "electronics.memory_card": (
        24.0,
        ("electronics.card_reader", "electronics.camera_bag", "electronics.usb_cable"),
    ),
    "electronics.camera_bag": (
        38.0,
        ("electronics.tripod", "electronics.memory_card", "outdoor.rain_jacket"),
    ),
    "electronics.tripod": (65.0, ("electronics.camera_bag", "electronics.flash", "electronics.remote")),
    "electronics.flash": (90.0, ("electronics.battery", "electronics.remote", "electronics.camera_bag")),
    "electronics.remote": (15.0, ("electronics.battery", "electronics.tripod", "electronics.usb_cable")),
    "electronics.battery": (12.0, ("electronics.usb_cable", "electronics.card_reader", "home.desk_lamp")),
    "electronics.card_reader": (
        19.0,
        ("electronics.usb_cable", "electronics.laptop_sleeve", "electronics.mouse"),
    ),
    "electronics.usb_cable": (8.0, ("electronics.battery", "electronics.mouse", "electronics.headphones")),
    "electronics.laptop": (
        890.0,
        ("electronics.mouse", "electronics.laptop_sleeve", "electronics.headphones"),
    ),
    "electronics.laptop_sleeve": (29.0, ("electronics.mouse", "electronics.usb_cable", "outdoor.backpack")),
    "electronics.mouse": (27.0, ("electronics.battery", "home.desk_lamp", "electronics.headphones")),
    "electronics.headphones": (75.0, ("electronics.usb_cable", "outdoor.water_bottle", "outdoor.backpack")),
    "home.desk_lamp": (34.0, ("electronics.mouse", "home.mug", "electronics.usb_cable")),
    "home.espresso_machine": (260.0, ("home.coffee_beans", "home.milk_frother", "home.mug")),
    "home.coffee_beans": (14.0, ("home.mug", "home.coffee_filter", "home.biscuits")),
    "home.coffee_filter": (5.0, ("home.coffee_beans", "home.biscuits", "home.kettle")),
    "home.milk_frother": (22.0, ("home.coffee_beans", "home.mug", "home.biscuits")),
    "home.mug": (9.0, ("home.biscuits", "home.tea", "home.coffee_beans")),
    "home.kettle": (45.0, ("home.tea", "home.mug", "home.coffee_filter")),
    "home.tea": (7.0, ("home.biscuits", "home.mug", "home.kettle")),
    "home.biscuits": (4.0, ("home.tea", "home.coffee_beans", "home.mug")),
    "outdoor.tent": (180.0, ("outdoor.sleeping_bag", "outdoor.sleeping_mat", "outdoor.headlamp")),
    "outdoor.sleeping_bag": (95.0, ("outdoor.sleeping_mat", "outdoor.headlamp", "outdoor.backpack")),
    "outdoor.sleeping_mat": (49.0, ("outdoor.headlamp", "outdoor.sleeping_bag", "outdoor.camp_stove")),
    "outdoor.backpack": (85.0, ("outdoor.water_bottle", "outdoor.rain_jacket", "outdoor.headlamp")),
    "outdoor.headlamp": (32.0, ("electronics.battery", "outdoor.water_bottle", "outdoor.camp_stove")),
    "outdoor.water_bottle": (18.0, ("outdoor.backpack", "outdoor.hiking_socks", "home.tea")),
    "outdoor.camp_stove": (55.0, ("outdoor.headlamp", "home.coffee_beans", "outdoor.water_bottle")),
    "outdoor.hiking_boots": (140.0, ("outdoor.hiking_socks", "outdoor.rain_jacket", "outdoor.backpack")),
    "outdoor.hiking_socks": (13.0, ("outdoor.water_bottle", "outdoor.hiking_boots", "outdoor.rain_jacket")),
    "outdoor.rain_jacket": (110.0, ("outdoor.hiking_boots", "outdoor.backpack", "outdoor.hiking_socks")),
}
TARGET_SHARES = (0.45, 0.33, 0.22)
SERIES = ("Alder", "Basalt", "Cobalt", "Dune", "Ember", "Fjord")
BRANDS = ("Kestrel", "Lumen", "Northwind", "Oak & Iron", "Pallas", "Quill")
VARIANTS = ("Mini", "Plus", "Classic", "Pro", "Light", "Duo", "Air", "Max", "Studio", "Trail")


@dataclass(frozen=True)
class ShopCatalogue:
    """What is known of the generated products.

    Parameters
    ----------
    products : DataFrame
        `product_id`, `title`, `category_id`, `category_code`, `brand`, `price`; row = code.
    type_names : tuple of str
        Row and column names of `transition`.
    type_code, series_code : ndarray
        `(items,) int64`.
    popularity : ndarray
        `(items,) float64`; 0 for cold items.
    transition : ndarray
        `(types, types) float64`, rows sum to 1: the planted truth.
    """

    products: pd.DataFrame
    type_names: tuple[str, ...]
    type_code: np.ndarray
    series_code: np.ndarray
    popularity: np.ndarray
    transition: np.ndarray

    @property
    def cold_items(self) -> pd.Series:
        """Ids of the products that no event touches."""
        ids: pd.Series = self.products["product_id"][self.popularity == 0]
        return ids


def planted_transition() -> np.ndarray:
    """Return the planted matrix, `(types, types) float64`, rows sum to 1."""
    names = list(PLANTED_TYPES)
    matrix = np.zeros((len(names), len(names)))
    for row, (_, targets) in enumerate(PLANTED_TYPES.values()):
        matrix[row, [names.index(target) for target in targets]] = TARGET_SHARES
    return matrix


def make_catalogue(config: ShopConfig, rng: np.random.Generator) -> ShopCatalogue:
    """Invent the products: every (type, series) has at least one item that is not cold."""
    names = tuple(PLANTED_TYPES)
    cells = len(names) * len(SERIES)
    items = max(config.items, 2 * cells)
    cell = np.concatenate([np.repeat(np.arange(cells), 2), rng.integers(0, cells, items - 2 * cells)])
    cell.sort()
    type_code, series_code = np.divmod(cell, len(SERIES))
    is_first = np.diff(cell, prepend=-1) != 0
    cold = ~is_first & (rng.random(items) < config.cold_share)
    rank = rng.permutation(items) + 1
    popularity = np.where(cold, 0.0, rank**-config.popularity_exponent)
    brand_code = (series_code + rng.integers(0, 2, items)) % len(BRANDS)
    position = rank_within(cell)
    base_price = np.array([price for price, _ in PLANTED_TYPES.values()])[type_code]
    tier = 0.6 + 0.25 * series_code
    price = np.round(base_price * tier * rng.lognormal(0.0, 0.15, items), 2)
    noun = pd.Series(names).str.split(".").str[-1].str.replace("_", " ").str.title().to_numpy()[type_code]
    variant = np.array(VARIANTS)[position % len(VARIANTS)]
    number = (position // len(VARIANTS) + 1).astype(str)
    words = [np.array(BRANDS)[brand_code], np.array(SERIES)[series_code], noun, variant, number]
    ids = rng.choice(np.arange(1_000_000, 10_000_000), size=items, replace=False)
    products = pd.DataFrame(
        {
            "product_id": ids.astype(str),
            "title": [" ".join(parts) for parts in zip(*words, strict=True)],
            "category_id": (2_053_013_552_326_770_000 + type_code).astype(str),
            "category_code": np.array(names)[type_code],
            "brand": np.array([brand.lower() for brand in BRANDS])[brand_code],
            "price": price,
        }
    )
    return ShopCatalogue(products, names, type_code, series_code, popularity, planted_transition())

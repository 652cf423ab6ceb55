"""A small shop with a bag in every basket, two packs of one tea, and two products that are not bought together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from graphrec.config import Config
from tests.conftest import quick_config

GROUPS = [f"{name}{number}" for name in ("desk", "sofa", "bike") for number in (1, 2)]
PARTS = ("alder", "birch", "cedar", "dogwood")
BAG, RED, BLUE, SMALL, LARGE, MUG = "bag", "red", "blue", "tea-20", "tea-40", "mug"
RARE = [f"rare-{number}" for number in range(8)]
BASKETS = 900
_WORDS = np.random.default_rng(9).permutation([a + b + c for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrst"])


def group(number: int) -> list[str]:
    """Name the four products of a group."""
    return [f"{GROUPS[number]}-{part}" for part in PARTS]


def write_staple_shop(folder: Path) -> Config:
    """Write the log and its products, and say how to read them.

    Each basket holds a bag, a red or a blue product and two to four of the four products of one of six groups. One in
    ten holds tea instead, in packs of 20 or 40 or both, and a mug; one in fifty two rare products; one of all both a
    red and a blue product. Some shoppers look at products of one kind.
    """
    rng = np.random.default_rng(0)
    rows = []
    for basket in range(BASKETS):
        chosen = rng.integers(len(GROUPS))
        held = rng.permutation(group(chosen))[: rng.integers(2, 5)]
        if rng.random() < 0.1:
            held = [*{0: [SMALL], 1: [LARGE], 2: [SMALL, LARGE]}[rng.integers(3)], MUG]
        elif basket % 50 == 7:
            held = rng.permutation(RARE)[:2]
        rivals = [RED, BLUE] if basket == 5 else [(RED, BLUE)[rng.integers(2)]]
        names = [BAG, *rivals, *held]
        rows += [{"session": basket, "item": name, "kind": "purchase", "day": basket // 10} for name in names]
    for look in range(60):
        part = look % len(PARTS)
        one, other = rng.permutation(len(GROUPS))[:2]
        rows += [
            {"session": 10_000 + look, "item": group(n)[part], "kind": "view", "day": look % 90} for n in (one, other)
        ]
    log = pd.DataFrame(rows)
    log["time"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(log.pop("day"), unit="D")
    log.to_csv(folder / "log.csv", index=False)
    items = [BAG, RED, BLUE, SMALL, LARGE, MUG, *RARE, *(item for n in range(len(GROUPS)) for item in group(n))]
    titles = {SMALL: "Green Leaf Tea 20 bags", LARGE: "Green Leaf Tea 40 bags"}
    products = pd.DataFrame(
        {
            "item": items,
            "title": [titles.get(item, f"{_WORDS[2 * n]} {_WORDS[2 * n + 1]}") for n, item in enumerate(items)],
            "type": [item.split("-")[-1] if item.endswith(PARTS) else item.split("-")[0] for item in items],
        }
    )
    products.to_csv(folder / "products.csv", index=False)
    return quick_config(
        events={
            "path": str(folder / "log.csv"),
            "columns": {name: name for name in ("session", "item", "kind", "time")},
        },
        catalogue={
            "path": str(folder / "products.csv"),
            "columns": {name: name for name in ("item", "title", "type")},
        },
        networks={"epochs": 2, "pairs_per_epoch": 10_000},
        encoder={"epochs": 1, "pairs_per_epoch": 5_000},
        rerank={"epochs": 1, "max_sessions": 100},
        split={"test_share": 0.25},
    )

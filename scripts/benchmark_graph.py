"""Time the graph builder against a pandas self-join of the same definition, side by side, on a generated log.

python scripts/benchmark_graph.py --events 1000000
"""

import argparse
import time

import numpy as np
import pandas as pd

from graphrec.config import GraphConfig, ShopConfig
from graphrec.events import KINDS, Catalogue, Events, RowCounts
from graphrec.events.shop import generate_shop
from graphrec.graph.counting import count_pairs


def generated_events(rows: int, items: int) -> Events:
    """Make events without the way through a file."""
    shop = generate_shop(ShopConfig(events=rows, items=items))
    catalogue = Catalogue.from_frame(shop.catalogue.products.rename(columns={"product_id": "item"}))
    frame = pd.DataFrame(
        {
            "time": pd.to_datetime(shop.events["event_time"], format="%Y-%m-%d %H:%M:%S UTC").astype("datetime64[us]"),
            "session": pd.factorize(shop.events["user_session"])[0],
            "user": shop.events["user_id"].astype("int64"),
            "item": catalogue.items.get_indexer(shop.events["product_id"]).astype("int32"),
            "kind": shop.events["event_type"].map(KINDS.index).astype("int8"),
            "price": shop.events["price"].astype("float32"),
        }
    )
    return Events(frame.sort_values(["session", "time"], ignore_index=True), catalogue, RowCounts(rows, rows))


def pandas_pairs(events: Events, config: GraphConfig) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count both sorts of pairs with pandas alone."""
    frame = events.frame.assign(position=np.arange(len(events)))

    def lines(kind: str, most: int) -> pd.DataFrame:
        chosen = frame[frame["kind"] == KINDS.index(kind)]
        met = chosen.groupby(["session", "item"], as_index=False).agg(time=("time", "min"), last=("position", "max"))
        met = met.sort_values(["session", "last"], ascending=[True, False])
        return met[met.groupby("session").cumcount() < most]

    bought = lines("purchase", config.complement.max_basket_items)
    viewed = lines("view", config.similar.max_session_items)
    viewed = viewed.merge(bought[["session", "item"]].assign(bought=True), how="left", on=["session", "item"])
    viewed["bought"] = viewed["bought"].notna()

    both = bought.merge(bought, on="session")
    both = both[both["item_x"] < both["item_y"]]
    both["first"], both["later"] = both["time_x"] < both["time_y"], both["time_x"] > both["time_y"]
    complement = both.groupby(["item_x", "item_y"]).agg(count=("session", "size"), first=("first", "sum"))
    both = viewed.merge(viewed, on="session")
    both = both[(both["item_x"] < both["item_y"]) & ~(both["bought_x"] & both["bought_y"])]
    return both.groupby(["item_x", "item_y"]).size().to_frame("count"), complement


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    log, config = generated_events(asked.events, asked.items), GraphConfig()
    seconds: dict[str, list[float]] = {"graphrec": [], "pandas": []}
    for _ in range(asked.repeat):
        started = time.perf_counter()
        ours = count_pairs(log, config)
        seconds["graphrec"].append(time.perf_counter() - started)
        started = time.perf_counter()
        similar, complement = pandas_pairs(log, config)
        seconds["pandas"].append(time.perf_counter() - started)
    same = (
        len(ours.similar),
        len(ours.complement),
        int(ours.similar["count"].sum()),
        int(ours.complement["count"].sum()),
    )
    theirs = (len(similar), len(complement), int(similar["count"].sum()), int(complement["count"].sum()))
    if same != theirs:
        raise SystemExit(f"the two do not count alike: {same} and {theirs}")
    ratio = np.median(np.array(seconds["pandas"]) / np.array(seconds["graphrec"]))
    print(f"{asked.events:,} events, {same[0]:,} similar and {same[1]:,} complement pairs, counted alike")
    print(
        {name: f"{np.median(values):.2f} s" for name, values in seconds.items()},
        f"pandas takes {ratio:.2f} times as long",
    )

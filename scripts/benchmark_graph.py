"""Time and weigh the graph builder beside a pandas self-join and hand-written SQL of the same definition.

python scripts/benchmark_graph.py --events 5000000

A log is generated in the REES46 columns and cleaned (timed too). From its clean Parquet each rival makes the pruned
edges of both graphs, in a process of its own, by turns; what they made is compared. pandas is left out above
--pandas-up-to events.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

GIB = 2**20  # of Linux's kibibytes
SQL = Path(__file__).with_name("benchmark_graph.sql")


def build_with_graphrec(folder: Path) -> dict[str, float]:
    """Build both graphs by the package's own way."""
    from graphrec.compute.connections import Connections
    from graphrec.graph import build_graph

    events, config = _load(folder)
    with Connections(config.engine).configured():
        pass  # imports the engine, as the others import theirs before the clock starts
    started = time.perf_counter()
    graph = build_graph(events, config.graph)
    return {"seconds": time.perf_counter() - started} | _sums(
        (graph.similar.weight, graph.similar.indices), (graph.complement.weight, graph.complement.indices)
    )


def build_with_sql(folder: Path) -> dict[str, float]:
    """Build both graphs by SQL that was written by hand for DuckDB."""
    import duckdb

    events, _ = _load(folder)
    started = time.perf_counter()
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(folder / "spill")}) as connection:
        for name, file in (("log", events.log.event_files[0]), ("items", events.log.item_files[0])):
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{file}')")
        connection.execute(SQL.read_text())
        similar, complement = (
            connection.execute(f"SELECT * FROM {name}").fetchnumpy() for name in ("similar_edges", "complement_edges")
        )
    return {"seconds": time.perf_counter() - started} | _sums(
        (similar["weight"], similar["target"]), (complement["weight"], complement["target"])
    )


def build_with_pandas(folder: Path) -> dict[str, float]:
    """Build both graphs by self-joins in pandas."""
    import pandas as pd

    events, config = _load(folder)
    settings = config.graph
    started = time.perf_counter()
    log = pd.read_parquet(events.log.event_files[0], columns=["session", "basket", "item", "kind", "time", "position"])

    def lines(log: pd.DataFrame, kind: int, key: str, most: int) -> pd.DataFrame:
        chosen = log[log["kind"] == kind].rename(columns={key: "key"})
        met = chosen.groupby(["key", "item"], as_index=False).agg(time=("time", "min"), last=("position", "max"))
        met = met.sort_values(["key", "last"], ascending=[True, False])
        return met[met.groupby("key").cumcount() < most].drop(columns="last")

    def with_lift(pairs: pd.DataFrame, per_item: pd.Series, sessions: int) -> pd.Series:
        return pairs["count"] * float(sessions) / (pairs["left"].map(per_item) * pairs["right"].map(per_item))

    def top(edges: pd.DataFrame, per_item: pd.Series, k: int) -> pd.DataFrame:
        edges["frequency"], edges["key"] = edges["target"].map(per_item), edges["target"].map(keys)
        edges = edges.sort_values(["source", "weight", "frequency", "key"], ascending=[True, False, False, True])
        return edges[edges.groupby("source").cumcount() < k]

    keys = events.log.items().set_index("code")["key"]
    bought = lines(log, 2, "basket", settings.complement.max_basket_items)
    viewed = lines(log, 0, "session", settings.similar.max_session_items)
    marks = log.loc[log["kind"] == 2, ["session", "item"]].drop_duplicates().rename(columns={"session": "key"})
    baskets, sessions = bought["key"].nunique(), viewed["key"].nunique()
    in_baskets, in_sessions = bought["item"].value_counts(), viewed["item"].value_counts()
    del log

    both = viewed.drop(columns="time").merge(marks.assign(bought=True), how="left", on=["key", "item"])
    both["bought"] = both["bought"].notna()
    both = both.merge(both, on="key", suffixes=("_left", "_right"))
    both = both[(both["item_left"] < both["item_right"]) & ~(both["bought_left"] & both["bought_right"])]
    similar = both.groupby(["item_left", "item_right"]).size().rename("count").reset_index()
    similar.columns = ["left", "right", "count"]
    similar["lift"] = with_lift(similar, in_sessions, sessions)
    similar["weight"] = (similar["count"] * np.log(similar["lift"] + 1)).astype("float32")
    ahead = similar.rename(columns={"left": "source", "right": "target"})
    back = similar.rename(columns={"right": "source", "left": "target"})
    similar_edges = top(pd.concat([ahead, back]), in_sessions, settings.similar.top_k)

    both = bought.merge(bought, on="key", suffixes=("_left", "_right"))
    both = both[both["item_left"] < both["item_right"]]
    both["first"], both["later"] = both["time_left"] < both["time_right"], both["time_left"] > both["time_right"]
    pairs = both.groupby(["item_left", "item_right"]).agg(
        count=("key", "size"), first=("first", "sum"), later=("later", "sum")
    )
    pairs = pairs.reset_index().rename(columns={"item_left": "left", "item_right": "right"})
    pairs["lift"] = with_lift(pairs, in_baskets, baskets)
    pairs = pairs.merge(similar[["left", "right", "lift"]], how="left", on=["left", "right"], suffixes=("", "_viewed"))
    pairs = pairs[~(pairs["lift_viewed"].fillna(0) > settings.complement.substitute_ratio * pairs["lift"])]
    discount = 1 - settings.complement.reverse_weight
    ahead = pairs.rename(columns={"left": "source", "right": "target"})
    ahead["weight"] = (ahead["count"] - discount * ahead["later"]).astype("float32")
    back = pairs.rename(columns={"right": "source", "left": "target"})
    back["weight"] = (back["count"] - discount * back["first"]).astype("float32")
    complement_edges = top(pd.concat([ahead, back]), in_baskets, settings.complement.top_k)
    return {"seconds": time.perf_counter() - started} | _sums(
        (similar_edges["weight"].to_numpy(), similar_edges["target"].to_numpy()),
        (complement_edges["weight"].to_numpy(), complement_edges["target"].to_numpy()),
    )


def clean(folder: Path) -> dict[str, float]:
    """Read and clean the log."""
    started = time.perf_counter()
    events, _ = _load(folder)
    return {"seconds": time.perf_counter() - started, "items": len(events.catalogue)}


def generate(folder: Path, events: int, items: int) -> dict[str, float]:
    """Write the log."""
    from graphrec.config import ShopConfig
    from graphrec.events.shop import generate_shop, write_log

    started = time.perf_counter()
    folder.mkdir(parents=True)
    beside = folder / "log.part"
    write_log(generate_shop(ShopConfig(events=events, items=items)), beside)
    beside.rename(folder / "log.csv")
    return {"seconds": time.perf_counter() - started}


def _load(folder: Path) -> tuple:
    from graphrec.config import parse_config
    from graphrec.events import load_events

    raw = {
        "events": {"reader": "rees46", "path": str(folder / "log.csv")},
        "store": {"path": str(folder / "store")},
    }
    config = parse_config(raw, "benchmark")
    return load_events(config), config


def _sums(similar: tuple, complement: tuple) -> dict[str, float]:
    """Boil edges down to what must be the same for all."""
    sums = {}
    for name, (weight, target) in (("similar", similar), ("complement", complement)):
        sums |= {
            f"{name}_edges": len(weight),
            f"{name}_weight": float(np.asarray(weight, dtype=np.float64).sum()),
            f"{name}_targets": float(np.asarray(target, dtype=np.int64).sum()),
        }
    return sums


RIVALS: dict[str, Callable[[Path], dict[str, float]]] = {
    "graphrec": build_with_graphrec,
    "SQL by hand": build_with_sql,
    "pandas": build_with_pandas,
}


def in_own_process(*arguments: str) -> dict[str, float]:
    """Run one measurement in a process of its own, and add its peak memory."""
    command = [sys.executable, "-W", "ignore", __file__, "--do", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def do(what: str, folder: Path, rest: list[str]) -> None:
    """Measure one thing, in this process."""
    if what == "generate":
        measured = generate(folder, int(rest[0]), int(rest[1]))
    elif what == "clean":
        measured = clean(folder)
    else:
        measured = RIVALS[what](folder)
    measured["gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
    print(json.dumps(measured))


def main() -> None:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--items", type=int, help="products; default: one for 250 events, as in REES46's October")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--pandas-up-to", type=int, default=5_000_000)
    parser.add_argument("--folder", type=Path, default=Path("benchmark-output"))
    parser.add_argument("--do", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.do:
        do(asked.do[0], Path(asked.do[1]), asked.do[2:])
        return
    items = asked.items or max(1_000, asked.events // 250)
    folder = asked.folder / f"{asked.events}-{items}"
    if not (folder / "log.csv").is_file():
        made = in_own_process("generate", str(folder), str(asked.events), str(items))
        print(f"generated {asked.events:,} events of {items:,} items in {made['seconds']:.0f} s, {made['gib']:.1f} GiB")
    if not (folder / "store").is_dir():
        read = in_own_process("clean", str(folder))
        print(f"read and cleaned in {read['seconds']:.1f} s, {read['gib']:.1f} GiB")
    names = [name for name in RIVALS if name != "pandas" or asked.events <= asked.pandas_up_to]
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(asked.repeat):
        for name in names:
            runs[name].append(in_own_process(name, str(folder)))
    ours = runs["graphrec"][0]
    for name in names:
        for sum_name, value in ours.items():
            same = sum_name in ("seconds", "gib") or np.isclose(runs[name][0][sum_name], value, rtol=1e-6)
            if not same:
                raise SystemExit(f"{name} made other edges: {sum_name} {runs[name][0][sum_name]} instead of {value}")
    print(f"{ours['similar_edges']:,} similar and {ours['complement_edges']:,} complement edges, the same from all")
    for name in names:
        seconds = np.array([run["seconds"] for run in runs[name]])
        against = np.median(seconds / np.array([run["seconds"] for run in runs["graphrec"]]))
        peak = max(run["gib"] for run in runs[name])
        print(
            f"{name:<12} {np.median(seconds):7.2f} s ({seconds.min():.2f}-{seconds.max():.2f}), {against:5.2f} times "
            f"graphrec's; {1e6 * np.median(seconds) / asked.events:.2f} us an event; peak {peak:.2f} GiB"
        )


if __name__ == "__main__":
    main()

"""One set of expressions: DuckDB and Spark give the same edges, and a day that is added gives those of a rebuild."""

import importlib.util
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from graphrec.compute.connections import Connections
from graphrec.config import EngineConfig, GraphConfig, ShopConfig, parse_config
from graphrec.errors import ConfigError
from graphrec.events import load_events
from graphrec.events.shop import generate_shop
from graphrec.graph import ProductGraph, build_graph
from graphrec.graph.daily import daily_totals

needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="local Spark needs pyspark (pip install 'graphrec[spark]') and a Java of version 17 or newer",
)
_WEIGHTS = {"half_life_days": 20, "length_power": 0.5, "distance_decay": 0.8}
EVERYTHING = GraphConfig.model_validate(
    {
        "co_view": _WEIGHTS | {"max_session_items": 6, "top_k": 15},
        "co_purchase": _WEIGHTS | {"max_basket_items": 2, "top_k": 9, "significance": 0.05},
    }
)
"""Every statistic at once, with caps that cut."""


def edges(graph: ProductGraph, items: pd.Index) -> dict[str, pd.DataFrame]:
    """Both graphs as tables of external ids in one order."""
    tables = {}
    for name in ("similar", "complement"):
        pairs = getattr(graph, name)
        table = pd.DataFrame(
            {"source": items[pairs.rows], "target": items[pairs.indices], "weight": pairs.weight, **pairs.columns}
        )
        tables[name] = table.sort_values(["source", "target"], ignore_index=True)
    return tables


def assert_same_graph(one: ProductGraph, other: ProductGraph, items: pd.Index, other_items: pd.Index) -> None:
    for name, table in edges(one, items).items():
        assert len(table)
        pd.testing.assert_frame_equal(table, edges(other, other_items)[name], rtol=1e-6)
    for column in ("viewed", "bought"):
        counts = (pd.Series(getattr(g, column), i) for g, i in ((one, items), (other, other_items)))
        pd.testing.assert_series_equal(*(series[series > 0].sort_index() for series in counts))
    assert (one.view_sessions, one.baskets) == (other.view_sessions, other.baskets)


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    """A shop's log as a file for each of its days; sessions run on over midnight."""
    folder = tmp_path_factory.mktemp("days")
    shop = generate_shop(ShopConfig(events=6_000, items=400, days=5, seed=7))
    for number, day in enumerate(shop.days()):
        frame = day.to_pandas()
        # Some shoppers come back to an open session on the following day: the sessions of two days are one.
        frame["user_session"] = frame["user_session"].where(frame["user_id"].str[-1] != "3", "u" + frame["user_id"])
        frame.to_csv(folder / f"day-{number}.csv", index=False)
    return folder


def log_of(folder, pattern, store=None, **sections):
    raw = {"events": {"reader": "rees46", "path": str(folder / pattern)}} | sections
    if store is not None:
        raw["store"] = {"path": str(store), "daily": True}
    return load_events(parse_config(raw, "test"))


@needs_spark
@pytest.mark.parametrize("config", [GraphConfig(), EVERYTHING], ids=["defaults", "every statistic"])
def test_spark_counts_what_duckdb_counts(days, config):
    events = log_of(days, "*.csv")
    settings = {"spark.sql.shuffle.partitions": "3", "spark.driver.bindAddress": "127.0.0.1"}
    spark = EngineConfig(name="spark", master="local[2]", memory_limit="1GB", settings=settings)
    on_spark = build_graph(replace(events, connections=Connections(spark)), config)
    assert_same_graph(build_graph(events, config), on_spark, events.catalogue.items, events.catalogue.items)


def test_spark_without_java_or_pyspark_says_what_to_install(days, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    events = replace(log_of(days, "day-0.csv"), connections=Connections(EngineConfig(name="spark")))
    with pytest.raises(ConfigError, match=r"graphrec\[spark\]|Java 17"):
        build_graph(events, GraphConfig())


@pytest.mark.parametrize("config", [GraphConfig(), EVERYTHING], ids=["defaults", "every statistic"])
def test_days_added_one_by_one_give_the_graph_of_a_rebuild(days, tmp_path, config):
    arriving = tmp_path / "arriving"
    arriving.mkdir()
    for file in sorted(days.glob("*.csv")):
        shutil.copy(file, arriving)
        added = log_of(arriving, "*.csv", tmp_path / "store")
        graph = build_graph(added, config)
    assert len(added.log.batches) == len(list(days.glob("*.csv")))
    whole = log_of(days, "*.csv")
    assert len(whole.log.batches) == 1
    assert_same_graph(build_graph(whole, config), graph, whole.catalogue.items, added.catalogue.items)
    assert added.counts == whole.counts


def test_sessions_found_by_pauses_go_on_over_midnight(tmp_path):
    rows = [("u", "2024-01-01 23:50", "a"), ("u", "2024-01-02 00:05", "b"), ("v", "2024-01-02 10:00", "a")]
    for day in ("2024-01-01", "2024-01-02"):
        lines = [",".join(row) for row in rows if row[1].startswith(day)]
        (tmp_path / f"{day}.csv").write_text("\n".join(["user,time,item", *lines]) + "\n")
    columns = {"user": "user", "time": "time", "item": "item"}

    def load(pattern):
        events = {"path": str(tmp_path / pattern), "columns": columns, "default_kind": "purchase"}
        store = {"path": str(tmp_path / "store"), "daily": True}
        return load_events(parse_config({"events": events, "store": store}, "test"))

    (tmp_path / "later").mkdir()
    shutil.move(tmp_path / "2024-01-02.csv", tmp_path / "later")
    build_graph(load("2024-*.csv"), GraphConfig())
    shutil.move(tmp_path / "later" / "2024-01-02.csv", tmp_path)
    events = load("2024-*.csv")
    assert len(events.log.batches) == 2
    assert events.facts.sessions == 2
    assert build_graph(events, GraphConfig()).evidence(0, 1).bought_together == 1


@pytest.mark.parametrize("config", [GraphConfig(), EVERYTHING], ids=["defaults", "every statistic"])
def test_of_old_days_only_what_goes_on_is_read(days, tmp_path, config):
    """The clean file of the day before is emptied of all else, and the graph is still that of a rebuild."""
    arriving = tmp_path / "arriving"
    arriving.mkdir()
    shutil.copy(days / "day-0.csv", arriving)
    build_graph(log_of(arriving, "*.csv", tmp_path / "store"), config)
    shutil.copy(days / "day-1.csv", arriving)
    events = log_of(arriving, "*.csv", tmp_path / "store")
    old, new = (pd.read_parquet(file) for file in events.log.event_files)
    goes_on = old["session"].isin(new["session"])
    assert 0 < goes_on.sum() < len(old)
    old[goes_on].to_parquet(events.log.event_files[0], index=False)
    whole = log_of(days, "day-[01].csv")
    added = build_graph(events, config)
    assert_same_graph(build_graph(whole, config), added, whole.catalogue.items, events.catalogue.items)


def test_totals_that_older_code_counted_are_counted_anew(days, tmp_path, monkeypatch):
    events = log_of(days, "day-0.csv", tmp_path / "store")

    def written():
        build_graph(events, GraphConfig())
        (totals,) = events.log.folder.glob("totals-*/totals.json")
        return totals.stat().st_mtime_ns

    first = written()
    assert written() == first
    monkeypatch.setattr("graphrec.graph.daily.code_of", lambda module: f"{module}, improved")
    assert written() != first


def test_totals_that_are_read_stay_until_they_are_not(days, tmp_path):
    arriving = tmp_path / "arriving"
    arriving.mkdir()
    shutil.copy(days / "day-0.csv", arriving)
    before = log_of(arriving, "*.csv", tmp_path / "store")
    with before.connections.duckdb() as engine:
        totals = daily_totals(engine, before, GraphConfig())
        baskets = engine.fetch(totals.complement)
        shutil.copy(days / "day-1.csv", arriving)
        build_graph(log_of(arriving, "*.csv", tmp_path / "store"), GraphConfig())
        assert len(engine.fetch(totals.complement)) == len(baskets)
        assert len(list(before.log.folder.glob("totals-*"))) == 2
        del totals
    shutil.copy(days / "day-2.csv", arriving)
    build_graph(log_of(arriving, "*.csv", tmp_path / "store"), GraphConfig())
    assert len(list(before.log.folder.glob("totals-*"))) == 1

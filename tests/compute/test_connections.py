"""One connection a log: its windows share it, blocks leave nothing on it, and it goes with its last holder."""

from __future__ import annotations

import copy
import gc
import pickle
from concurrent.futures import ThreadPoolExecutor

import duckdb
import ibis
import pytest

from graphrec.compute.connections import Connections, open_duckdb
from graphrec.config import EngineConfig
from graphrec.errors import ConfigError
from graphrec.events import load_events
from graphrec.graph import build_graph
from graphrec.recommender import Recommender
from tests.conftest import quick_config
from tests.staple_shop import write_staple_shop

MOST = 3
"""Connections that reading a log with its catalogue, and then a fit, may open."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Gather the databases that are opened from here on."""
    found: list[object] = []
    connect = duckdb.connect

    def counting(*arguments: object, **settings: object) -> object:
        found.append(connect(*arguments, **settings))
        return found[-1]

    monkeypatch.setattr(duckdb, "connect", counting)
    return found


def one(connections: Connections) -> int:
    with connections.duckdb() as engine:
        return int(engine.fetch(ibis.memtable({"a": [1, 2, 3]}).count().as_table()).iloc[0, 0])


def standing(connections: Connections) -> list[str]:
    with connections.duckdb() as engine:
        found = engine.connection.con.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal UNION ALL SELECT table_name FROM duckdb_tables()"
        )
        return [name for (name,) in found.fetchall()]


def test_a_fit_opens_few(tmp_path, opened):
    config = write_staple_shop(tmp_path)
    quick = quick_config(
        encoder={"epochs": 1, "pairs_per_epoch": 2_000},
        networks={"epochs": 1, "pairs_per_epoch": 2_000},
        rerank={"epochs": 1, "max_sessions": 100},
    )
    config = quick.model_copy(update={"events": config.events, "catalogue": config.catalogue})
    Recommender.fit(load_events(config), config)
    assert 1 <= len(opened) <= MOST


def test_windows_share_one(make_events, opened):
    rows = [{"session": n // 2, "item": f"i{n % 3}", "kind": "purchase"} for n in range(12)]
    events = make_events(rows)
    opened.clear()
    assert len(events) == 12
    assert len(events.between(until=6).frame) == 6
    assert len(events.only("view")) == 0
    build_graph(events.leaving_out(0, 4), quick_config().graph)
    assert len(opened) == 1


def test_a_block_leaves_nothing_behind(make_events):
    rows = [{"session": n // 2, "item": f"i{n % 3}", "kind": "purchase"} for n in range(12)]
    events = make_events(rows)
    build_graph(events, quick_config().graph)
    with pytest.raises(KeyError), events.connections.duckdb() as engine:
        engine.hold(events.table(engine))
        raise KeyError
    assert standing(events.connections) == []


def test_blocks_can_be_nested():
    connections = Connections(EngineConfig())
    with connections.duckdb() as outer:
        held = outer.hold(ibis.memtable({"a": [7]}))
        assert one(connections) == 3
        assert outer.fetch(held)["a"].tolist() == [7]


def test_it_closes_with_its_last_holder(tmp_path, opened):
    connections = Connections(EngineConfig(scratch=str(tmp_path)))
    other = [connections]
    assert one(connections) == 3
    del connections
    gc.collect()
    assert list(tmp_path.iterdir())
    assert one(other[0]) == 3
    other.clear()
    gc.collect()
    assert not list(tmp_path.iterdir())
    with pytest.raises(duckdb.ConnectionException):
        opened[0].execute("SELECT 1")


def test_threads_take_turns():
    connections = Connections(EngineConfig())

    def ask(number: int) -> list[int]:
        with connections.duckdb() as engine:
            held = engine.hold(ibis.memtable({"a": [number] * 50}))
            return [int(engine.fetch(held.agg(total=held.a.sum())).iloc[0, 0]) for _ in range(3)]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(12))) == [[50 * number] * 3 for number in range(12)]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])  # noqa: S301
def test_a_copy_opens_its_own(copied, opened):
    connections = Connections(EngineConfig(memory_limit="512MB"))
    other = copied(connections)
    assert (one(connections), one(other)) == (3, 3)
    assert len(opened) == 2
    assert other.config == connections.config


def test_a_connection_that_broke_is_replaced(opened):
    connections = Connections(EngineConfig())
    with pytest.raises(duckdb.Error), connections.duckdb() as engine:
        held = engine.hold(ibis.memtable({"a": [1]}))
        opened[0].close()
        engine.fetch(held)
    assert one(connections) == 3
    assert len(opened) == 2


def test_too_little_memory_names_the_setting_and_the_next_question_is_answered():
    connections = Connections(EngineConfig(memory_limit="20MB"))
    refused = pytest.raises(ConfigError, match=r"engine\.memory_limit 20MB does not suffice")
    with refused, connections.duckdb() as engine:
        engine.connection.con.execute("SELECT list(range) FROM range(30000000)").fetchall()
    assert one(connections) == 3


def test_a_memory_limit_that_is_none_is_refused():
    with pytest.raises(ConfigError, match=r"engine\.memory_limit 'x'"):
        one(Connections(EngineConfig(memory_limit="x")))


def test_one_of_its_own_is_closed_at_the_end_of_the_block(opened, tmp_path):
    with open_duckdb(EngineConfig(scratch=str(tmp_path))) as engine:
        assert engine.connection.con.execute("SELECT 1").fetchall() == [(1,)]
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())
    with pytest.raises(duckdb.ConnectionException):
        opened[0].execute("SELECT 1")

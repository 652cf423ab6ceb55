"""The connections that a log is asked on: opened at its first question, kept for the next ones."""

from __future__ import annotations

import atexit
import errno
import json
import os
import shutil
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import duckdb
import ibis

from graphrec.compute.engine import DuckDbEngine, Engine, SparkEngine
from graphrec.compute.workspaces import scratch_workspace
from graphrec.config import EngineConfig
from graphrec.errors import ConfigError, first_line

_SETTINGS = "spark.graphrec.settings"
"""Entry of a Spark session's settings that says with which of ours it was started."""


class Connections:
    """What a log is asked on: DuckDB, and Spark where the configuration names it.

    Opening DuckDB takes longer than most questions, so a log's windows share one connection. It closes when nobody
    holds this object any more, or when the process ends. A block has it for itself: another thread waits, and what
    the block made is dropped when it ends. A copy in another process opens its own.

    Parameters
    ----------
    config : EngineConfig

    Examples
    --------
    ::

        with events.connections.duckdb() as engine:
            engine.fetch(events.table(engine).count().as_table())
    """

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        self._lock = RLock()
        self._connection: Any = None
        self._close: Callable[[], object] = lambda: None

    def __reduce__(self) -> tuple[type[Connections], tuple[EngineConfig]]:
        return Connections, (self.config,)

    def configured(self) -> AbstractContextManager[Engine]:
        """Give a block the engine that the configuration names.

        Raises
        ------
        ConfigError
            When Spark is asked for and it, or Java, is missing.
        """
        return self._spark() if self.config.name == "spark" else self.duckdb()

    @contextmanager
    def duckdb(self) -> Iterator[DuckDbEngine]:
        """Give a block DuckDB whatever the configuration names: small questions need no cluster."""
        with self._lock:
            engine = DuckDbEngine(self._connected())
            try:
                yield engine
            except duckdb.OutOfMemoryException as error:
                raise ConfigError(
                    f"engine.memory_limit {self.config.memory_limit} does not suffice ({first_line(error)}); raise it, "
                    "lower graph.co_view.max_session_items, or give engine.scratch a disk with room"
                ) from None
            except duckdb.IOException as error:
                if os.strerror(errno.ENOSPC) not in str(error):
                    raise
                raise ConfigError(
                    f"no room for what does not fit into memory ({first_line(error)}); give engine.scratch, and "
                    "store.path where it is set, a disk with room"
                ) from None
            finally:
                self._clear(engine)

    def close(self) -> None:
        """Close the connection now; the next question opens another."""
        with self._lock:
            self._connection = None
            self._close()

    def _connected(self) -> Any:  # noqa: ANN401 - ibis publishes no types
        if self._connection is None:
            with ExitStack() as opening:
                scratch = opening.enter_context(_scratch(self.config))
                self._connection = _connect(self.config, scratch)
                opening.callback(self._connection.disconnect)
                self._close = weakref.finalize(self, opening.pop_all().close)
        return self._connection

    def _clear(self, engine: DuckDbEngine) -> None:
        try:
            engine.clear()
        except duckdb.Error:  # what cannot drop a table is broken: the next question shall not meet it
            self.close()

    @contextmanager
    def _spark(self) -> Iterator[SparkEngine]:
        with self._lock, _scratch(self.config) as scratch:
            session = _spark_session(self.config)
            from pyspark.errors import PySparkException

            engine = SparkEngine(ibis.pyspark.connect(session), scratch)
            try:
                yield engine
                engine.clear()
            except PySparkException as error:
                session.stop()
                raise ConfigError(
                    f"Spark at {self.config.master} gave up: {first_line(error)}; see its log, or set engine: duckdb"
                ) from None


@contextmanager
def open_duckdb(config: EngineConfig) -> Iterator[DuckDbEngine]:
    """Give a block a DuckDB of its own, closed at its end: reading raw files, it holds much that nobody asks again."""
    connections = Connections(config)
    try:
        with connections.duckdb() as engine:
            yield engine
    finally:
        connections.close()


def _connect(config: EngineConfig, scratch: Path) -> Any:  # noqa: ANN401
    try:
        connection = ibis.duckdb.connect(memory_limit=config.memory_limit, temp_directory=str(scratch))
    except Exception as error:
        raise ConfigError(f"engine.memory_limit {config.memory_limit!r}: {first_line(error)}") from None
    connection.raw_sql("SET TimeZone = 'UTC'")
    connection.raw_sql("SET enable_progress_bar = false")
    return connection


def _spark_session(config: EngineConfig) -> Any:  # noqa: ANN401
    """Take up the session of this process, or start one; a process has one, which ends with it.

    One that we started with other settings is stopped first; one of the user's is used as it is.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigError("engine: spark needs pyspark; pip install 'graphrec[spark]', or set engine: duckdb") from None
    if not config.settings.get("spark.remote") and shutil.which("java") is None:
        raise ConfigError("engine: spark needs Java 17 or newer and finds no 'java'; install it, or set engine: duckdb")
    settings = _spark_settings(config)
    running = SparkSession.getActiveSession()
    if running is not None:
        started_with = running.conf.get(_SETTINGS, None)
        if started_with in (None, settings[_SETTINGS]):
            return running
        running.stop()
    builder = SparkSession.builder.master(config.master).appName("graphrec")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, RuntimeError) as error:
        raise ConfigError(f"engine.master {config.master!r}: {first_line(error)}") from None
    atexit.register(session.stop)
    session.sparkContext.setLogLevel("ERROR")
    return session


def _spark_settings(config: EngineConfig) -> dict[str, str]:
    settings = {
        "spark.driver.memory": config.memory_limit.lower().removesuffix("b"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        **({} if config.scratch is None else {"spark.local.dir": config.scratch}),
        **config.settings,
    }
    return settings | {_SETTINGS: json.dumps({"master": config.master, **settings}, sort_keys=True)}


@contextmanager
def _scratch(config: EngineConfig) -> Iterator[Path]:
    with scratch_workspace(config.scratch) as work:
        yield work.path

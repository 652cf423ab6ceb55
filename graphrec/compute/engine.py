"""What runs the Ibis expressions: DuckDB inside this process, or Spark."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import duckdb
import ibis
import pandas as pd

from graphrec.config import EngineConfig
from graphrec.errors import ConfigError, first_line


class Engine(Protocol):
    """Reads Parquet, runs expressions, and writes Parquet; only small tables pass through `fetch`."""

    def read(self, files: Sequence[Path]) -> ibis.Table:
        """Open Parquet files as one table."""
        ...

    def hold(self, expression: ibis.Table) -> ibis.Table:
        """Compute a table once, out of memory if need be, for several uses."""
        ...

    def release(self, *held: ibis.Table) -> None:
        """Give back the room of tables that were held."""
        ...

    def write(self, expression: ibis.Table, folder: Path) -> None:
        """Write a table as Parquet files into a folder that does not exist yet."""
        ...

    def fetch(self, expression: ibis.Table) -> pd.DataFrame:
        """Bring a small table into this process."""
        ...


@dataclass(frozen=True)
class DuckDbEngine:
    """DuckDB, with a memory limit beyond which it spills to a scratch folder."""

    connection: Any

    def read(self, files: Sequence[Path]) -> ibis.Table:
        """Open Parquet files as one table."""
        return self.connection.read_parquet([str(file) for file in files])

    def hold(self, expression: ibis.Table) -> ibis.Table:
        """Compute a table once."""
        return self.connection.create_table(f"held_{uuid4().hex}", expression)

    def release(self, *held: ibis.Table) -> None:
        """Drop tables that were held."""
        for table in held:
            self.connection.raw_sql(f"DROP TABLE {table.get_name()}")

    def write(self, expression: ibis.Table, folder: Path) -> None:
        """Write one Parquet file into a new folder."""
        folder.mkdir(parents=True)
        self.connection.to_parquet(expression, folder / "part-0.parquet")

    def fetch(self, expression: ibis.Table) -> pd.DataFrame:
        """Bring a small table into this process."""
        frame: pd.DataFrame = expression.to_pandas()
        return frame


@dataclass(frozen=True)
class SparkEngine:
    """Spark: what is held is written to the scratch folder, so that nothing big passes through the driver."""

    connection: Any
    scratch: Path

    def read(self, files: Sequence[Path]) -> ibis.Table:
        """Open Parquet files as one table."""
        session = self.connection._session
        return self._table(session.read.parquet(*(str(file.absolute()) for file in files)))

    def hold(self, expression: ibis.Table) -> ibis.Table:
        """Write a table to the scratch folder and open it again."""
        folder = self.scratch / uuid4().hex
        self.write(expression, folder)
        return self.read([folder])

    def release(self, *held: ibis.Table) -> None:
        """Leave the files to the end of the block: Spark reads them lazily."""

    def write(self, expression: ibis.Table, folder: Path) -> None:
        """Write Parquet files, one a partition, into a new folder."""
        rows = self.connection.raw_sql(self.connection.compile(expression))
        rows.write.mode("error").parquet(str(folder.absolute()))

    def fetch(self, expression: ibis.Table) -> pd.DataFrame:
        """Bring a small table into this process."""
        frame: pd.DataFrame = expression.to_pandas()
        return frame

    def _table(self, rows: Any) -> ibis.Table:  # noqa: ANN401 - a Spark data frame, whose types are not published
        name = f"held_{uuid4().hex}"
        rows.createOrReplaceTempView(name)
        return self.connection.table(name)


@contextmanager
def open_engine(config: EngineConfig) -> Iterator[Engine]:
    """Start the engine that the configuration names; its scratch folder goes when the block ends.

    Raises
    ------
    ConfigError
        When Spark is asked for and it, or Java, is missing.
    """
    with _scratch(config) as scratch, _ENGINES[config.name](config, scratch) as engine:
        yield engine


@contextmanager
def open_duckdb(config: EngineConfig) -> Iterator[DuckDbEngine]:
    """Start DuckDB whatever the configuration names: what reads files and small questions need no cluster."""
    with _scratch(config) as scratch, _duckdb(config, scratch) as engine:
        yield engine


@contextmanager
def _duckdb(config: EngineConfig, scratch: Path) -> Iterator[DuckDbEngine]:
    try:
        connection = ibis.duckdb.connect(memory_limit=config.memory_limit, temp_directory=str(scratch))
    except Exception as error:
        raise ConfigError(f"engine.memory_limit {config.memory_limit!r}: {first_line(error)}") from None
    try:
        connection.raw_sql("SET TimeZone = 'UTC'")
        connection.raw_sql("SET enable_progress_bar = false")
        yield DuckDbEngine(connection)
    except duckdb.OutOfMemoryException as error:
        raise ConfigError(
            f"engine.memory_limit {config.memory_limit} does not suffice ({first_line(error)}); raise it, lower "
            "graph.similar.max_session_items, or give engine.scratch a disk with room"
        ) from None
    finally:
        connection.disconnect()


@contextmanager
def _spark(config: EngineConfig, scratch: Path) -> Iterator[SparkEngine]:
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigError("engine: spark needs pyspark; pip install 'graphrec[spark]', or set engine: duckdb") from None
    if not config.settings.get("spark.remote") and shutil.which("java") is None:
        raise ConfigError("engine: spark needs Java 17 or newer and finds no 'java'; install it, or set engine: duckdb")
    settings = {
        "spark.driver.memory": config.memory_limit.lower().removesuffix("b"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.local.dir": str(scratch),
        **config.settings,
    }
    builder = SparkSession.builder.master(config.master).appName("graphrec")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, RuntimeError) as error:
        raise ConfigError(f"engine.master {config.master!r}: {first_line(error)}") from None
    try:
        session.sparkContext.setLogLevel("ERROR")
        yield SparkEngine(ibis.pyspark.connect(session), scratch)
    except PySparkException as error:
        raise ConfigError(
            f"Spark at {config.master} gave up: {first_line(error)}; see its log, or set engine: duckdb"
        ) from None
    finally:
        session.stop()


_ENGINES: Mapping[str, Callable[[EngineConfig, Path], Any]] = {"duckdb": _duckdb, "spark": _spark}


@contextmanager
def _scratch(config: EngineConfig) -> Iterator[Path]:
    """Make a folder for what does not fit into memory, and take it away again."""
    if config.scratch is not None:
        Path(config.scratch).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="graphrec-", dir=config.scratch) as folder:
        yield Path(folder)

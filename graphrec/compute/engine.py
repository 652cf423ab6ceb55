"""What runs the Ibis expressions: DuckDB inside this process, or Spark; `connections.py` opens them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import ibis
import pandas as pd


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
    """DuckDB, with a memory limit beyond which it spills to a scratch folder.

    Parameters
    ----------
    connection : ibis.backends.duckdb.Backend
    named : dict
        What it made on the connection and still stands there: name -> `VIEW` or `TABLE`.
    """

    connection: Any
    named: dict[str, str] = field(default_factory=dict)

    def read(self, files: Sequence[Path]) -> ibis.Table:
        """Open Parquet files as one table."""
        return self._noted("VIEW", self.connection.read_parquet([str(file) for file in files]))

    def hold(self, expression: ibis.Table) -> ibis.Table:
        """Compute a table once."""
        return self._noted("TABLE", self.connection.create_table(f"held_{uuid4().hex}", expression))

    def release(self, *held: ibis.Table) -> None:
        """Drop tables that were held."""
        for table in held:
            self._drop(table.op().name)

    def clear(self) -> None:
        """Drop all that it made, so that the connection is as before."""
        for name in list(self.named):
            self._drop(name)

    def _noted(self, kind: str, table: ibis.Table) -> ibis.Table:
        self.named[table.op().name] = kind
        return table

    def _drop(self, name: str) -> None:
        self.connection.raw_sql(f"DROP {self.named.pop(name)} {name}")

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
    """Spark: what is held is written to the scratch folder, so that nothing big passes through the driver.

    Parameters
    ----------
    connection : ibis.backends.pyspark.Backend
    scratch : Path
    named : list of str
        The views that it made in the session.
    """

    connection: Any
    scratch: Path
    named: list[str] = field(default_factory=list)

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
        self.named.append(name)
        return self.connection.table(name)

    def clear(self) -> None:
        """Drop all views that it made, so that the session is as before."""
        while self.named:
            self.connection._session.catalog.dropTempView(self.named.pop())

"""Small logs and configurations, damaged at random: what scripts/fuzz_inputs.py lets graphrec read."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from pyarrow import parquet

COLUMNS = {
    "item": "product_id",
    "session": "order_id",
    "time": "ordered_at",
    "user": "customer",
    "kind": "event_type",
    "price": "price",
    "type": "aisle",
    "title": "name",
}
NASTY: tuple[Any, ...] = (
    *(
        "",
        " ",
        "NaN",
        "null",
        "None",
        "1e400",
        "-0",
        "1,569.60",
        "1.569,60",
        "\u20ac5",
        "0x1f",
        "9" * 40,
        "\ufeff",
        "\u202e",
        "\U0001f600",
    ),
    *(
        "9999-99-99",
        "0000-00-00",
        "1969-12-31 23:59:59",
        "2024-02-30",
        "24:61:00",
        "1700000000",
        "17000000000000000000",
    ),
    *(
        '"',
        '""',
        "'",
        "\\",
        "\t",
        ";",
        "|",
        ",",
        "\r",
        "\n",
        "\x00",
        "\x1a",
        "a" * 5_000,
        "[]",
        "{}",
        "[1, 2]",
        '{"a": 1}',
    ),
    *("=1+1", "../../etc", "%", "%Y", "(", "*", "${HOME}", "${NOWHERE}", "TRUE", "no", "é", "\ud7ff", "guest"),
)
SETTINGS: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**30,
    0.5,
    float("inf"),
    "",
    "x",
    "(",
    "%Q",
    "*",
    [],
    [None],
    ["a", "a"],
    {},
    {"a": "b"},
)
NAMES = (
    *("path", "columns", "separator", "header", "quoted", "missing", "keep", "reader", "kinds", "default_kind"),
    *("time_format", "earliest", "before", "session_gap_minutes", "max_session_events", "on_bad_rows", "nonsense"),
    *("max_rejected_share", "tree"),
)


@dataclass(frozen=True)
class Case:
    """An input: a configuration beside its log."""

    config: Path
    log: Path


def seed_table(chance: random.Random) -> pd.DataFrame:
    """Draw a dozen rows of a shop's log."""
    rows = range(12)
    day = [f"2024-01-{1 + row // 4:02d} 10:0{row % 10}:00" for row in rows]
    return pd.DataFrame(
        {
            "product_id": [f"p{chance.randrange(5)}" for _ in rows],
            "order_id": [f"o{row // 3}" for row in rows],
            "ordered_at": day,
            "customer": [f"c{row // 6}" for row in rows],
            "event_type": [chance.choice(["view", "cart", "purchase", "purchase"]) for _ in rows],
            "price": [f"{chance.randrange(1, 2_000) / 100:.2f}" for _ in rows],
            "aisle": [chance.choice(["tea", "cake"]) for _ in rows],
            "name": [chance.choice(["cup, blue", "tin", 'a "big" pot']) for _ in rows],
        }
    )


def damaged_bytes(content: bytes, chance: random.Random) -> bytes:
    """Flip, cut, repeat, move or put in bytes."""
    data = bytearray(content)
    for _ in range(chance.randrange(1, 4)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice([1, 1, 2, 8, 60]))
        change = chance.randrange(5)
        if change == 0 and start < len(data):
            data[start] ^= 1 << chance.randrange(8)
        elif change == 1:
            del data[start:end]
        elif change == 2:
            data[start:start] = data[start:end] * chance.randrange(1, 4)
        elif change == 3:
            data[start:start] = str(chance.choice(NASTY)).encode("utf-8", "surrogatepass")
        else:
            del data[start:]
            data += b"" if chance.random() < 0.5 else content[:end]
    return bytes(data)


def damaged_cells(table: pd.DataFrame, chance: random.Random) -> pd.DataFrame:
    """Put odd values into cells, and take, repeat or rename columns and rows."""
    table = table.astype(object).copy()
    for _ in range(chance.randrange(1, 5)):
        change = chance.randrange(8)
        if change < 5 and table.size:
            row, column = chance.randrange(len(table)), chance.randrange(table.shape[1])
            rows = slice(None) if change == 0 else row
            table.iloc[rows, column] = chance.choice(NASTY)
        elif change == 5 and table.shape[1]:
            table = table.drop(columns=table.columns[chance.randrange(table.shape[1])])
        elif change == 6 and len(table):
            table = table.iloc[[chance.randrange(len(table)) for _ in range(chance.randrange(0, 14))]]
        elif table.shape[1]:
            table = table.rename(columns={table.columns[chance.randrange(table.shape[1])]: str(chance.choice(NASTY))})
    return table


def csv(table: pd.DataFrame, folder: Path, chance: random.Random) -> Path:
    """Write damaged CSV, or another separator, or another encoding."""
    file = folder / f"log{chance.choice(['.csv', '.tsv', '.txt', '.csv'])}"
    separator = "\t" if file.suffix == ".tsv" else chance.choice(",,,;|")
    table = damaged_cells(table, chance) if chance.random() < 0.6 else table
    text = table.to_csv(index=False, sep=separator, quoting=chance.choice([0, 0, 1, 2]))
    encoding = chance.choice(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "cp1252", "gbk"])
    content = text.encode(encoding, "replace")
    file.write_bytes(damaged_bytes(content, chance) if chance.random() < 0.6 else content)
    return file


def json_lines(table: pd.DataFrame, folder: Path, chance: random.Random) -> Path:
    """Write damaged JSON lines: objects with odd values, nested ones, and broken bytes."""
    file = folder / "log.jsonl"
    table = damaged_cells(table, chance) if chance.random() < 0.6 else table
    records = table.to_dict(orient="records")
    for _ in range(chance.randrange(0, 3) if records else 0):
        record = chance.choice(records)
        name: Any = chance.choice([*record, "", 'a"b', "more"])
        record[name] = chance.choice([None, True, 5, 1.5, -1e308, [], {}, [1, [2]], {"a": {"b": 1}}, "x"])
    content = "\n".join(json.dumps(record, ensure_ascii=chance.random() < 0.5) for record in records)
    raw = content.encode("utf-8", "surrogatepass")
    file.write_bytes(damaged_bytes(raw, chance) if chance.random() < 0.5 else raw)
    return file


def parquet_file(table: pd.DataFrame, folder: Path, chance: random.Random) -> Path:
    """Write Parquet with odd types, nulls and names, or broken bytes."""
    file = folder / "log.parquet"
    arrays = {name: pa.array(table[name].tolist()) for name in table}
    for _ in range(chance.randrange(1, 4)):
        name = chance.choice(list(arrays))
        numbers = np.arange(len(table))
        arrays[name] = chance.choice(
            [
                pa.nulls(len(table)),
                pa.array(numbers),
                pa.array(numbers / 0.7),
                pa.array(np.where(numbers % 3, np.nan, np.inf)),
                pa.array(numbers % 2 == 0),
                pa.array(numbers.astype("datetime64[D]")),
                pa.array(pd.to_datetime("2024-01-01") + pd.to_timedelta(numbers, "h")).cast(
                    pa.timestamp("us", "Asia/Tokyo")
                ),
                pa.array([[1, 2]] * len(table)),
                pa.array([{"a": None}] * len(table)),
                pa.array([b"\xff\x00"] * len(table)),
                pa.array([str(chance.choice(NASTY)) for _ in numbers]).dictionary_encode(),
                pa.array(numbers).cast(pa.decimal128(25, 3)),
                pa.array([None if row % 2 else str(row) for row in numbers.tolist()]),
            ]
        )
    parquet.write_table(pa.table(arrays).slice(0, chance.choice([0, 1, 12, 12, 12])), file)
    if chance.random() < 0.3:
        file.write_bytes(damaged_bytes(file.read_bytes(), chance))
    return file


def settings_of(log: Path) -> dict[str, Any]:
    """Say what the columns of a seed mean."""
    return {
        "events": {
            "path": log.name,
            "columns": dict(COLUMNS),
            "kinds": {"view": ["view"], "cart": ["cart"], "purchase": ["purchase"]},
        }
    }


def damaged_settings(settings: dict[str, Any], chance: random.Random) -> str:
    """Change values, names and bytes of a configuration."""
    for _ in range(chance.randrange(1, 3)):
        section = settings.setdefault(chance.choice(["events", "events", "events", "catalogue", "store"]), {})
        place = section
        if isinstance(section, dict) and chance.random() < 0.3 and isinstance(section.get("columns"), dict):
            place = section["columns"]
        if isinstance(place, dict):
            place[chance.choice([*place, *NAMES])] = chance.choice([*SETTINGS, *NASTY])
    for rule in ({"column": "price", "above": 0}, {"column": "name", "matches": chance.choice(["[^C]", "(", "\\"])}):
        if chance.random() < 0.1 and isinstance(settings.get("events"), dict):
            settings["events"]["keep"] = [rule]
    text = yaml.safe_dump(settings, allow_unicode=True)
    return damaged_bytes(text.encode(), chance).decode("utf-8", "replace") if chance.random() < 0.3 else text


FORMATS: tuple[Callable[[pd.DataFrame, Path, random.Random], Path], ...] = (csv, json_lines, parquet_file)


def make_case(folder: Path, seed: int, number: int) -> Case:
    """Write the input of a number; the same seed writes the same."""
    chance = random.Random(f"{seed} {number}")
    of_settings = number % 4 == 3
    table = seed_table(chance)
    if of_settings:
        log = folder / "log.csv"
        table.to_csv(log, index=False)
    else:
        log = FORMATS[number % 4](table, folder, chance)
    settings = settings_of(log)
    settings["events"]["max_rejected_share"] = chance.choice([0.05, 1.0])
    config = folder / "c.yaml"
    config.write_text(damaged_settings(settings, chance) if of_settings else yaml.safe_dump(settings), encoding="utf-8")
    return Case(config, log)

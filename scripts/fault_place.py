"""A small shop on which scripts/fault_campaign.py tries faults, and what it asks of the files."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from graphrec import GraphrecError
from graphrec.config import ShopConfig
from graphrec.events.shop import generate_shop
from graphrec.model.directory import load_model

SMALL = {
    "encoder": {"epochs": 1, "pairs_per_epoch": 2_000},
    "networks": {"epochs": 1, "pairs_per_epoch": 2_000},
    "ranker": {"folds": 2, "fold_queries": 100, "epochs": 1},
    "rerank": {"epochs": 1, "max_sessions": 200},
}
"""Settings of a fit that takes seconds."""


@dataclass(frozen=True)
class Told:
    """What was tried, how often, and what was lost."""

    what: str
    tried: int
    lost: list[str]


@dataclass(frozen=True)
class Place:
    """A shop's log of three days, its configuration, and where to write."""

    folder: Path

    @classmethod
    def made(cls, folder: Path, events: int) -> Place:
        """Generate the log."""
        (folder / "days").mkdir(parents=True)
        for number, day in enumerate(generate_shop(ShopConfig(events=events, items=300, days=3, seed=3)).days()):
            day.to_pandas().to_csv(folder / "days" / f"day-{number}.csv", index=False)
        place = cls(folder)
        place.configured("shop.yaml", {})
        return place

    def configured(self, name: str, more: dict[str, object]) -> Path:
        """Write a configuration."""
        events = {"reader": "rees46", "path": "days/day-*.csv"}
        (self.folder / name).write_text(yaml.safe_dump({"events": events, **SMALL, **more}))
        return self.folder / name

    def run(self, *arguments: object) -> subprocess.Popen[str]:
        """Begin `graphrec` with some arguments, in a group of its own."""
        command = [sys.executable, "-m", "graphrec", *map(str, arguments)]
        environment = {**os.environ, "TMPDIR": str(self.scratch)}
        return subprocess.Popen(
            command, cwd=self.folder, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )

    def ran(self, *arguments: object) -> float:
        """Run `graphrec` to its end and return the seconds; it must end well."""
        started, process = time.monotonic(), self.run(*arguments)
        said = process.communicate()[1]
        if process.returncode:
            raise SystemExit(f"graphrec {' '.join(map(str, arguments))} ended with {process.returncode}: {said}")
        return time.monotonic() - started

    def fitted(self) -> Path:
        """Fit a model, at the first time."""
        if not (self.folder / "model").exists():
            self.ran("fit", "shop.yaml", "--out", self.folder / "model")
        return self.folder / "model"

    @property
    def scratch(self) -> Path:
        """Where temporary folders are made."""
        (self.folder / "scratch").mkdir(exist_ok=True)
        return self.folder / "scratch"


def content_of(path: Path) -> dict[str, str]:
    """Hash a file, or all files below a folder; of a folder's, nothing that says how long it took."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return {str(file.relative_to(path.parent)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def whole_model(path: Path) -> str | None:
    """Say what is wrong with a model directory, where there is one."""
    try:
        if path.exists():
            load_model(path)
    except GraphrecError as error:
        return str(error)
    return None


def whole_table(file: Path) -> str | None:
    """Say what is wrong with an exported table, where there is one."""
    try:
        if file.exists():
            pd.read_parquet(file)
    except Exception as error:
        return f"{file.name}: {error}"
    return None


def whole_board(folder: Path) -> str | None:
    """Say what is wrong with the tables and numbers of an evaluation, where there are some."""
    try:
        for file in folder.rglob("*.csv"):
            pd.read_csv(file)
        for file in folder.rglob("*.npz"):
            with np.load(file) as stored:
                _ = [stored[name] for name in stored.files]
    except Exception as error:
        return f"{file}: {error}"
    return None

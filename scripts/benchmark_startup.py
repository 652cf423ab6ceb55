"""Time how long commands take to start, as multiples of a bare Python and of one that imports torch.

python scripts/benchmark_startup.py [--model MODEL]

A small shop is generated and fitted unless a model is given. All commands run by turns, so that whatever else the
machine does falls on all of them; medians are compared.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
GRAPHREC = ("-m", "graphrec")
FEW_EPOCHS = ["encoder.epochs=1", "networks.epochs=1", "rerank.epochs=1", "rerank.max_sessions=500"]


def python(*words: str) -> tuple[float, float]:
    """Run Python with some words; seconds of wall clock and of processor time."""
    before, started = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, cwd=ROOT, capture_output=True)
    wall, after = time.perf_counter() - started, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, used


def small_model(folder: Path) -> Path:
    """Fit a model of 400 products."""
    python(*GRAPHREC, "shop", str(folder / "shop"), "--events", "8000", "--items", "400")
    settings = [word for setting in FEW_EPOCHS for word in ("--set", setting)]
    python(*GRAPHREC, "fit", str(folder / "shop" / "shop.yaml"), "--out", str(folder / "model"), *settings)
    return folder / "model"


def known_items(model: Path) -> list[str]:
    """Name two products of a model."""
    import pandas as pd

    return [str(item) for item in pd.read_parquet(model / "items.parquet")["item"].head(2)]


def measure(commands: dict[str, Sequence[str]], repeats: int) -> dict[str, tuple[float, float]]:
    """Run all by turns, once to warm up; medians of wall clock and of processor time."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for turn in range(repeats + 1):
        for name, words in commands.items():
            measured = python(*words)
            if turn:
                runs[name].append(measured)
    return {name: (median(w for w, _ in times), median(c for _, c in times)) for name, times in runs.items()}


def main() -> None:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a model directory; default: one is fitted")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = asked.model.resolve() if asked.model else small_model(Path(folder))
        one, other = known_items(model)
        times = measure(
            {
                "python -c pass": ("-c", "pass"),
                "python -c 'import torch'": ("-c", "import torch"),
                "graphrec --help": (*GRAPHREC, "--help"),
                "graphrec recommend": (*GRAPHREC, "recommend", str(model), one),
                "graphrec recommend, a session": (*GRAPHREC, "recommend", str(model), one, "--session", other),
                "graphrec similar": (*GRAPHREC, "similar", str(model), one),
            },
            asked.repeats,
        )
    bare, torch = times["python -c pass"], times["python -c 'import torch'"]
    if asked.json:
        print(json.dumps(times, indent=1))
        return
    print(f"{'':<30} {'wall':>8} {'x pass':>7} {'x torch':>8} {'processor':>10} {'x pass':>7} {'x torch':>8}")
    for name, (wall, used) in times.items():
        print(
            f"{name:<30} {wall:6.2f} s {wall / bare[0]:7.1f} {wall / torch[0]:8.2f} "
            f"{used:8.2f} s {used / bare[1]:7.1f} {used / torch[1]:8.2f}"
        )


if __name__ == "__main__":
    main()

"""Time a fit alone and beside a process that keeps a core busy, for several ways in which threads wait.

python scripts/benchmark_shared.py [--events 30000] [--repeats 3]

All runs go by turns: each way alone, then beside a busy loop. Beside the wall clock stands the processor time of the
fit itself, which tells threads that spin from threads that sleep even where others use the machine too.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OMP_NUM_THREADS")
WAYS: Mapping[str, Mapping[str, str]] = {
    "as it is": {},
    "threads that spin": {"OMP_WAIT_POLICY": "active"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
"""What a user may set; the first sets nothing."""


def graphrec(words: list[str], own: Mapping[str, str]) -> tuple[float, float]:
    """Run a command; seconds of wall clock and of its processor time."""
    environment = {name: value for name, value in os.environ.items() if name not in NAMES} | dict(own)
    command = [sys.executable, "-m", "graphrec", *words]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        said = run.stderr.read() if run.stderr else b""
        _, status, used = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode:
        raise SystemExit(said.decode())
    return time.perf_counter() - started, used.ru_utime + used.ru_stime


@contextmanager
def busy() -> Iterator[None]:
    """Keep one core busy."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as loop:
        try:
            yield
        finally:
            loop.kill()


def main() -> None:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=30_000)
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.NAME=VALUE", dest="settings")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop, model = Path(folder) / "shop", Path(folder) / "model"
        graphrec(["shop", str(shop), "--events", str(asked.events), "--items", str(asked.items)], {})
        settings = [word for setting in asked.settings for word in ("--set", setting)]
        fit = ["fit", str(shop / "shop.yaml"), "--out", str(model), *settings]
        runs: dict[tuple[str, bool], list[tuple[float, float]]] = {}
        for _ in range(asked.repeats):
            for name, own in WAYS.items():
                for beside in (False, True):
                    with busy() if beside else nullcontext():
                        wall, used = graphrec(fit, own)
                    runs.setdefault((name, beside), []).append((wall, used))
                    where = "beside a busy process" if beside else "alone"
                    print(f"{name}, {where}: {wall:.1f} s, processor {used:.1f} s", file=sys.stderr)
    print(f"{os.cpu_count()} cores, {asked.events:,} events, {asked.items:,} products, medians of {asked.repeats}")
    print(f"{'':<20} {'alone':>9} {'busy':>9} {'busy / alone':>13} {'processor alone':>16} {'busy':>9}")
    for name in WAYS:
        alone, beside = ([median(run[part] for run in runs[name, where]) for part in (0, 1)] for where in (False, True))
        print(
            f"{name:<20} {alone[0]:7.1f} s {beside[0]:7.1f} s {beside[0] / alone[0]:13.2f} "
            f"{alone[1]:14.1f} s {beside[1]:7.1f} s"
        )


if __name__ == "__main__":
    main()

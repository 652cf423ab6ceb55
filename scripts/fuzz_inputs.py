"""Damage small logs at random and see that each is read, or refused in one line, and that no row is lost.

python scripts/fuzz_inputs.py --count 10000 --seed 0      a fixed number of inputs
python scripts/fuzz_inputs.py --seconds 600               as many as that time allows
python scripts/fuzz_inputs.py --count 1 --first 4711      one of them again; --keep FOLDER keeps what failed

CSV, JSON lines, Parquet and YAML by turns, each made of a small seed by a few changes of bytes, cells, lines, types or
settings. An input must be read (exit code 0) or refused by a graphrec error of one line (2): a traceback, a crash of
the process, no end, or rows that are not read = used + rejected + filtered are failures, told once a place in the code.
A worker process reads the inputs, and another takes its place where it ends. Exit code 1 where anything failed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO

from fuzz_cases import Case, make_case
from pyarrow import parquet

PATIENCE = 120
"""Seconds after which an input has no end."""


def outcome_of(case: Case) -> str:
    """Examine a log as `graphrec doctor` does: `read`, `refused`, or what is wrong, with its place in the code."""
    from graphrec.config import load_config
    from graphrec.doctor import examine, facts_in_words, findings, report_data, verdicts
    from graphrec.errors import GraphrecError
    from graphrec.events import load_events

    try:
        config = load_config(case.config)
        events = load_events(config)
        counts = events.counts
        seen = examine(events, config)
        wrong, can = findings(seen), verdicts(seen, given_links=False)
        facts_in_words(seen)
        json.dumps(report_data(seen, wrong, can))
    except GraphrecError as error:
        if "please report this" in str(error):
            return f"rows lost: {error}"
        return (
            "refused"
            if len(str(error).splitlines()) == 1
            else f"error of {len(str(error).splitlines())} lines: {error}"
        )
    except Exception as error:
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if "graphrec" in Path(frame.filename).parts
        ]
        place = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "outside"
        return f"{type(error).__name__} in {place}: {' '.join(str(error).split())[:160]}"
    told = counts.used + sum(counts.rejected.values()) + sum(counts.filtered.values())
    stored = parquet.read_metadata(case.log).num_rows if case.log.suffix == ".parquet" else told
    return "read" if told == counts.read == stored else f"rows lost: {stored} stored, {counts.read} read, {told} told"


def work(numbers: Iterable[int], seed: int, keep: Path | None) -> None:
    """Read inputs and say of each what became of it, as JSON lines."""
    warnings.simplefilter("ignore")
    for number in numbers:
        print(json.dumps({"begun": number}), flush=True)
        with tempfile.TemporaryDirectory() as folder:
            outcome = outcome_of(make_case(Path(folder), seed, number))
            if keep is not None and outcome not in ("read", "refused"):
                shutil.copytree(folder, keep / str(number), dirs_exist_ok=True)
        print(json.dumps({"ended": number, "outcome": outcome}), flush=True)


def pass_on(stream: IO[str], lines: Queue[str]) -> None:
    """Put lines into a queue as they come, and an empty one at their end."""
    for line in stream:
        lines.put(line)
    lines.put("")


def outcomes(args: argparse.Namespace) -> Iterator[tuple[int, str]]:
    """Let workers read the inputs; where one ends or hangs, the next goes on behind its input."""
    first, last = args.first, args.first + args.count
    until = time.monotonic() + args.seconds
    while first < last and time.monotonic() < until:
        command = [sys.executable, __file__, "--worker", "--first", str(first), "--count", str(last - first)]
        command += ["--seed", str(args.seed), *(["--keep", str(args.keep)] if args.keep else [])]
        lines: Queue[str] = Queue()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as worker:
            Thread(target=pass_on, args=(worker.stdout, lines), daemon=True).start()
            begun = None
            try:
                while line := lines.get(timeout=PATIENCE):
                    said = json.loads(line)
                    begun = said.get("begun")
                    if begun is None:
                        yield said["ended"], said["outcome"]
                        first = said["ended"] + 1
                        if time.monotonic() > until:
                            return
            except Empty:
                yield first, f"no end after {PATIENCE} s"
                begun = None
                first += 1
            finally:
                worker.kill()
        if begun is not None:
            yield first, f"the process ended with {worker.wait()}"
            first += 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=None, help="inputs; default 10,000, or as many as --seconds allow")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="after which no other input is begun")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--keep", type=Path, help="folder for the inputs that failed")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    args.count = args.count or (10_000 if args.seconds == float("inf") else 10**9)
    if args.worker:
        work(range(args.first, args.first + args.count), args.seed, args.keep)
        return 0
    became: Counter[str] = Counter()
    failed: dict[str, list[tuple[int, str]]] = {}
    for number, outcome in outcomes(args):
        became[outcome if outcome in ("read", "refused") else "failed"] += 1
        if outcome not in ("read", "refused"):
            failed.setdefault(outcome.partition(":")[0], []).append((number, outcome))
    told = ", ".join(f"{became[outcome]:,} {outcome}" for outcome in ("read", "refused", "failed"))
    print(f"{became.total():,} inputs: {told}")
    for cases in failed.values():
        print(f"  {len(cases)} times, first {cases[0][0]}: {cases[0][1]}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())

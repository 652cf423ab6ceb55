"""Take parts of graphrec out, one at a time, and see whether a test notices.

python scripts/mutate.py                  all removals
python scripts/mutate.py one_way robots   some of them
python scripts/mutate.py --list           their names, files and tests

A removal is a text in a file, what stands there without the part, and the tests that should fail then; they lie in
scripts/mutations, a file a room. Exit code 1 where a removal is not noticed, or where its text is no longer found
exactly once: then write it anew. The checkout is left alone: everything happens in a copy.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

ROOT = Path(__file__).parents[1]
MUTATIONS = ROOT / "scripts" / "mutations"
COPIED = ("graphrec", "tests", "scripts", "configs", "docs", "pyproject.toml", "README.md")
"""What tests need of a checkout."""
LEFT_OUT = shutil.ignore_patterns(".*_cache")
SECONDS = 300
PASSED, FAILED = 0, 1
"""Exit codes of pytest; any other says that it could not ask."""
FAILURE = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Removal:
    """A part that is taken out, and who should notice.

    Parameters
    ----------
    name : str
    file : str
        From the root of the checkout.
    before, after : str
        The text that stands there exactly once, and what stands there without the part.
    tests : tuple of str
        Files or node ids of pytest.
    """

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    def applied(self, text: str) -> str:
        """Take the part out of the text of its file."""
        return text.replace(self.before, self.after)

    def found(self, root: Path) -> int:
        """Count how often the text to replace stands in its file."""
        file = root / self.file
        return file.read_text(encoding="utf-8").count(self.before) if file.is_file() else 0


def read_removals(folder: Path) -> list[Removal]:
    """Read all removals of a folder of TOML files; a name that stands twice is refused."""
    removals = [
        Removal(**{**entry, "tests": tuple(entry["tests"])})
        for file in sorted(folder.glob("*.toml"))
        for entry in tomllib.loads(file.read_text(encoding="utf-8"))["removal"]
    ]
    names = [removal.name for removal in removals]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SystemExit(f"{folder}: the names {', '.join(twice)} stand twice; name each removal once")
    return removals


def chosen_of(removals: Sequence[Removal], names: Sequence[str]) -> list[Removal]:
    """Take the removals of these names, or all where none is named."""
    unknown = sorted(set(names) - {removal.name for removal in removals})
    if unknown:
        raise SystemExit(f"there is no removal {', '.join(unknown)}; --list shows their names")
    return [removal for removal in removals if not names or removal.name in names]


def copied_to(folder: Path) -> Path:
    """Copy what tests need of the checkout."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
        elif (ROOT / name).is_file():
            shutil.copy2(ROOT / name, folder / name)
    return folder


@dataclass(frozen=True)
class Outcome:
    """How pytest ended: its exit code, None where time ran out, and what it wrote."""

    code: int | None
    text: str

    @property
    def failure(self) -> str:
        """The first test that failed."""
        found = FAILURE.search(self.text)
        return found.group(1) if found else "a test"


def asked(copy: Path, tests: Sequence[str], seconds: float) -> Outcome:
    """Run tests of a copy until the first fails."""
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return Outcome(None, "")
    return Outcome(done.returncode, done.stdout + done.stderr)


def write(file: Path, text: str) -> None:
    """Write a module anew and forget its bytecode, which is told apart by whole seconds and size alone."""
    file.write_text(text, encoding="utf-8")
    Path(cache_from_source(file)).unlink(missing_ok=True)


def tried(removal: Removal, copy: Path, seconds: float) -> tuple[bool, str]:
    """Take a part out of a copy, ask its tests, and put it back; whether they noticed, and who did."""
    file = copy / removal.file
    whole = file.read_text(encoding="utf-8")
    write(file, removal.applied(whole))
    try:
        outcome = asked(copy, removal.tests, seconds)
    finally:
        write(file, whole)
    if outcome.code == FAILED:
        return True, f"noticed by {outcome.failure}"
    if outcome.code == PASSED:
        return False, "NOT NOTICED"
    why = f"no end after {seconds:g} s" if outcome.code is None else outcome.text.strip().splitlines()[-1]
    return False, f"NOT NOTICED ({why})"


def stale(removals: Sequence[Removal]) -> list[str]:
    """Name the removals whose text is not found exactly once."""
    counted = [(removal, removal.found(ROOT)) for removal in removals]
    return [
        f"{removal.name}: the text to replace stands {times} times in {removal.file}, and should once; write it anew"
        for removal, times in counted
        if times != 1
    ]


def listed(removal: Removal) -> str:
    """Say in a line what a removal is."""
    return f"{removal.name}: {removal.file}, for {' '.join(removal.tests)}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="removals to try; by default all")
    parser.add_argument("--list", action="store_true", help="show the removals and run nothing")
    parser.add_argument("--removals", type=Path, default=MUTATIONS, help="folder that they are read from")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="that the tests of a removal may take")
    args = parser.parse_args(argv)
    removals = chosen_of(read_removals(args.removals), args.names)
    wrong = stale(removals)
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    if args.list:
        print("\n".join(listed(removal) for removal in removals))
    if args.list or wrong:
        return int(bool(wrong))
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = copied_to(Path(folder))
        tests = sorted({test for removal in removals for test in removal.tests})
        whole = asked(copy, tests, args.seconds * len(removals))
        if whole.code != PASSED:
            print(f"with nothing taken out {whole.failure} fails already; mend it first", file=sys.stderr)
            return 1
        for removal in removals:
            noticed, said = tried(removal, copy, args.seconds)
            print(f"{removal.name}: {said}", flush=True)
            missed += not noticed
    print(f"{len(removals) - missed} of {len(removals)} removals are noticed")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())

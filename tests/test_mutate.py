"""Removals are up to date, a removal that a test notices is told from one that none does, nothing stays changed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VARIETY = "graphrec/lists/variety.py"


def mutate(*options):
    command = [sys.executable, str(ROOT / "scripts" / "mutate.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def write(folder, *removals):
    """Write removals from `variety.py`, each a name, the text before and after."""
    entries = [
        f"[[removal]]\nname = '{name}'\nfile = '{VARIETY}'\nbefore = '{before}'\nafter = '{after}'\n"
        "tests = ['tests/lists/test_variety.py']\n"
        for name, before, after in removals
    ]
    (folder / "lists.toml").write_text("\n".join(entries))
    return "--removals", str(folder)


def test_every_removal_is_found_in_the_package_and_names_tests_that_exist():
    done = mutate("--list")
    assert done.returncode == 0 and done.stderr == ""
    removals = done.stdout.splitlines()
    assert len(removals) >= 40
    for line in removals:
        tests = line.partition(", for ")[2].split()
        for test in tests:
            file, _, name = test.partition("::")
            assert (ROOT / file).exists() and (not name or f"def {name}(" in (ROOT / file).read_text()), test


@pytest.mark.parametrize("before", ["no such line", "query"])
def test_a_text_that_is_not_found_once_is_named(tmp_path, before):
    times = (ROOT / VARIETY).read_text().count(before)
    done = mutate(*write(tmp_path, ("gone", before, "")), "--list")
    assert times != 1 and done.returncode == 1
    assert f"gone: the text to replace stands {times} times in {VARIETY}" in done.stderr


def test_an_unknown_name_is_refused():
    done = mutate("--list", "no_such_part")
    assert done.returncode != 0 and "no_such_part" in done.stderr


@pytest.mark.slow
def test_what_is_noticed_is_told_from_what_is_not(tmp_path):
    before = (ROOT / VARIETY).read_bytes()
    first, comment = ("shelf", "_SHELF = 10", "_SHELF = 0"), ("words", "Places that are to hold", "Places that hold")
    done = mutate(*write(tmp_path, first, comment))
    assert done.returncode == 1, done.stderr
    assert "shelf: noticed by tests/lists/test_variety.py::" in done.stdout
    assert "words: NOT NOTICED" in done.stdout and "1 of 2 removals are noticed" in done.stdout
    assert (ROOT / VARIETY).read_bytes() == before

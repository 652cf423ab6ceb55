"""Damaged inputs are read or refused, and the script that damages them notices where one is not."""

import importlib
import sys
from pathlib import Path

import pytest

from graphrec.errors import EventsError

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture
def fuzz(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield importlib.import_module("fuzz_inputs")
    for name in ("fuzz_inputs", "fuzz_cases"):
        sys.modules.pop(name)


def test_a_few_damaged_inputs_are_read_or_refused(fuzz, capsys):
    assert fuzz.main(["--count", "12", "--seed", "1"]) == 0, capsys.readouterr().out
    assert "12 inputs: " in capsys.readouterr().out


def test_one_number_is_one_input(fuzz, tmp_path):
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        case = fuzz.make_case(tmp_path / name, 0, 5)
        contents.append([file.read_bytes() for file in (case.config, case.log)])
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("price"), "KeyError in "),
        (EventsError("a\nb"), "error of 2 lines"),
        (EventsError("3 rows were read but 2 accounted for; please report this"), "rows lost"),
        (EventsError("no column 'x'; name it"), "refused"),
    ],
)
def test_what_is_neither_read_nor_refused_is_told(fuzz, tmp_path, monkeypatch, error, told):
    def broken(config):
        raise error

    monkeypatch.setattr("graphrec.events.load_events", broken)
    assert fuzz.outcome_of(fuzz.make_case(tmp_path, 0, 0)).startswith(told)


def test_a_worker_that_ends_is_told_and_the_next_input_is_read(fuzz, tmp_path, monkeypatch, capsys):
    """Its folder for what failed cannot be made here, so the first worker ends at the first input that fails."""
    ending = tmp_path / "worker.py"
    ending.write_text("import sys\nprint('{\"begun\": 0}', flush=True)\nsys.exit(7)\n")
    monkeypatch.setattr(fuzz, "__file__", str(ending))
    assert fuzz.main(["--count", "2"]) == 1
    assert "2 times, first 0: the process ended with 7" in capsys.readouterr().out

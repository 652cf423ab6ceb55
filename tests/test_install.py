"""scripts/install.sh installs what is missing, and nothing twice."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "install.sh"
PYTHON = '#!/bin/sh\n[ "$2" = pip ] && echo "$*" >> pip.log\nexit 0\n'
"""Stands for the environment's Python: writes down what pip is asked for."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("python", "graphrec"):
        program = tmp_path / ".venv" / "bin" / name
        program.write_text(PYTHON)
        program.chmod(0o755)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("one")
    return tmp_path


def installed(place: Path, *extras: str) -> list[str]:
    """Ask for some extras, and say what pip was asked for by it."""
    log = place / "pip.log"
    log.write_text("")
    call = ["bash", "-c", 'source "$0" && install_graphrec "$@"', SCRIPT, *extras]
    subprocess.run(call, cwd=place, check=True, env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable})
    return [line.split()[-1] for line in log.read_text().splitlines()]


def test_fewer_extras_than_are_there_install_nothing(place):
    assert installed(place, "dev", "grocery") == [".[dev,grocery]"]
    assert installed(place, "dev") == installed(place, "grocery", "dev") == []


def test_what_is_missing_is_installed_beside_what_is_there(place):
    assert installed(place, "dev") == [".[dev]"]
    assert installed(place, "grocery") == [".[grocery]"]
    assert installed(place, "dev", "grocery") == []
    assert installed(place, "groc") == [".[groc]"]


def test_other_requirements_are_installed_anew(place):
    assert installed(place, "dev", "grocery") == [".[dev,grocery]"]
    (place / "pyproject.toml").write_text("two")
    assert installed(place, "dev") == [".[dev]"]
    assert installed(place, "grocery") == [".[grocery]"]

"""What a command imports: --help next to nothing, a list what lists need, and no more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPORTED = """
import json, sys
from graphrec.cli import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(json.dumps([name for name in sys.modules if "." not in name]))
"""
HEAVY = {"torch", "torch_geometric", "sklearn", "pandas", "duckdb", "ibis"}


def imported_by(*words: object) -> set[str]:
    command = [sys.executable, "-c", IMPORTED, *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout
    return set(json.loads(done.stderr))


@pytest.mark.parametrize("words", [("--help",), ("fit", "--help")])
def test_help_imports_none_of_the_heavy_libraries(words):
    assert not imported_by(*words) & HEAVY


def test_a_list_does_without_what_only_a_fit_needs(recommender, tmp_path):
    recommender.save(tmp_path / "model")
    imported = imported_by("recommend", tmp_path / "model", recommender.items[0], "--json")
    assert imported & HEAVY == {"torch", "pandas"}


def test_every_public_name_is_there_and_no_other():
    import graphrec

    assert all(getattr(graphrec, name) is not None for name in graphrec.__all__)
    with pytest.raises(AttributeError, match="'graphrec' has no attribute 'Recomender'"):
        _ = graphrec.Recomender

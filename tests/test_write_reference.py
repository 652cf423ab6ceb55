"""The page of settings: all of them, as the configuration has them, and known to be so."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "write_reference.py"


def run(file, *options):
    asked = [sys.executable, str(SCRIPT), "--file", str(file), *options]
    return subprocess.run(asked, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    file = tmp_path_factory.mktemp("reference") / "reference.md"
    assert run(file).returncode == 0
    return file


@pytest.mark.parametrize(
    ("section", "setting", "row"),
    [  # of the complement graph what it says itself, not what all pairs have
        ("lists", "min_types", "| `3` | whole number, >= 1, <= 10 | Types that the first ten places"),
        ("lists", "specificity", "| `null` | number or null, >= 0, <= 5 | How much of what anyone buys is"),
        ("lists", "near_duplicates", '| `"one"` | `keep`, `one` |'),
        ("graph.co_purchase", "top_k", "| `200` | whole number, >= 1 | Complements kept per item"),
        ("events.keep", "column", "| must be given | text |"),
        ("at the top of the file", "seed", "| `0` | whole number, >= 0 |"),
    ],
)
def test_a_setting_stands_in_its_section_with_default_limits_and_meaning(page, section, setting, row):
    there = page.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    assert f"| `{setting}` {row}" in there


def test_no_row_is_cut_by_a_bar_of_its_own(page):
    rows = [line for line in page.read_text().splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in rows} == {5}


def test_the_check_tells_a_page_that_says_something_else(page, tmp_path):
    other = tmp_path / "reference.md"
    other.write_text(page.read_text())
    assert run(other, "--check").returncode == 0
    other.write_text(page.read_text().replace("| `3` | whole number", "| `4` | whole number", 1))
    answer = run(other, "--check")
    assert answer.returncode == 1 and "scripts/write_reference.py" in answer.stderr

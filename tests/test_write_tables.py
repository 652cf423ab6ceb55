"""The tables of README and of the boards: from the folders of evaluations alone, and known to be theirs."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "write_tables.py"
README = """# shop
<!-- table: results -->
| old |
<!-- end -->
after
"""
BOARDS = """# boards
<!-- table: headline -->
<!-- end -->
between
<!-- table: graphrec -->
| old |
<!-- end -->
after
"""
COUNTS = "co-purchase count"


def table(readme, name):
    """Read a table back: row -> log -> cell."""
    lines = readme.split(f"<!-- table: {name} -->\n")[1].split("\n\n")[0].splitlines()
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


@pytest.fixture
def evaluated(tmp_path):
    """Two cuts of Ta-Feng: graphrec is best beyond chance, counts by plain NDCG; EASE ran on the last alone."""
    folder = tmp_path / "eval" / "tafeng"
    columns = {"ndcg_beyond_chance@10": (0.06, 0.05, None), "ndcg@10": (0.08, 0.09, None)}
    models = ["graphrec", COUNTS, "EASE"]
    mean = pd.DataFrame(index=pd.Index(models, name="model"))
    for metric, values in columns.items():
        mean[f"{metric}_cut-1"] = values
        mean[f"{metric}_cut-2"] = [*values[:2], 0.3]
        mean[metric] = values
        for end, low in (("difference", 0.01), ("ratio", 1.2)):
            mean[f"{metric}_{end}"], mean[f"{metric}_{end}_low"] = [low, 0, None], [low - 0.01, 0, None]
            mean[f"{metric}_{end}_high"] = [low + 0.01, 0, None]
    for number, shares in ((1, (0.1, 0.3)), (2, (0.2, 0.4))):
        (folder / f"cut-{number}").mkdir(parents=True)
        board = pd.DataFrame({"top20_share@10": [*shares, 0.9], "chosen": "a"}, index=mean.index)
        board.to_csv(folder / f"cut-{number}" / "leaderboard.csv")
    parts = {"segment": "novel pairs", "metric": "recall@20", "model": [*models, "oracle"], "value": [0.3, 0.1, 0.2, 1]}
    pd.DataFrame(parts).to_csv(folder / "cut-2" / "segments.csv", index=False)
    mean.to_csv(folder / "cuts.csv")
    (tmp_path / "README.md").write_text(README)
    (tmp_path / "boards.md").write_text(BOARDS)
    return tmp_path


def run(folder, *options):
    paths = ["--eval", str(folder / "eval"), "--readme", str(folder / "README.md")]
    paths += ["--boards", str(folder / "boards.md")]
    return subprocess.run([sys.executable, str(SCRIPT), *paths, *options], capture_output=True, text=True, check=False)


def test_tables_hold_what_the_folders_hold(evaluated):
    assert run(evaluated).returncode == 0
    readme, boards = ((evaluated / name).read_text() for name in ("README.md", "boards.md"))
    assert table(readme, "results") == {
        "Ta-Feng": {"graphrec": "0.0600", "counts": "0.0500", "best baseline": f"0.0500 {COUNTS}"}
    }
    headline, ours = table(boards, "headline"), table(boards, "graphrec")
    assert headline["**graphrec**"]["Ta-Feng"] == "**0.0600 / 0.0800**"
    assert headline[COUNTS]["Ta-Feng"] == "0.0500 / 0.0900"
    assert headline["EASE"]["Ta-Feng"] == "0.3000 / 0.3000 †"  # however good, it is not compared
    assert headline[COUNTS]["Tianchi"] == ""  # not evaluated
    assert ours["NDCG@10 beyond chance, times the best baseline's"]["Ta-Feng"] == "1.200 (1.190 to 1.210)"
    assert ours["NDCG@10 minus the best baseline's"]["Ta-Feng"] == "+0.0100 (+0.0000 to +0.0200)"
    assert ours["the best baseline by NDCG@10"]["Ta-Feng"] == COUNTS
    assert ours["places held by the 20 commonest complements (plain counts)"]["Ta-Feng"] == "15.0% (35.0%)"
    assert ours["novel pairs, recall@20 (the best baseline), last cut"]["Ta-Feng"] == "0.300 (0.200, EASE)"
    for page, title in ((readme, "shop"), (boards, "boards")):
        assert "--cuts 2" in page and page.startswith(f"# {title}\n") and page.endswith("<!-- end -->\nafter\n")
        assert "| old |" not in page
    assert "\nbetween\n" in boards
    assert "intervals 95%" in boards and "intervals" not in readme


@pytest.mark.parametrize("page", ["README.md", "boards.md"])
def test_the_check_tells_tables_that_the_folders_do_not_hold(evaluated, page):
    assert run(evaluated, "--check").returncode == 1
    assert (evaluated / "README.md").read_text() == README  # nothing is written
    run(evaluated)
    file = evaluated / page
    file.write_text(file.read_text().replace("at commit ", "at commit 1"))  # written by an earlier commit
    assert run(evaluated, "--check").returncode == 0
    file.write_text(file.read_text().replace("0.0600", "0.0700"))
    answer = run(evaluated, "--check")
    assert answer.returncode == 1 and page in answer.stderr


def test_without_evaluations_or_marks_nothing_is_written(evaluated):
    nowhere = run(evaluated, "--eval", str(evaluated / "nowhere"))
    assert nowhere.returncode == 2 and "graphrec evaluate CONFIG --cuts 3" in nowhere.stderr
    (evaluated / "boards.md").write_text("no marks")
    unmarked = run(evaluated)
    assert unmarked.returncode == 2 and "<!-- table: headline -->" in unmarked.stderr
    assert (evaluated / "README.md").read_text() == README and (evaluated / "boards.md").read_text() == "no marks"

"""What an outside check is given of a cut: what was known, what came later, and a log of links to fit on."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from graphrec.config import load_config
from graphrec.evaluation import make_question_sets, split_log
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.split import events_with_baskets
from graphrec.events import load_events

SCRIPT = Path(__file__).parents[1] / "scripts" / "write_cut.py"


def run(config, out, *options):
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(config), str(out), *options], capture_output=True, text=True, check=False
    )


@pytest.fixture
def log(tmp_path):
    """A basket a day for forty days, of the day's number and two others."""
    days = pd.date_range("2024-01-01", periods=40)
    rows = [
        (day, f"o{n}", item, f"title of {item}") for n, day in enumerate(days) for item in (f"d{n}", "x", f"y{n % 3}")
    ]
    pd.DataFrame(rows, columns=["time", "order", "item", "title"]).to_csv(tmp_path / "log.csv", index=False)
    columns = {"item": "item", "session": "order", "time": "time", "title": "title"}
    events = {"path": "log.csv", "columns": columns, "default_kind": "purchase"}
    config = {"events": events, "split": {"test_from": "2024-02-05", "hidden_items": 0.2}}
    (tmp_path / "log.yaml").write_text(yaml.safe_dump(config))
    return tmp_path / "log.yaml"


def test_a_log_is_cut_by_time_and_told_how_to_be_fitted(log, tmp_path):
    done = run(log, tmp_path / "cut")
    train, test = (pd.read_parquet(tmp_path / "cut" / f"{name}.parquet") for name in ("train", "test"))
    # 35 days come before the 5th of February; nothing is hidden, since a fit would see it.
    assert done.returncode == 0
    assert (train["session"].nunique(), test["session"].nunique()) == (35, 5)
    assert set(train["item"]) == {f"d{n}" for n in range(35)} | {"x", "y0", "y1", "y2"}
    assert {"d35", "d39"} <= set(test["item"]) and not set(train["session"]) & set(test["session"])
    assert f"graphrec fit {log} --set events.before=2024-02-05T00:00:00 " in done.stdout
    titles = pd.read_parquet(tmp_path / "cut" / "titles.parquet").set_index("item")["title"]
    assert titles["x"] == "title of x"


def test_an_earlier_cut_ends_before_the_next_begins(log, tmp_path):
    done = run(log, tmp_path / "cut", "--cut", "2", "--cuts", "3")
    train, test = (pd.read_parquet(tmp_path / "cut" / f"{name}.parquet") for name in ("train", "test"))
    assert done.returncode == 0 and (train["session"].nunique(), test["session"].nunique()) == (30, 5)
    assert {"d30", "d34"} <= set(test["item"]) and "d35" not in set(test["item"])
    assert "--set events.before=2024-01-31T00:00:00 " in done.stdout
    assert run(log, tmp_path / "cut", "--cut", "4", "--cuts", "3").returncode == 2


def test_links_are_fitted_on_what_is_known_and_asked_about_the_rest(tmp_path):
    rng = np.random.default_rng(0)
    pairs = [(a, b) for a in range(30) for b in range(30) if a != b and rng.random() < 0.3]
    rows = [(f"p{a}", f"p{b}", "also_bought" if (a + b) % 3 else "also_viewed", "ours") for a, b in pairs]
    rows += [(f"q{a}", f"q{b}", "also_bought", "theirs") for a, b in pairs]
    pd.DataFrame(rows, columns=["src", "dst", "rel", "shop"]).to_parquet(tmp_path / "links.parquet")
    events = {"reader": "links", "path": "links.parquet", "keep": [{"column": "shop", "matches": "ours"}]}
    config = tmp_path / "links.yaml"
    config.write_text(yaml.safe_dump({"events": events, "split": {"test_share": 0.3, "hidden_items": 0.1}}))
    done = run(config, tmp_path / "cut")
    assert done.returncode == 0 and f"--set events.path={tmp_path / 'cut' / 'links_to_fit.parquet'}" in done.stdout
    known, test = (
        {tuple(row) for row in pd.read_parquet(tmp_path / "cut" / f"{name}.parquet")[["src", "dst"]].to_numpy()}
        for name in ("known", "test")
    )
    bought = {(f"p{a}", f"p{b}") for a, b in pairs if (a + b) % 3}
    both_ways = bought | {(b, a) for a, b in bought}
    assert known and test and not known & test and known | test <= both_ways
    # The questions of the board, and the log that it fits on, substitutes among it.
    split = split_log(load_config(config))
    asked = make_question_sets(split, Materials(split).data, 0).known
    names = split.train.catalogue.items
    assert test == set(zip(names[asked.query[asked.answer_question]], names[asked.answer_item], strict=True))
    again = load_events(load_config(config, [f"events.path={tmp_path / 'cut' / 'links_to_fit.parquet'}"]))
    logs = [
        {(row.session, one.catalogue.items[row.item], row.kind) for row in events_with_baskets(one).itertuples()}
        for one in (split.train, again)
    ]
    assert logs[0] == logs[1] and {kind for _, _, kind in logs[0]} == {0, 2}

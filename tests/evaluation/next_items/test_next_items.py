"""What comes next is found where it is planted, and by chance alone where sessions are shuffled."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from graphrec.cli.commands import app
from graphrec.config import load_config
from graphrec.errors import ConfigError, EventsError, GraphrecError
from graphrec.evaluation import evaluate_next_items

ITEMS, SESSIONS = 40, 400
FEW = ["popularity", "repeat-last", "sequential-rules"]


def write_log(folder, shuffled):
    """Write sessions that walk along a circle of items, nine steps in ten, in order or shuffled over all sessions."""
    rng = np.random.default_rng(0)
    rows = []
    for session in range(SESSIONS):
        item = rng.integers(ITEMS)
        for step in range(rng.integers(2, 8)):
            rows.append((session, int(item), pd.Timestamp("2025-01-01") + pd.Timedelta(minutes=60 * session + step)))
            item = (item + 1) % ITEMS if rng.random() < 0.9 else rng.integers(ITEMS)
    log = pd.DataFrame(rows, columns=["session", "item", "time"])
    if shuffled:
        log["item"] = rng.permutation(log["item"])
    log.to_csv(folder / "log.csv", index=False)
    text = "events: {path: log.csv, columns: {session: session, item: item, time: time}, default_kind: view}\n"
    (folder / "log.yaml").write_text(text + "evaluation: {resamples: 50}\n")
    return folder / "log.yaml"


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    config = load_config(write_log(folder, shuffled=False), [])
    return config, folder, evaluate_next_items(config, FEW, folder / "eval", "circle")


def test_the_order_of_sessions_is_found_by_the_rules_that_look_for_it(planted, tmp_path):
    board = planted[2].leaderboard
    assert board.index[0] == "sequential rules"
    assert board.loc["sequential rules", "recall@5"] > 0.85
    assert board.loc["the last item again", "recall@20"] < 0.1
    config = load_config(write_log(tmp_path, shuffled=True), [])
    by_chance = evaluate_next_items(config, FEW, tmp_path / "eval", "shuffled").leaderboard
    assert by_chance.loc["sequential rules", "recall@5"] < 0.3


def test_intervals_hold_the_value_and_differences_are_to_the_best(planted):
    board = planted[2].leaderboard
    for metric in ("recall@20", "mrr@20"):
        assert (board[f"{metric}_low"] <= board[metric]).all() and (board[metric] <= board[f"{metric}_high"]).all()
    others = board.drop(index="sequential rules")
    np.testing.assert_allclose(
        others["recall@20_difference"], others["recall@20"] - board.loc["sequential rules", "recall@20"]
    )


def test_all_parts_are_told_and_the_tables_are_written(planted):
    _, folder, found = planted
    assert set(found.segments["segment"]) >= {"all steps", "new to the session", "first step", "last item"}
    page = (folder / "eval" / "leaderboard.md").read_text()
    assert "sequential rules" in page and "95%" in page and "at most .2" in page
    assert len(pd.read_csv(folder / "eval" / "segments.csv")) == len(found.segments)


def test_what_has_run_is_taken_up_and_again_runs_it_anew(planted):
    config, folder, found = planted
    place = folder / "eval" / "models" / "sequential-rules" / "facts.json"
    before = place.stat().st_mtime_ns
    again = evaluate_next_items(config, FEW, folder / "eval", "circle")
    assert place.stat().st_mtime_ns == before
    pd.testing.assert_frame_equal(again.leaderboard, found.leaderboard)
    evaluate_next_items(config, ["sequential-rules"], folder / "eval", "circle", again=True)
    assert place.stat().st_mtime_ns != before


def test_a_model_that_does_not_exist_is_named(planted):
    config, folder, _ = planted
    with pytest.raises(ConfigError, match="session model 'ouija' does not exist; there are all, network, popularity"):
        evaluate_next_items(config, ["ouija"], folder / "other", "circle")


def test_a_log_without_later_steps_is_refused(tmp_path):
    write_log(tmp_path, shuffled=False)
    log = pd.read_csv(tmp_path / "log.csv").drop_duplicates("session")
    log.to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(EventsError, match="no session after the cut has two events"):
        evaluate_next_items(load_config(tmp_path / "log.yaml", []), FEW, tmp_path / "eval", "single")


def test_cuts_and_seeds_are_not_for_sessions_and_a_file_is_no_folder(planted):
    _, folder, _ = planted
    for option in ("--cuts", "--seeds"):
        refused = CliRunner().invoke(app, ["evaluate", str(folder / "log.yaml"), "--task", "session", option, "3"])
        assert isinstance(refused.exception, ConfigError) and "leave --cuts and --seeds out" in str(refused.exception)
    with pytest.raises(GraphrecError, match=r"cannot write .*log\.csv.*give another folder"):
        evaluate_next_items(planted[0], ["popularity"], folder / "log.csv", "a file")


def test_lists_and_sessions_have_folders_of_their_own(planted, monkeypatch):
    config = planted[1] / "log.yaml"
    monkeypatch.chdir(planted[1])
    done = CliRunner().invoke(app, ["evaluate", str(config), "--task", "session", "--models", "popularity"])
    assert done.exit_code == 0 and (planted[1] / "eval" / "log-session" / "leaderboard.md").is_file()


def test_the_command_line_asks_for_sessions(planted):
    _, folder, _ = planted
    asked = ["--task", "session", "--models", "popularity", "--out", str(folder / "cli")]
    done = CliRunner().invoke(app, ["evaluate", str(folder / "log.yaml"), *asked])
    assert done.exit_code == 0, done.output
    assert "recall@20" in done.output and (folder / "cli" / "leaderboard.csv").is_file()

"""Several cuts: what each is fitted on and asked about, what is kept of it, and the mean over them."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import graphrec as package
from graphrec.compute.progress import Silent
from graphrec.compute.provenance import code_of
from graphrec.config import ShopConfig, load_config, parse_config
from graphrec.errors import ConfigError, EventsError
from graphrec.evaluation import provenance, rolling, split_log, write_cuts
from graphrec.evaluation.cut_board import CutBoard
from graphrec.evaluation.cuts_report import metric_tables
from graphrec.evaluation.evaluate import evaluate, make_plan
from graphrec.evaluation.evaluated_models import evaluated_models
from graphrec.evaluation.leaks import find_leaks
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.mean_of_cuts import drawn_means, mean_of_cuts
from graphrec.evaluation.rolling import rolling_origin
from graphrec.events import load_events
from graphrec.events.shop import generate_shop, write_shop
from graphrec.model.fit import fit_model
from tests.cli.test_commands import QUICK, graphrec

DAYS = 20


@pytest.fixture
def daily(tmp_path):
    """Twenty days; on each, three baskets of staples a and b, of the day's own item, and of the next day's."""

    def config(time=True, **split):
        baskets = [(day, item) for day in range(1, DAYS + 1) for item in (f"day{day}", f"day{day + 1}", "a")]
        rows = [
            {"session": place, "item": bought, "price": float(day)} | ({"time": f"2024-01-{day:02}"} if time else {})
            for place, (day, item) in enumerate(baskets)
            for bought in ("a" if item != "a" else "day1", "b", item)
        ]
        pd.DataFrame(rows).to_csv(tmp_path / "log.csv", index=False)
        words = ("session", "item", "price", *(["time"] if time else []))
        events = {"path": str(tmp_path / "log.csv"), "columns": {word: word for word in words}}
        return parse_config({"events": events | {"default_kind": "purchase"}, "split": split}, "test")

    return config


def cuts_of(config, cuts):
    return [split_log(config, held_out=one) for one in rolling_origin(load_events(config), config, cuts)]


def test_each_cut_is_fitted_on_what_came_before_and_asked_about_what_came_next(daily):
    splits = cuts_of(daily(test_from="2024-01-17"), 3)
    # The last four days are the test, the last of them whole: so are the four before, and before these.
    begins = [9, 13, 17]
    assert [split.cut for split in splits] == [pd.Timestamp(f"2024-01-{day:02}") for day in begins]
    for split, begin in zip(splits, begins, strict=True):
        data, items = Materials(split).data, split.train.catalogue.items
        assert len(split.train) == 9 * (begin - 1)
        assert data.baskets.shape[0] == 3 * (begin - 1) == data.bought[split.train.catalogue.codes(["b"])[0]]
        days = split.test["time"].dt.day
        assert sorted(days.unique()) == list(range(begin, begin + 4)) and len(days) == 4 * 9
        # An item is first bought on the day before its own: of later ones nothing is known, not even that they exist.
        assert {name for name in items if name.startswith("day")} == {f"day{d}" for d in range(1, begin + 5)}
        bought = {name for name, count in zip(items, data.bought, strict=True) if count}
        assert bought == {"a", "b", *(f"day{day}" for day in range(1, begin + 1))}
        known = split.train.catalogue.frame.set_index("item")
        assert known.loc["b", "price"] == begin // 2  # the lower median of the days before
    tests = [set(split.test["session"]) for split in splits]
    assert sum(map(len, tests)) == len(set.union(*tests)) == 3 * 12
    whole = split_log(daily(test_from="2024-01-17"))
    assert splits[-1].train.fingerprint() == whole.train.fingerprint()
    pd.testing.assert_frame_equal(splits[-1].test, whole.test)


def test_what_came_later_changes_nothing_of_an_earlier_cut(daily):
    config = daily(test_from="2024-01-17")
    before = cuts_of(config, 2)[0]
    log = pd.read_csv(config.events.path)
    late = log["time"] >= "2024-01-17"
    log.loc[late, ["item", "price"]] = ["another", 99.0]
    log.to_csv(config.events.path, index=False)
    after = cuts_of(config, 2)[0]
    assert after.train.fingerprint() == before.train.fingerprint()
    pd.testing.assert_frame_equal(after.test, before.test)


def test_a_log_without_times_is_cut_into_stretches_of_sessions(daily):
    splits = cuts_of(daily(time=False, test_share=0.25), 3)
    assert [len(split.train) // 3 for split in splits] == [15, 30, 45]
    tests = [set(split.test["session"]) for split in splits]
    assert [len(sessions) for sessions in tests] == [15, 15, 15] and len(set.union(*tests)) == 45
    assert "25% that end at 90" in splits[0].in_words()


@pytest.mark.parametrize(
    ("cuts", "settings", "said"),
    [
        (5, {"test_from": "2024-01-17"}, "cut 1 of 5 .* before 2024-01-01 .* before 2024-01-05 .* ask for --cuts 4"),
        (3, {"test_from": "2024-01-05"}, "ask for --cuts 1"),
        (4, {"time": False, "test_share": 0.25}, "cut 1 of 4 .* 25% of the sessions; ask for --cuts 3"),
    ],
)
def test_a_cut_that_would_come_too_early_is_refused(daily, cuts, settings, said):
    config = daily(**settings)
    with pytest.raises(EventsError, match=said):
        rolling_origin(load_events(config), config, cuts)


def test_as_many_cuts_as_are_offered_can_be_made(daily):
    config = daily(test_from="2024-01-17")
    assert rolling_origin(load_events(config), config, 4)[0].since == pd.Timestamp("2024-01-05")
    config = daily(time=False, test_share=0.25)
    assert rolling_origin(load_events(config), config, 3)[0].since == 3 * 15


def test_a_cut_about_which_nothing_can_be_asked_is_named(daily, tmp_path):
    config = daily(test_from="2024-01-17")
    log = pd.read_csv(config.events.path)
    log[(log["time"] < "2024-01-13") | (log["time"] >= "2024-01-17")].to_csv(config.events.path, index=False)
    with pytest.raises(EventsError, match=r"cut 1 of 2: .*2024-01-13.*before 2024-01-17.*fewer --cuts"):
        write_cuts(config, ["count"], 1, 2, tmp_path / "out", "shop")


def test_more_links_than_there_are_cannot_be_held_out(tmp_path):
    pairs = pd.DataFrame([{"src": f"p{a}", "dst": f"p{b}", "rel": "also_bought"} for a in range(9) for b in range(a)])
    pairs.to_parquet(tmp_path / "links.parquet")
    events = {"reader": "links", "path": str(tmp_path / "links.parquet")}
    config = parse_config({"events": events, "split": {"test_share": 0.25, "hidden_items": 0.3}}, "test")
    assert [one.back for one in rolling_origin(load_events(config), config, 3)] == [2, 1, 0]
    with pytest.raises(EventsError, match=r"split.hidden_items 30%"):
        rolling_origin(load_events(config), config, 4)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rolled")
    write_shop(generate_shop(ShopConfig(events=8_000, items=150, noise=0.05, seed=2)), folder)
    options = ("--models", "count,popularity,ease", "--cuts", "2", "--set", "evaluation.resamples=100")
    ran = graphrec("evaluate", folder / "shop.yaml", "--out", folder / "out", *options)
    assert ran.returncode == 0, ran.stderr
    assert "cut 1" in ran.stdout and "EASE" in ran.stdout
    assert "cut 2 of 2, EASE" in ran.stderr and "cut 1 of 2, EASE" not in ran.stderr
    return folder


def configured(shop):
    return load_config(shop / "shop.yaml", ["evaluation.resamples=100"])


def test_each_cut_has_a_board_and_the_mean_is_of_what_ran_on_all(shop):
    table = pd.read_csv(shop / "out" / "cuts.csv", index_col="model")
    boards = [pd.read_csv(shop / "out" / f"cut-{n}" / "leaderboard.csv", index_col="model") for n in (1, 2)]
    for metric in ("ndcg_beyond_chance@10", "ndcg@10", "recall@20"):
        for name in ("co-purchase count", "popularity"):
            values = [board.loc[name, metric] for board in boards]
            np.testing.assert_allclose(table.loc[name, [f"{metric}_cut-1", f"{metric}_cut-2"]], values, rtol=1e-5)
            assert table.loc[name, metric] == pytest.approx(np.mean(values), rel=1e-5)
            assert table.loc[name, f"{metric}_low"] <= table.loc[name, metric] <= table.loc[name, f"{metric}_high"]
    assert "EASE" not in boards[0].index
    assert table.loc["EASE", "ndcg@10_cut-2"] == pytest.approx(boards[1].loc["EASE", "ndcg@10"], rel=1e-5)
    assert np.isnan(table.loc["EASE", "ndcg@10"]) and table.loc["EASE", "cuts"] == "2"
    written = (shop / "out" / "cuts.md").read_text()
    assert "last cut alone" in written and "EASE" in written and "by time" in written
    page = (shop / "out" / "cuts.html").read_text()
    assert 'href="cut-1/report.html"' in page and (shop / "out" / "cut-1" / "report.html").is_file()


def written_at(shop):
    return {path: path.stat().st_mtime_ns for path in (shop / "out").rglob("facts.json")}


def test_finished_cuts_are_taken_up_and_finished_models_are_not_fitted_again(shop, monkeypatch):
    config, before = configured(shop), written_at(shop)
    asked = (config, ["count", "popularity", "ease"], 1, 2, shop / "out", "shop")
    assert len(before) == 2 * (2 + 3)  # plain and by uplift
    again = (shop / "out" / "cuts.csv").read_text()

    def refuse(*_):
        raise AssertionError("a finished board was made anew")

    with monkeypatch.context() as patched:
        patched.setattr(rolling, "write_board", refuse)
        write_cuts(*asked)
    assert (shop / "out" / "cuts.csv").read_text() == again and written_at(shop) == before

    # A cut that was broken off before its board was written: its lists are there, but for one model's.
    (shop / "out" / "cut-1" / "board.json").unlink()
    shutil.rmtree(shop / "out" / "cut-1" / "models" / "popularity")
    write_cuts(*asked)
    after = written_at(shop)
    changed = {path for path in before if after[path] != before[path]}
    assert changed == {shop / "out" / "cut-1" / "models" / "popularity" / "facts.json"}
    assert (shop / "out" / "cuts.csv").read_text() == again

    with monkeypatch.context() as patched, pytest.raises(AssertionError):
        patched.setattr(rolling, "write_board", refuse)
        write_cuts(*asked, again=True)


@pytest.fixture(scope="module")
def split(shop):
    return split_log(configured(shop))


@pytest.fixture
def copied(tmp_path):
    """The source files of graphrec, to be changed."""
    return Path(shutil.copytree(Path(package.__file__).parent, tmp_path / "graphrec"))


@pytest.mark.parametrize(
    ("place", "decides"),
    [
        ("complements/ranker.py", {"ours"}),
        ("evaluation/fit_graphrec.py", {"ours"}),
        ("sessions/reranking.py", {"ours"}),
        ("baselines/pair_counts.py", {"baselines"}),
        ("evaluation/tuning.py", {"baselines"}),
        ("events/cleaning.py", {"ours", "baselines"}),
        ("graph/pairs.py", {"ours", "baselines"}),
        ("evaluation/split.py", {"ours", "baselines"}),
        ("evaluation/questions.py", {"ours", "baselines"}),
        ("evaluation/bootstrap.py", set()),
        ("evaluation/report.py", set()),
    ],
)
def test_another_code_decides_those_lists_that_it_makes_and_every_board(copied, place, decides):
    roots = {"ours": provenance.OF_OURS, "baselines": provenance.OF_BASELINES, "boards": provenance.OF_BOARDS}
    before = {name: code_of(*modules, package=copied) for name, modules in roots.items()}
    assert before == {name: code_of(*modules) for name, modules in roots.items()}
    (copied / place).write_text((copied / place).read_text() + "\n_ = 0\n")
    after = {name for name, modules in roots.items() if code_of(*modules, package=copied) != before[name]}
    assert after == decides | {"boards"}


def test_the_key_of_lists_holds_their_code(split, monkeypatch):
    ours, counts = (evaluated_models([key], 1, split.config)[0] for key in ("graphrec", "count"))
    before = [provenance.key_of(one, "run", split.config) for one in (ours, counts)]
    monkeypatch.setattr(provenance, "code_of", lambda *modules: "another" if modules == provenance.OF_OURS else "same")
    first = [provenance.key_of(one, "run", split.config) for one in (ours, counts)]
    monkeypatch.setattr(provenance, "code_of", lambda *modules: "same")
    second = [provenance.key_of(one, "run", split.config) for one in (ours, counts)]
    assert len({before[0], first[0], second[0]}) == 3
    assert before[1] != first[1] == second[1]


def test_models_are_fitted_anew_when_asked_to_and_where_the_code_is_another(split, tmp_path, monkeypatch):
    facts = tmp_path / "count" / "facts.json"

    def written(again=False):
        evaluate(make_plan(split, ["count"], 1), tmp_path, again=again)
        return facts.stat().st_mtime_ns

    first = written()
    assert written() == first
    second = written(again=True)
    assert second != first
    monkeypatch.setattr(provenance, "code_of", lambda *modules: "another")
    assert written() != second


def test_slow_models_alone_are_refused(shop, tmp_path):
    with pytest.raises(ConfigError, match="ease names no others"):
        write_cuts(configured(shop), ["ease"], 1, 2, tmp_path, "shop")


def test_a_model_fitted_on_an_earlier_cut_knows_nothing_of_the_next(shop):
    config = load_config(shop / "shop.yaml", [*QUICK[1::2], "ranker.folds=2", "ranker.fold_queries=100"])
    first, last = cuts_of(config, 2)
    model = fit_model(first.train, first.config, Silent())
    assert find_leaks(model, first) == []
    assert model.graph.bought.sum() == Materials(first).data.bought.sum() < Materials(last).data.bought.sum()
    # A day less of the log, and the guard finds what the model knows of that day.
    assert find_leaks(model, replace(first, train=first.train.between(until=first.cut - pd.Timedelta(days=1))))


def board(cluster, **values):
    """Make a board of hits alone."""
    models = [name.replace("_", " ").replace("count", "co-purchase count") for name in values]
    table = np.stack([np.array(column, dtype=np.float32) for column in values.values()], axis=1)
    return CutBoard("by hand", 1, {}, models, np.array(cluster), {"ndcg@10": table, "recall@20": table * 2})


def test_mean_difference_and_ratio_by_hand():
    boards = [
        board([1, 2, 3, 4], graphrec=[0.4, 0.2, 0.0, 0.2], count=[0.1, 0.1, 0.1, 0.1], lift=[0.4, 0.4, 0.0, 0.0]),
        board([1, 2], graphrec=[0.5, 0.3], count=[0.3, 0.3], lift=[0.0, 0.1], ease=[0.9, 0.9]),
    ]
    mean = mean_of_cuts(boards, 200, 0)
    table = mean.table
    assert list(table.index) == ["graphrec", "co-purchase count", "lift", "ease"]
    assert table.loc["graphrec", ["ndcg@10_cut-1", "ndcg@10_cut-2"]].tolist() == pytest.approx([0.2, 0.4])
    # Cuts weigh alike, though the first asks twice as much.
    expected = {"graphrec": 0.3, "co-purchase count": 0.2, "lift": 0.125}
    assert table["ndcg@10"].dropna().to_dict() == pytest.approx(expected)
    assert mean.best == {"ndcg@10": "co-purchase count", "recall@20": "co-purchase count"}  # not EASE: one cut alone
    assert table.loc["graphrec", "ndcg@10_difference"] == pytest.approx(0.1)
    assert table.loc["graphrec", "ndcg@10_ratio"] == table.loc["graphrec", "ndcg@10_of_counts"] == pytest.approx(1.5)
    assert table.loc["lift", "recall@20_ratio"] == pytest.approx(0.625)
    assert table.loc["graphrec", "ndcg@10_low"] < 0.3 < table.loc["graphrec", "ndcg@10_high"]
    assert table["cuts"].to_dict() == dict.fromkeys(expected, "1, 2") | {"ease": "2"}
    rows = {cells[0]: cells for _, cells in metric_tables(mean)[0].rows}
    assert rows["ease"] == ["ease", "", "0.9000", "last cut alone", "", "", ""]
    assert rows["graphrec"][:3] == ["graphrec", "0.2000", "0.4000"] and rows["graphrec"][3].startswith("0.3000 (")


def test_intervals_hold_that_cuts_differ_and_that_questions_do():
    like = [board(range(50), graphrec=np.full(50, value)) for value in (0.0, 1.0)]
    means = drawn_means(like, "ndcg@10", ["graphrec"], 4000, 0)[:, 0]
    share = [np.mean(np.isclose(means, value)) for value in (0.0, 0.5, 1.0)]
    assert share == pytest.approx([0.25, 0.5, 0.25], abs=0.03)  # two cuts, drawn with replacement
    values = np.random.default_rng(0).random(400)
    same = [board(range(400), graphrec=values)] * 2
    spread = drawn_means(same, "ndcg@10", ["graphrec"], 2000, 0).std()
    assert spread == pytest.approx(values.std() / np.sqrt(2 * 400), rel=0.06)
    together = [board(np.repeat(range(16), 25), graphrec=np.repeat(values[:16], 25))] * 2
    assert drawn_means(together, "ndcg@10", ["graphrec"], 2000, 0).std() > 4 * spread


def test_like_models_differ_by_the_same_in_every_draw():
    rng = np.random.default_rng(1)
    values = [rng.random(60), rng.random(30)]
    boards = [board(range(len(v)), graphrec=v + 0.1, count=v) for v in values]
    draws = drawn_means(boards, "ndcg@10", ["graphrec", "co-purchase count"], 100, 0)
    np.testing.assert_allclose(draws[:, 0] - draws[:, 1], 0.1, rtol=1e-5)

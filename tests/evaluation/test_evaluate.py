"""The whole evaluation on a generated shop: tables, resuming, intervals, and what cannot run."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from graphrec.baselines import BASELINES
from graphrec.config import ShopConfig, load_config
from graphrec.errors import ConfigError
from graphrec.evaluation import write_evaluation
from graphrec.evaluation.bootstrap import Resampling, interval, resampled_means
from graphrec.evaluation.evaluate import model_keys
from graphrec.evaluation.fit_graphrec import of_model
from graphrec.evaluation.metrics import BEYOND_CHANCE, PLAIN
from graphrec.evaluation.oracle import ORACLE
from graphrec.evaluation.questions import basket_lines, one_random_item
from graphrec.evaluation.segments import popularity_bands_of_questions
from graphrec.evaluation.within_type import rank_scores_within_type
from graphrec.events import PURCHASE
from graphrec.events.shop import generate_shop, write_shop
from tests.cli.test_commands import QUICK, graphrec
from tests.conftest import listing

SPAN = (("high", 1), ("low", -1))
MODELS = "graphrec,popularity,count,cosine,repeat-last"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluated")
    write_shop(generate_shop(ShopConfig(events=20_000, items=400, noise=0.05, seed=2)), folder)
    ran = graphrec("evaluate", folder / "shop.yaml", "--models", MODELS, "--out", folder / "out", *QUICK)
    assert ran.returncode == 0, ran.stderr
    assert "co-purchase count" in ran.stdout
    return folder


def test_the_leaderboard_holds_every_model_with_its_interval(shop):
    board = pd.read_csv(shop / "out" / "leaderboard.csv", index_col="model")
    assert {"graphrec", "graphrec, by session", "popularity", "co-purchase count", "repeat last, by session"} <= set(
        board.index
    )
    assert {"popularity, by uplift", "co-purchase count, by uplift"} <= set(board.index)
    for metric in (BEYOND_CHANCE, "hits_beyond_chance@5", PLAIN, "ndcg_beyond_chance@20"):
        assert (board[f"{metric}_low"] <= board[metric]).all() and (board[metric] <= board[f"{metric}_high"]).all()
    assert board.columns[0] == BEYOND_CHANCE and board.columns[3] == PLAIN
    assert board[BEYOND_CHANCE].is_monotonic_decreasing
    assert (board[BEYOND_CHANCE] < board[PLAIN]).all()
    assert board.loc["popularity", "ndcg@10"] < board.loc["co-purchase count", "ndcg@10"]
    assert (board["recall@5"] <= board["recall@20"]).all()
    assert board.loc["popularity", BEYOND_CHANCE] < 0.1 * board.loc["co-purchase count", BEYOND_CHANCE]
    written = (shop / "out" / "leaderboard.md").read_text()
    assert "**graphrec**" in written and "by time" in written
    assert written.index("| NDCG@10 beyond chance | NDCG@10 |") > 0
    assert "graphrec" in (shop / "out" / "report.html").read_text()


def test_each_metric_has_its_own_best_baseline(shop):
    board = pd.read_csv(shop / "out" / "leaderboard.csv", index_col="model")
    written = (shop / "out" / "leaderboard.md").read_text()
    baselines = board[~board.index.str.contains("graphrec|oracle|by session")]
    for metric in (BEYOND_CHANCE, PLAIN, "recall@20"):
        best = baselines[metric].idxmax()
        assert f"{metric} against {best}" in written and f"{best} by {metric}" in written
        assert pd.isna(board.loc[best, f"{metric}_difference"])
        difference = board.loc["graphrec", f"{metric}_difference"]
        assert difference == pytest.approx(board.loc["graphrec", metric] - board.loc[best, metric])
        low, high = (board.loc["graphrec", f"{metric}_difference_{bound}"] for bound in ("low", "high"))
        assert low < difference < high
        # Asked the same questions, two models differ by less than each of them varies.
        assert high - low < sum(board.loc[name, f"{metric}_{s}"] * f for name in ("graphrec", best) for s, f in SPAN)


def test_the_board_describes_whole_lists(shop):
    board = pd.read_csv(shop / "out" / "leaderboard.csv", index_col="model")
    popular, counts = board.loc["popularity"], board.loc["co-purchase count"]
    assert popular["top20_share@10"] == 1 and counts["top20_share@10"] < 0.9
    assert board.loc["co-purchase count, by uplift", "top20_share@10"] < counts["top20_share@10"]
    assert popular["lift_below_1@10"] > counts["lift_below_1@10"]
    assert board[["later_lift_below_1@10", "near_duplicates@5"]].loc[["popularity", "graphrec"]].notna().all(axis=None)
    assert (board["three_types@10"].dropna().between(0, 1)).all() and board.loc["graphrec", "three_types@10"] > 0


def test_every_model_has_a_curve_that_begins_at_its_place_on_the_leaderboard(shop):
    board = pd.read_csv(shop / "out" / "leaderboard.csv", index_col="model")
    curves = pd.read_csv(shop / "out" / "tradeoff.csv")
    plain = ["popularity", "co-purchase count", "cosine of baskets"]
    models = {"graphrec", *plain, *(f"{name}, by uplift" for name in plain)}
    assert set(curves["model"]) == models and len(curves) == 7 * len(models)
    first = curves[(curves["setting"] == 0) & curves["model"].isin(plain)].set_index("model")
    for column, metric in {"ndcg": PLAIN, "ndcg_beyond_chance": BEYOND_CHANCE}.items():
        np.testing.assert_allclose(first[column], board.loc[first.index, metric])
    chosen = {name: float(str(board.loc[name, "chosen"]).split("specificity ")[1]) for name in models - set(plain)}
    points = curves.set_index(["model", "setting"])["ndcg_beyond_chance"]
    for name, specificity in chosen.items():
        if (name, specificity) in points.index:
            assert points[name, specificity] == pytest.approx(board.loc[name, BEYOND_CHANCE])
    written = (shop / "out" / "leaderboard.md").read_text()
    assert "observed" in written and "points of the baselines" in written and "as accurate as counts" in written


def test_nothing_surpasses_the_oracle(shop):
    board = pd.read_csv(shop / "out" / "leaderboard.csv", index_col="model")
    assert board.index[0] == ORACLE and "oracle" not in str(board["chosen"].tolist())
    for metric in ("recall@20", PLAIN, BEYOND_CHANCE, "hits_beyond_chance@20", "weighted_recall@5", "mrr@10"):
        assert board.loc[ORACLE, metric] == board[metric].max()
    segments = pd.read_csv(shop / "out" / "segments.csv")
    table = segments.pivot(index=["segment", "metric"], columns="model", values="value")
    assert (table.max(axis=1) <= table[ORACLE] + 1e-9).all()
    assert table.loc[("novel pairs", "recall@20"), ORACLE] > 0.9
    assert table.loc[("cold targets, type given", "in_type_hit@10"), ORACLE] == 1
    page = (shop / "out" / "report.html").read_text()
    assert f"{ORACLE[:10]}" in page and f"{ORACLE[:10]}" not in "".join(re.findall(r"<svg.*?</svg>", page, re.S))


def test_segments_tell_cold_from_warm(shop):
    segments = pd.read_csv(shop / "out" / "segments.csv")
    values = segments.set_index(["segment", "model", "metric"])["value"]
    counts, popular = (values["dense queries", name, "ndcg@10"] for name in ("co-purchase count", "popularity"))
    assert counts > popular
    # Popularity lists nothing that nobody has touched.
    assert values["cold targets", "popularity", "recall@20"] == 0
    assert values["dense queries", "co-purchase count", BEYOND_CHANCE] < counts
    assert {"novel pairs", "cold targets, type given", "tail targets", "dense queries"} <= set(segments["segment"])


def test_segments_hold_each_model_against_the_best_of_all_baselines(shop):
    segments = pd.read_csv(shop / "out" / "segments.csv")
    baselines = segments[~segments["model"].str.contains("graphrec|oracle")]
    for segment, metric in (("novel pairs", "recall@20"), ("cold targets", "recall@20"), ("tail queries", "ndcg@10")):
        rows = baselines[(baselines["segment"] == segment) & (baselines["metric"] == metric)]
        ours = segments[(segments["segment"] == segment) & (segments["metric"] == metric)].set_index("model")
        assert ours.loc["graphrec", "best_baseline"] == rows.loc[rows["value"].idxmax(), "model"]
        difference = ours.loc["graphrec", "value"] - rows["value"].max()
        assert ours.loc["graphrec", "difference"] == pytest.approx(difference)
        assert ours.loc["graphrec", "difference_low"] <= difference <= ours.loc["graphrec", "difference_high"]
    assert "Against the best of all baselines" in (shop / "out" / "leaderboard.md").read_text()


def test_finished_models_are_not_run_again(shop):
    facts = {path: path.stat().st_mtime_ns for path in (shop / "out" / "models").glob("*/facts.json")}
    assert len(facts) == 8  # each baseline twice, graphrec, repeat last
    before = (shop / "out" / "leaderboard.csv").read_text()
    again = graphrec("evaluate", shop / "shop.yaml", "--models", MODELS, "--out", shop / "out", *QUICK)
    assert again.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in facts} == facts
    assert (shop / "out" / "leaderboard.csv").read_text() == before
    # With another seed the questions are others, and everything is run anew.
    other = graphrec(
        "evaluate", shop / "shop.yaml", "--models", "count", "--out", shop / "out", *QUICK, "--set", "seed=5"
    )
    assert other.returncode == 0
    changed = shop / "out" / "models" / "count" / "facts.json"
    assert changed.stat().st_mtime_ns != facts[changed]


def test_wrong_calls_are_told_in_one_line(shop, tmp_path):
    wrong = graphrec("evaluate", shop / "shop.yaml", "--models", "magic", "--out", tmp_path / "out")
    assert wrong.returncode == 2
    assert "'magic' does not exist" in wrong.stderr
    file = tmp_path / "file"
    file.write_text("")
    blocked = graphrec("evaluate", shop / "shop.yaml", "--models", "count", "--out", file)
    assert blocked.returncode == 2
    assert "give another folder" in blocked.stderr


def test_fast_leaves_the_slow_out():
    assert model_keys(["all"]) == ["graphrec", *BASELINES, "repeat-last"]
    assert {key for key, baseline in BASELINES.items() if baseline.slow} == set(model_keys(["all"])) - set(
        model_keys(["fast"])
    )
    with pytest.raises(ConfigError, match="there are"):
        model_keys(["count", "nonsense"])


def test_a_library_that_is_missing_is_said(tmp_path, shop, monkeypatch):
    monkeypatch.setattr("graphrec.evaluation.evaluated_models.is_installed", lambda library: False)
    evaluation = write_evaluation(load_config(shop / "shop.yaml"), ["bm25", "count"], 1, tmp_path, "shop")
    assert "graphrec[baselines]" in evaluation.not_run["BM25"]


def test_intervals_cover_the_mean_as_often_as_they_say():
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(200):
        values = rng.exponential(size=(80, 1))
        low, high = interval(resampled_means(values, np.arange(80), 300, seed))
        covered += low[0] <= 1.0 <= high[0]
    assert 0.87 <= covered / 200 <= 0.99


def test_questions_of_one_basket_are_drawn_together():
    rng = np.random.default_rng(1)
    values = np.repeat(rng.random((40, 1)), 25, axis=0)
    basket = np.repeat(np.arange(40), 25)
    together = resampled_means(values, basket, 400, 0).std()
    apart = resampled_means(values, np.arange(1000), 400, 0).std()
    assert together / apart == pytest.approx(5, rel=0.2)  # sqrt(25): a basket is one observation


def test_intervals_hold_the_spread_over_seeds():
    # Two fits of .2 and .4 for every question: of two drawn, both are the first or the second half of the time.
    low_fit, high_fit = np.full((500, 1), 0.2), np.full((500, 1), 0.4)
    draws = Resampling(np.arange(500), 4_000, 0).means([low_fit, high_fit])[:, 0]
    shares = [np.isclose(draws, value).mean() for value in (0.2, 0.3, 0.4)]
    np.testing.assert_allclose(shares, [0.25, 0.5, 0.25], atol=0.03)
    alone = Resampling(np.arange(500), 100, 0).means([low_fit])
    np.testing.assert_allclose(alone, 0.2)


def test_baskets_of_one_customer_are_drawn_together():
    # Users 7 and 8; two baskets of nobody known.
    rows = pd.DataFrame({"basket": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5], "item": [0, 1] * 5})
    rows["user"] = [7, 7, 8, 8, 7, 7, np.nan, np.nan, np.nan, np.nan]
    events = rows.assign(kind=PURCHASE, time=pd.Timestamp("2024-01-01"))
    questions = one_random_item(basket_lines(events, 10, 0), np.ones(2, bool), 0)
    cluster = dict(zip(questions.basket.tolist(), questions.cluster.tolist(), strict=True))
    assert cluster[1] == cluster[3] and len(set(cluster.values())) == 4
    assert questions.only(questions.answer_item == 1).cluster.tolist() == [
        cluster[basket] for basket, query in zip(questions.basket.tolist(), questions.query, strict=True) if query == 0
    ]
    without = one_random_item(basket_lines(events.drop(columns="user"), 10, 0), np.ones(2, bool), 0)
    assert len(set(without.cluster.tolist())) == 5


def test_pairing_makes_differences_of_like_models_certain():
    values = np.random.default_rng(2).random((500, 1))
    first, second = (resampled_means(v, np.arange(500), 200, 3) for v in (values, values + 0.01))
    np.testing.assert_allclose(second - first, 0.01)


def test_tenths_hold_about_equal_numbers_of_questions():
    bought, asked = np.arange(100), np.full(100, 3)
    assert np.bincount(popularity_bands_of_questions(bought, asked)).tolist() == [10] * 10


def test_within_a_type_both_ways_of_asking_rank_its_items_only(planted):
    data, model = planted.materials.data, planted.recommender.model
    query, kind = np.array([0, 5, 5]), model.type_codes[[7, 7, 9]]
    ours = of_model(model).within_type(query, kind, 10)
    counts = rank_scores_within_type(BASELINES["count"].fit(data, {}, 0), data, query, kind, 10)
    for lists in (ours, counts):
        for row, wanted, asked in zip(lists, kind, query, strict=True):
            listed = row[row >= 0]
            assert (model.type_codes[listed] == wanted).all()
            assert asked not in listed and len(set(listed)) == len(listed) > 0
    row = counts[0][counts[0] >= 0]
    together = data.counts[[0]].toarray()[0][row]
    assert (np.diff(together) <= 0).all()


def test_within_a_type_items_stand_in_the_order_of_the_whole_list(planted):
    # What anyone buys is taken off by shares of all items there, and of the type's here; packs stand last there alone.
    model = listing(planted.recommender.model, specificity=0.0, near_duplicates="keep")
    fitted, codes = of_model(model), np.arange(30)
    whole = fitted.complements(codes, 10, None)
    kind = model.type_codes[whole[:, 0]]
    within = fitted.within_type(codes, kind, 30)
    for row, listed, wanted in zip(whole, within, kind, strict=True):
        of_type = row[model.type_codes[row] == wanted]
        # Substitutes of the query are out of the whole list, so the type's list may hold more between.
        assert [item for item in listed if item in of_type] == of_type.tolist()


def test_what_is_kept_out_is_not_in_the_lists(planted):
    model, counts = planted.recommender.model, planted.materials.data.counts
    codes = np.arange(60)
    lists = of_model(model).complements(codes, 10, sparse.csr_array(counts[codes]))
    assert not np.asarray(counts[np.repeat(codes, 10), lists.ravel()]).any()
    assert (lists != codes[:, None]).all() and (lists >= 0).all()

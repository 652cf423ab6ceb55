"""The page is whole, self-contained and escaped, whatever is lacking."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graphrec.errors import GraphrecError
from graphrec.evaluation.metrics import BEYOND_CHANCE, PLAIN
from graphrec.evaluation.report import Report, write_report
from graphrec.evaluation.report_plots import accuracy_plot, decile_plot, short_name
from graphrec.evaluation.studies.seed_protocol import SeedProtocol

NOTHING = pd.DataFrame()
EMPTY = Report("shop", {}, NOTHING, {}, NOTHING, NOTHING, {}, NOTHING, None)
MODELS = ("graphrec", "graphrec without reranking", "co-purchase", "<b>bold & co</b>", "costs $1 to $2")
SEED = SeedProtocol(
    visitors=1234,
    windows=33_318,
    test_windows=6_663,
    padding_share=0.8017,
    shared_share=1.0,
    trivial=0.8454,
    model=0.8323,
    trivial_real=0.2203,
    model_real=0.1543,
    honest_sessions=135,
    honest_queries=371,
    honest_unseen=0.5546,
    honest_trivial=0.0,
    honest_revisit=0.0928,
    honest_popularity=0.0046,
    honest_popularity_10=0.0248,
    honest_model=0.0091,
    honest_model_10=0.0269,
)


def board(models=MODELS):
    value = np.linspace(0.3, 0.1, len(models))
    metrics = (
        "ndcg_beyond_chance",
        "hits_beyond_chance",
        "ndcg",
        "hit_rate",
        "precision",
        "recall",
        "mrr",
        "weighted_recall",
    )
    columns = {f"{metric}@{cut}": value * cut / 10 for metric in metrics for cut in (5, 10, 20)}
    columns |= {f"{name}_low": column - 0.02 for name, column in columns.items()} | {
        f"{name}_high": column + 0.03 for name, column in columns.items()
    }
    columns |= dict.fromkeys(("type_recall@10", "types@10", "item_coverage@10", "gini@10", "direction"), value)
    columns |= {"fit_seconds": value * 100, "list_seconds": value, "peak_gib": value}
    frame = pd.DataFrame(columns, index=pd.Index(models, name="model"))
    frame["chosen"] = [f"factors={place}" if place else np.nan for place in range(len(models))]
    return frame


def full(models=MODELS):
    deciles = pd.DataFrame([(model, decile, decile / 20) for model in models for decile in range(1, 11)])
    segments = pd.DataFrame(
        [
            (segment, model, metric, 0.25, 0.2, 0.3, 1500)
            for metric in ("ndcg@10", "recall@10")
            for segment in ("novel pairs", "cold <queries>")
            for model in models
        ],
        columns=["segment", "model", "metric", "value", "low", "high", "queries"],
    )
    tradeoff = pd.DataFrame(
        {"model": "graphrec", "setting": ["0", "<1>"], "ndcg": [0.3, 0.2], "ndcg_beyond_chance": [0.1, 0.2]}
    )
    return Report(
        title="shop",
        facts={"cut": "2024-03-01 <noon>"},
        leaderboard=board(models),
        not_run={"<i>big</i>": "needs more memory than there is"},
        deciles=deciles.set_axis(["model", "decile", "ndcg_beyond_chance"], axis=1),
        segments=segments,
        curves={"encoder": ([2.0, 1.0], [2.1, 1.5]), "reranker": ([3.0], [3.1])},
        tradeoff=tradeoff,
        seed_protocol=SEED,
    )


def text_of(tmp_path, report):
    write_report(tmp_path / "report.html", report)
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def sections(page):
    """Heading of each `h3` -> what follows it."""
    parts = re.split(r"<h3>(.*?)</h3>", page)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_a_full_page_has_every_plot_and_leaves_nothing_out(tmp_path):
    page = text_of(tmp_path, full())
    assert page.count("<svg") == 5
    assert "Left out" not in page


def test_nothing_is_loaded_from_elsewhere(tmp_path):
    page = text_of(tmp_path, full())
    assert not re.search(r"<(script|link|img|iframe|object)\b|@import|url\((?!#)", page)
    assert all(target.startswith("#") for target in re.findall(r"(?:src|href)=\"([^\"]*)\"", page))


def test_every_name_is_there_and_escaped(tmp_path):
    """In the tables, and, since SVG is text too, in the drawings."""
    page = text_of(tmp_path, full())
    for raw in ("<b>bold", "<i>big", "<noon>", "cold <queries>", "<1>"):
        assert raw not in page
    for shown in ("&lt;b&gt;bold &amp; co&lt;/b&gt;", "&lt;i&gt;big&lt;/i&gt;", "costs $1 to $2", "co-purchase"):
        assert f"<td>{shown}</td>" in page
    assert "&lt;b&gt;bold &amp; co&lt;/b&gt;</text>" in page and "costs $1 to $2</text>" in page


def test_values_and_intervals_are_told(tmp_path):
    parts = sections(text_of(tmp_path, full()))
    assert "<td>graphrec</td><td>0.3000 [0.2800,\N{NO-BREAK SPACE}0.3300]</td>" in parts["Leaderboard"]
    assert "novel pairs (1,500)" in parts["By segment of the questions: ndcg@10"]
    assert "<td>0.250 [0.200,\N{NO-BREAK SPACE}0.300]</td>" in parts["By segment of the questions: ndcg@10"]
    assert "factors=1" in parts["Tuned settings"] and "<td>graphrec</td>" not in parts["Tuned settings"]
    assert "needs more memory" in parts["What did not run, and why"]
    assert "84.5%" in text_of(tmp_path, full()) and "83.2%" in text_of(tmp_path, full())


def test_the_headline_orders_the_page(tmp_path):
    report = full()
    models = report.leaderboard.assign(**{PLAIN: [0.1, 0.2, 0.3, 0.4, 0.5]})
    by_chance, plain = (
        sections(text_of(tmp_path, replace(report, leaderboard=models, headline=headline)))
        for headline in (BEYOND_CHANCE, PLAIN)
    )
    for page, first in ((by_chance, "graphrec"), (plain, "costs $1 to $2")):
        assert page["Leaderboard"].index(f"<td>{first}</td>") == page["Leaderboard"].index("<tbody>") + len(
            '<tbody>\n<tr class="own">' if first == "graphrec" else "<tbody>\n<tr>"
        )
    assert "Accuracy: NDCG@10 beyond chance" in by_chance and "Accuracy: NDCG@10" in plain


def test_what_is_empty_is_left_out_with_a_reason(tmp_path):
    page = text_of(tmp_path, EMPTY)
    assert "<svg" not in page and "nan" not in page.lower()
    assert page.count("Left out") == 12
    assert "Every model ran." in page


def test_columns_and_values_that_are_lacking_are_borne(tmp_path):
    models = board()[["ndcg_beyond_chance@10", "types@10"]].assign(**{"gini@10": np.nan})
    models.loc["co-purchase", "types@10"] = np.nan
    report = Report(
        "shop", {}, models, {}, pd.DataFrame(columns=["model"]), NOTHING, {"encoder": ((), ())}, NOTHING, None
    )
    page = text_of(tmp_path, report)
    assert page.count("<svg") == 2  # accuracy, and its one measure of diversity
    lists = sections(page)["What the lists are like"]
    assert "Gini of the places" not in lists and "<td>co-purchase</td><td>\N{EN DASH}</td>" in lists
    assert "0.3000 [" not in page


def test_the_deciles_compare_the_best_of_ours_with_the_best_of_the_others():
    report = full()
    drawing = str(decile_plot(report.deciles, report.leaderboard, BEYOND_CHANCE).drawing)
    assert ">graphrec</text>" in drawing and ">co-purchase</text>" in drawing
    assert "without reranking" not in drawing and "bold" not in drawing


def test_the_same_numbers_give_the_same_page(tmp_path):
    assert text_of(tmp_path, full()) == text_of(tmp_path, full())


def test_a_chart_grows_with_its_models():
    def height(models):
        drawing = str(accuracy_plot(board([f"model {number}" for number in range(models)]), BEYOND_CHANCE).drawing)
        return float(re.search(r'height="([\d.]+)pt"', drawing)[1])

    assert height(22) - height(2) == pytest.approx(20 * 0.26 * 72, rel=0.01)


def test_a_long_name_keeps_both_ends():
    short = short_name("graphrec with " + "very " * 20 + "little memory", most=30)
    assert len(short) == 30 and short.startswith("graphrec with") and short.endswith("tle memory")


def test_a_page_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "a file").touch()
    with pytest.raises(GraphrecError, match=r"cannot write .*give another path"):
        write_report(tmp_path / "a file" / "report.html", EMPTY)

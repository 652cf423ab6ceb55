"""What an evaluation found -> one self-contained HTML page with its plots as drawings inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader

from graphrec.compute.writing import write_text
from graphrec.errors import GraphrecError
from graphrec.evaluation.metrics import BEYOND_CHANCE
from graphrec.evaluation.oracle import ORACLE
from graphrec.evaluation.report_plots import (
    Curves,
    accuracy_plot,
    curve_plot,
    decile_plot,
    diversity_plot,
    is_own,
    tradeoff_plot,
)
from graphrec.evaluation.studies.seed_protocol import SeedProtocol

_ACCURACY = {
    "ndcg_beyond_chance@10": "NDCG beyond chance",
    "ndcg@10": "NDCG",
    "ndcg_beyond_chance@10_difference": "NDCG beyond chance, over the best baseline",
    "ndcg@10_difference": "NDCG, over the best baseline",
    "hits_beyond_chance@10": "hits beyond chance",
    "hit_rate@10": "hit rate",
    "precision@10": "precision",
    "recall@10": "recall",
    "mrr@10": "MRR",
    "weighted_recall@10": "weighted recall",
    "type_recall@10": "type recall",
}
_MAIN = tuple(_ACCURACY)[:4]
"""Columns of the first table that show their interval."""
_LISTS = {
    "top20_share@10": "places of the 20 commonest",
    "types@10": "types in a list",
    "three_types@10": "lists of 3 types or more",
    "item_coverage@10": "items in any list",
    "type_coverage@10": "types in any list",
    "gini@10": "Gini of the places",
    "lift_below_1@10": "pairs of lift below 1",
    "later_lift_below_1@10": "the same, later",
    "near_duplicates@5": "near-duplicates in the first 5",
    "contamination@10": "substitutes in lists",
    "direction": "direction",
}
_COST = {"fit_seconds": "seconds to fit", "list_seconds": "seconds to list", "peak_gib": "peak memory, GiB"}
_METRICS = (
    "ndcg_beyond_chance",
    "hits_beyond_chance",
    "ndcg",
    "hit_rate",
    "precision",
    "recall",
    "mrr",
    "weighted_recall",
)
_CUTS = (5, 10, 20)
_DASH, _NO_BREAK = "\N{EN DASH}", "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Report:
    """What an evaluation found; the page leaves out, with a reason, what is empty.

    Parameters
    ----------
    title : str
    facts : mapping of str to str
        The protocol in words: cut, questions, items, seeds.
    leaderboard : DataFrame
        One row a model, its index `model`. Columns `ndcg_beyond_chance@10`, `hits_beyond_chance@10`, `ndcg@10`,
        `hit_rate@10`, `precision@10`, `recall@10`, `mrr@10`, `weighted_recall@10`, all of them at 5 and 20 too, each
        with `_low` and `_high`; differences to the best baseline, as `ndcg@10_difference`, with `_low` and `_high`;
        `type_recall@10` and the figures of whole lists; `fit_seconds`, `list_seconds`, `peak_gib`; `chosen` (text:
        tuned settings). Any may be lacking or NaN.
    not_run : mapping of str to str
        Model -> why it did not run.
    deciles : DataFrame
        `model`, `decile` (1 the rarest queries to 10 the most popular), `ndcg_beyond_chance`, `ndcg` (at 10).
    segments : DataFrame
        One row a segment of the questions, model and metric: `segment`, `model`, `metric`, `value`, `low`, `high`,
        `queries`.
    curves : mapping of str to tuple
        Stage of graphrec -> training and validation loss of each epoch.
    tradeoff : DataFrame
        `model`, `setting`, `ndcg`, `ndcg_beyond_chance`: a curve a model, in the order of the rows; may be empty.
    seed_protocol : SeedProtocol or None
    headline : str
        Column by which models are ordered.
    """

    title: str
    facts: Mapping[str, str]
    leaderboard: pd.DataFrame
    not_run: Mapping[str, str]
    deciles: pd.DataFrame
    segments: pd.DataFrame
    curves: Curves
    tradeoff: pd.DataFrame
    seed_protocol: SeedProtocol | None
    headline: str = BEYOND_CHANCE


@dataclass(frozen=True)
class Row:
    """Cells of a table's line, and whether the line is about one of our models."""

    cells: Sequence[str]
    own: bool


@dataclass(frozen=True)
class Table:
    """A table in texts, or why there is none.

    Parameters
    ----------
    heading, explanation : str
    columns : sequence of str
    rows : sequence of Row
    missing : str
        Said in place of a table without rows.
    folded : bool
        Whether it is opened only when asked for.
    """

    heading: str
    explanation: str
    columns: Sequence[str] = ()
    rows: Sequence[Row] = ()
    missing: str = ""
    folded: bool = False


def write_report(file: Path, report: Report) -> None:
    """Write the page.

    Raises
    ------
    GraphrecError
        When the file cannot be written.
    """
    environment = Environment(loader=PackageLoader("graphrec.evaluation", "."), autoescape=True)
    environment.filters["percent"] = _percent
    board = report.leaderboard
    if report.headline in board:
        board = board.sort_values(report.headline, ascending=False, kind="stable")
    drawn = board.drop(index=ORACLE, errors="ignore")  # far above all others, it would squash the scale
    page = environment.get_template("report.html").render(
        title=report.title,
        facts=report.facts,
        leaderboard=[_accuracy_table(board), *_every_cut(board)],
        accuracy=[accuracy_plot(drawn, report.headline), decile_plot(report.deciles, drawn, report.headline)],
        segments=_segment_tables(report.segments),
        lists=_list_table(board),
        diversity=[diversity_plot(drawn, report.headline), tradeoff_plot(drawn, report.tradeoff)],
        costs=[_cost_table(board), _settings_table(board), _not_run_table(report.not_run)],
        curves=curve_plot(report.curves),
        seed=report.seed_protocol,
    )
    try:
        write_text(file, page)
    except OSError as error:
        raise GraphrecError(f"cannot write {file}: {error.strerror}; give another path") from None


def _accuracy_table(board: pd.DataFrame) -> Table:
    explanation = (
        "At lists of 10, the best first; in brackets, the interval of 95% over customers and seeds. Beyond chance: a "
        "hit counts what is left of it when the share of strangers' baskets of the same length that hold the item is "
        "taken off, and an item that is no hit costs as much; a list of what everybody buys has about 0. Differences "
        "are to the best baseline by that metric."
    )
    return _by_model("Leaderboard", explanation, board, _ACCURACY, "Left out: no model was measured.", _MAIN)


def _every_cut(board: pd.DataFrame) -> list[Table]:
    """Make a folded table for each length of list, with all intervals."""
    tables = []
    for cut in _CUTS:
        columns = {f"{metric}@{cut}": metric.replace("_", " ") for metric in _METRICS}
        heading, missing = f"All metrics at {cut}, with intervals", f"Left out: nothing was measured at {cut}."
        table = _by_model(heading, "", board, columns, missing, tuple(columns), folded=True)
        tables.append(table)
    return [table for table in tables if table.rows]


def _list_table(board: pd.DataFrame) -> Table:
    explanation = (
        "Share of all places that the 20 commonest complements hold; types in a list of 10, and share of the lists "
        "that hold three or more; share of the items and of the types that stand in any list; Gini: 0 deals places to "
        "all items alike, 1 gives all to one; share of the listed pairs that met less often than by chance before the "
        "cut, and after it; share of the first five places that repeat the query or a place above; share of the places "
        "that hold a near substitute of the query; direction: "
        "share of the pairs bought in one order that are listed more in that order (0.5 is a coin)."
    )
    return _by_model("What the lists are like", explanation, board, _LISTS, "Left out: lists were not examined.")


def _cost_table(board: pd.DataFrame) -> Table:
    return _by_model("Time and memory", "", board, _COST, "Left out: times were not taken.", digits=1)


def _settings_table(board: pd.DataFrame) -> Table:
    known = board["chosen"].dropna() if "chosen" in board else pd.Series(dtype=object)
    rows = [Row((str(model), str(text)), is_own(model)) for model, text in known.items() if str(text)]
    explanation = "Chosen on a later part of the training log, never on the questions."
    return Table("Tuned settings", explanation, ("model", "settings"), rows, "Left out: nothing was tuned.")


def _not_run_table(not_run: Mapping[str, str]) -> Table:
    rows = [Row((model, reason), is_own(model)) for model, reason in not_run.items()]
    return Table("What did not run, and why", "", ("model", "reason"), rows, "Every model ran.")


def _by_model(
    heading: str,
    explanation: str,
    board: pd.DataFrame,
    columns: Mapping[str, str],
    missing: str,
    with_interval: Sequence[str] = (),
    digits: int = 4,
    folded: bool = False,
) -> Table:
    """Lay out columns of the leaderboard that hold a value, a line a model."""
    shown = [name for name in columns if name in board and board[name].notna().any()]
    if not shown:
        return Table(heading, explanation, missing=missing, folded=folded)
    cells = [_cells(board, name, name in with_interval, digits) for name in shown]
    rows = [
        Row((str(model), *line), is_own(model))
        for model, line in zip(board.index, zip(*cells, strict=True), strict=True)
    ]
    return Table(heading, explanation, ("model", *(columns[name] for name in shown)), rows, folded=folded)


def _cells(board: pd.DataFrame, name: str, with_interval: bool, digits: int) -> list[str]:
    if not with_interval:
        return [_number(value, digits) for value in board[name]]
    bounds = board.reindex(columns=[name, f"{name}_low", f"{name}_high"])
    return [_interval(line, digits) for line in bounds.itertuples(index=False, name=None)]


def _segment_tables(segments: pd.DataFrame) -> list[Table]:
    """Make a table for each metric, the models down and the segments across; all but the first are folded."""
    heading = "By segment of the questions"
    if segments.empty or not {"segment", "model", "metric", "value"} <= set(segments.columns):
        return [Table(heading, "", missing="Left out: the questions were not divided into segments.")]
    explanation = "After a segment's name, the number of its questions; in brackets, the interval of 95%."
    tables = []
    for place, (metric, lines) in enumerate(segments.groupby("metric", sort=False)):
        lines = lines.reindex(columns=["segment", "model", "value", "low", "high", "queries"])
        names = lines["segment"].drop_duplicates().tolist()
        text = lines.assign(
            cell=[_interval(line, 3) for line in lines[["value", "low", "high"]].itertuples(index=False, name=None)]
        )
        models = lines["model"].drop_duplicates().tolist()
        grid = text.drop_duplicates(["model", "segment"]).pivot(index="model", columns="segment", values="cell")
        grid = grid.reindex(index=models, columns=names).fillna(_DASH)
        asked = lines.groupby("segment")["queries"].max()
        columns = [f"{name} ({_count(asked[name])})" for name in names]
        rows = [
            Row((str(model), *line), is_own(model)) for model, line in zip(grid.index, grid.to_numpy(), strict=True)
        ]
        tables.append(Table(f"{heading}: {metric}", explanation, ("model", *columns), rows, folded=place > 0))
    return tables


def _interval(bounds: tuple[float, ...], digits: int) -> str:
    value, low, high = bounds
    if pd.isna(value) or pd.isna(low) or pd.isna(high):
        return _number(value, digits)
    # A line may break before the interval, not inside it.
    return f"{_number(value, digits)} [{_number(low, digits)},{_NO_BREAK}{_number(high, digits)}]"


def _number(value: float, digits: int) -> str:
    return _DASH if pd.isna(value) else f"{value:,.{digits}f}"


def _count(value: float) -> str:
    return _DASH if pd.isna(value) else f"{value:,.0f}"


def _percent(share: float) -> str:
    return _DASH if pd.isna(share) else f"{100 * share:.1f}%"

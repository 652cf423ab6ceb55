"""What several cuts found -> cuts.csv, cuts.md, cuts.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader

from graphrec.compute.writing import write_text
from graphrec.evaluation.cut_board import CutBoard
from graphrec.evaluation.evaluated_model import OURS
from graphrec.evaluation.mean_of_cuts import OF_COUNTS, PLAIN, MeanOfCuts
from graphrec.evaluation.tradeoff import COUNTS

TITLES = {"ndcg_beyond_chance@10": "NDCG@10 beyond chance", "ndcg@10": "NDCG@10", "recall@20": "recall@20"}
LAST_ALONE = "last cut alone"


@dataclass(frozen=True)
class CutsReport:
    """What several cuts found, and how.

    Parameters
    ----------
    title : str
    facts : mapping of str to str
        The protocol in words.
    mean : MeanOfCuts
    """

    title: str
    facts: Mapping[str, str]
    mean: MeanOfCuts


@dataclass(frozen=True)
class MetricTable:
    """One metric over the cuts, in texts: a heading, the columns, and a row a model with whether it is ours."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[tuple[bool, Sequence[str]]]


def facts_of_cuts(boards: Sequence[CutBoard], mean: MeanOfCuts, resamples: int) -> dict[str, str]:
    """Say how several cuts were evaluated.

    Parameters
    ----------
    boards : sequence of CutBoard
        The oldest cut first.
    mean : MeanOfCuts
    resamples : int
    """
    last = boards[-1]
    facts = {f"cut {n}": f"{board.split}; {len(board.cluster):,} questions" for n, board in enumerate(boards, start=1)}
    alone = [name for name in last.models if not any(name in board.models for board in boards[:-1])]
    if alone:
        facts[LAST_ALONE] = f"{', '.join(alone)}: slow to fit, and without a mean"
    if last.seeds > 1:
        facts["seeds"] = f"of graphrec 1 on every cut and {last.seeds} on the last, whose mean counts as the cut's"
    facts["mean"] = "over the cuts, which weigh alike"
    facts["intervals"] = (
        f"95%, two-level bootstrap: cuts are drawn, then questions within them, those of one customer together, "
        f"{resamples:,} resamples, paired for differences and ratios; {len(boards)} cuts tell little of how cuts differ"
    )
    facts |= {f"best baseline by {TITLES[metric]}": name for metric, name in mean.best.items()}
    for number, board in enumerate(boards, start=1):
        facts |= {f"not run on cut {number}: {name}": why for name, why in board.not_run.items()}
    return facts


def write_cuts_report(report: CutsReport, folder: Path) -> None:
    """Write the mean of the cuts as a table, as Markdown and as a page."""
    write_text(folder / "cuts.csv", report.mean.table.to_csv())
    write_text(folder / "cuts.md", _in_words(report))
    environment = Environment(loader=PackageLoader("graphrec.evaluation", "."), autoescape=True)
    page = environment.get_template("cuts.html").render(
        title=report.title, facts=report.facts, tables=metric_tables(report.mean), cuts=report.mean.cuts
    )
    write_text(folder / "cuts.html", page)


def metric_tables(mean: MeanOfCuts) -> list[MetricTable]:
    """Lay out each metric: its value on every cut, the mean, and what that is beside the best baseline."""
    return [_metric_table(mean, metric) for metric in mean.metrics]


def _metric_table(mean: MeanOfCuts, metric: str) -> MetricTable:
    columns = ["model", *(f"cut {number}" for number in range(1, mean.cuts + 1)), "mean of the cuts"]
    best = mean.best.get(metric)
    if best is not None:
        columns += [f"against {best}", "times"]
    if metric == PLAIN and OF_COUNTS in mean.table:
        columns.append(f"times {COUNTS}")
    rows = []
    for name, row in mean.table.iterrows():
        cells = [str(name), *(_number(row[f"{metric}_cut-{number}"]) for number in range(1, mean.cuts + 1))]
        cells.append(_mean(row, metric, mean.cuts))
        if best is not None:
            told = name != best
            cells.append(with_interval(row, f"{metric}_difference", "+.4f") if told else "")
            cells.append(with_interval(row, f"{metric}_ratio", ".3f") if told else "")
        if metric == PLAIN and OF_COUNTS in mean.table:
            cells.append(with_interval(row, OF_COUNTS, ".3f") if name != COUNTS else "")
        rows.append((str(name).startswith(OURS), cells))
    return MetricTable(TITLES[metric], columns, rows)


def _mean(row: pd.Series, metric: str, cuts: int) -> str:
    """Write the mean; of a model that did not run on every cut, say so in its place."""
    if not pd.isna(row[metric]):
        return with_interval(row, metric, ".4f")
    return LAST_ALONE if row["cuts"] == str(cuts) else f"cuts {row['cuts']} alone"


def with_interval(row: pd.Series, column: str, form: str) -> str:
    """Write a value with its interval; nothing where it is missing."""
    value, low, high = (row[name] for name in (column, f"{column}_low", f"{column}_high"))
    if pd.isna(value):
        return ""
    return f"{value:{form}}" if pd.isna(low) or pd.isna(high) else f"{value:{form}} ({low:{form}} to {high:{form}})"


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.4f}"


def _in_words(report: CutsReport) -> str:
    facts = "\n".join(f"- {name}: {text}" for name, text in report.facts.items())
    parts = [f"# {report.title}: {report.mean.cuts} cuts", facts]
    for table in metric_tables(report.mean):
        body = [[f"**{cells[0]}**" if cells[0] == OURS else cells[0], *cells[1:]] for _, cells in table.rows]
        lines = [table.columns, ["---"] * len(table.columns), *body]
        parts.append(f"## {table.heading}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines))
    return "\n\n".join(parts) + "\n"

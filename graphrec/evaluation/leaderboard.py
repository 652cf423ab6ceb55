"""An evaluation -> leaderboard.csv, segments.csv, leaderboard.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from graphrec.config import Config
from graphrec.errors import GraphrecError
from graphrec.evaluation.contenders import OURS
from graphrec.evaluation.evaluate import Evaluation, evaluate
from graphrec.evaluation.report import Report, write_report
from graphrec.progress import Display

_COLUMNS = {
    "ndcg@10": "NDCG@10",
    "recall@10": "recall@10",
    "recall@20": "recall@20",
    "hit_rate@10": "hit rate@10",
    "weighted_recall@10": "rare recall@10",
    "weighted_recall@10_at_counts": "rare recall@10 at counts' NDCG",
    "types@10": "types",
    "three_types@10": "of 3 types",
    "item_coverage@10": "items covered",
    "contamination@10": "substitutes",
}
_TIMES = {"fit_seconds": "fit, s", "list_seconds": "lists, s", "peak_gib": "peak, GiB"}
_SHARES = {"three_types@10", "item_coverage@10", "contamination@10"}
_SEGMENT_METRICS = {
    "every known item": "ndcg@10",
    "novel pairs": "recall@20",
    "cold queries": "recall@20",
    "cold targets": "recall@20",
    "cold queries, type given": "in_type_hit@10",
    "cold targets, type given": "in_type_hit@10",
    "dense queries": "ndcg@10",
    "middle queries": "ndcg@10",
    "tail queries": "ndcg@10",
    "tail targets": "recall@20",
}


def write_evaluation(
    config: Config, models: Sequence[str], seeds: int, folder: Path, title: str, display: Display | None = None
) -> Evaluation:
    """Evaluate, and write `leaderboard.csv`, `leaderboard.md`, `report.html` and the tables behind them.

    The lists of finished models are kept in `folder/models`, so that a run that was broken off goes on.

    Raises
    ------
    GraphrecError
        When the folder cannot be written; else as `evaluate`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        evaluation = evaluate(config, models, seeds, folder / "models", display)
        write_tables(evaluation, title, folder)
        write_report(folder / "report.html", report_of(evaluation, title))
    except OSError as error:
        raise GraphrecError(f"cannot write {folder}: {error.strerror}; give another folder by --out") from None
    return evaluation


def report_of(evaluation: Evaluation, title: str) -> Report:
    """Lay out what the page shows."""
    board = evaluation.leaderboard
    return Report(
        title=title,
        facts=evaluation.facts,
        leaderboard=board,
        not_run=evaluation.not_run,
        deciles=evaluation.deciles,
        segments=evaluation.segments,
        curves=evaluation.curves,
        tradeoff=evaluation.tradeoff,
        seed_protocol=evaluation.seed_protocol,
    )


def write_tables(evaluation: Evaluation, title: str, folder: Path) -> None:
    """Write the tables of an evaluation into a folder."""
    evaluation.leaderboard.to_csv(folder / "leaderboard.csv")
    evaluation.segments.to_csv(folder / "segments.csv", index=False)
    evaluation.deciles.to_csv(folder / "deciles.csv", index=False)
    evaluation.tradeoff.to_csv(folder / "tradeoff.csv", index=False)
    (folder / "leaderboard.md").write_text(leaderboard_in_words(evaluation, title), encoding="utf-8")


def leaderboard_in_words(evaluation: Evaluation, title: str) -> str:
    """Write the leaderboard, the segments and the protocol as Markdown."""
    facts = "\n".join(f"- {name}: {text}" for name, text in evaluation.facts.items())
    parts = [f"# {title}", facts, _main_table(evaluation), _segment_table(evaluation.segments)]
    parts += [_tuned(evaluation.leaderboard)]
    if evaluation.not_run:
        parts.append("Not run:\n\n" + "\n".join(f"- {name}: {why}" for name, why in evaluation.not_run.items()))
    return "\n\n".join(part for part in parts if part) + "\n"


def _main_table(evaluation: Evaluation) -> str:
    board = evaluation.leaderboard
    columns = {**_COLUMNS, **_TIMES}
    rows = [["model", *columns.values(), f"NDCG@10 against {evaluation.best_baseline or 'the best baseline'}"]]
    for name, row in board.iterrows():
        cells = [f"**{name}**" if name == OURS else str(name)]
        cells += [_with_interval(row, "ndcg@10"), *(_cell(column, row[column]) for column in list(columns)[1:])]
        rows.append([*cells, _difference(row)])
    return _markdown(rows)


def _with_interval(row: pd.Series, metric: str) -> str:
    return f"{row[metric]:.4f} ({row[f'{metric}_low']:.4f} to {row[f'{metric}_high']:.4f})"


def _difference(row: pd.Series) -> str:
    difference = row.get("ndcg@10_difference")
    if difference is None or pd.isna(difference):
        return ""
    return f"{difference:+.4f} ({row['ndcg@10_difference_low']:+.4f} to {row['ndcg@10_difference_high']:+.4f})"


def _cell(column: str, value: float) -> str:
    if pd.isna(value):
        return ""
    if column in _SHARES:
        return f"{value:.1%}"
    if column in ("types@10", *_TIMES):
        return f"{value:.1f}"
    return f"{value:.4f}"


def _segment_table(segments: pd.DataFrame) -> str:
    """Lay out one metric of every segment, a row a model."""
    wanted = pd.Series(_SEGMENT_METRICS).rename("metric").rename_axis("segment").reset_index()
    chosen = segments.merge(wanted, on=["segment", "metric"])
    if chosen.empty:
        return ""
    table = chosen.pivot(index="model", columns="segment", values="value")
    there = [segment for segment in _SEGMENT_METRICS if segment in table]
    asked = chosen.groupby("segment")["queries"].first()
    rows = [["model", *(f"{name}: {_SEGMENT_METRICS[name]} ({asked[name]:,})" for name in there)]]
    for name, row in table.sort_values(there[0], ascending=False).iterrows():
        rows.append([f"**{name}**" if name == OURS else str(name), *(f"{row[segment]:.4f}" for segment in there)])
    return "By segment (questions in brackets):\n\n" + _markdown(rows)


def _tuned(board: pd.DataFrame) -> str:
    tuned = board.loc[board["chosen"].fillna("") != "", "chosen"]
    lines = "\n".join(f"- {name}: {chosen}" for name, chosen in tuned.items())
    return f"Chosen on the validation part:\n\n{lines}" if lines else ""


def _markdown(rows: list[list[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)

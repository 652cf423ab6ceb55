"""An evaluation -> leaderboard.csv, segments.csv, leaderboard.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from graphrec.compute.progress import Display
from graphrec.compute.writing import write_text
from graphrec.config import Config
from graphrec.errors import GraphrecError
from graphrec.evaluation.evaluate import Evaluation, Plan, evaluate, make_plan, model_keys
from graphrec.evaluation.evaluated_model import OURS
from graphrec.evaluation.metrics import BEYOND_CHANCE, PLAIN
from graphrec.evaluation.report import Report, write_report
from graphrec.evaluation.split import split_log

_HEADLINES = {BEYOND_CHANCE: "NDCG@10 beyond chance", PLAIN: "NDCG@10"}
_COLUMNS = {
    "hits_beyond_chance@10": "hits@10 beyond chance",
    "recall@10": "recall@10",
    "recall@20": "recall@20",
    "hit_rate@10": "hit rate@10",
    "weighted_recall@10": "rare recall@10",
    "top20_share@10": "places of the top 20",
    "item_coverage@10": "items covered",
    "lift_below_1@10": "lift < 1",
    "later_lift_below_1@10": "lift < 1 later",
    "near_duplicates@5": "near-duplicates in the first 5",
    "types@10": "types",
    "three_types@10": "of 3 types",
    "contamination@10": "substitutes",
}
_TIMES = {"fit_seconds": "fit, s", "list_seconds": "lists, s", "peak_gib": "peak, GiB"}
_SHARES = {
    *("top20_share@10", "item_coverage@10", "lift_below_1@10", "later_lift_below_1@10", "near_duplicates@5"),
    *("three_types@10", "contamination@10"),
}
_SEGMENTS = {
    "every known item": BEYOND_CHANCE,
    "novel pairs": "recall@20",
    "cold queries": "recall@20",
    "cold targets": "recall@20",
    "cold queries, type given": "in_type_hit@10",
    "cold targets, type given": "in_type_hit@10",
    "dense queries": BEYOND_CHANCE,
    "middle queries": BEYOND_CHANCE,
    "tail queries": BEYOND_CHANCE,
    "tail targets": "recall@20",
}


def write_evaluation(
    config: Config,
    models: Sequence[str],
    seeds: int,
    folder: Path,
    title: str,
    display: Display | None = None,
    again: bool = False,
) -> Evaluation:
    """Evaluate what came after the cut that a configuration names, and write its tables; as `write_board`.

    Parameters
    ----------
    config : Config
    models : sequence of str
        Keys, or `all`, `fast`, `ablations`.
    seeds : int
        Fits of graphrec, averaged.
    folder, title, display, again
        As of `write_board`.
    """
    keys = model_keys(models)
    return write_board(make_plan(split_log(config, display), keys, seeds, display), folder, title, display, again)


def write_board(
    plan: Plan, folder: Path, title: str, display: Display | None = None, again: bool = False
) -> Evaluation:
    """Evaluate, and write `leaderboard.csv`, `leaderboard.md`, `report.html` and the tables behind them.

    The lists of finished models are kept in `folder/models`, so that a run that was broken off goes on.

    Parameters
    ----------
    plan : Plan
    folder : Path
    title : str
    display : Display, optional
    again : bool
        Whether finished models are run all the same.

    Raises
    ------
    GraphrecError
        When the folder cannot be written; else as `evaluate`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        evaluation = evaluate(plan, folder / "models", display, again)
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
        headline=evaluation.headline,
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
    write_text(folder / "leaderboard.csv", evaluation.leaderboard.to_csv())
    write_text(folder / "segments.csv", evaluation.segments.to_csv(index=False))
    write_text(folder / "deciles.csv", evaluation.deciles.to_csv(index=False))
    write_text(folder / "tradeoff.csv", evaluation.tradeoff.to_csv(index=False))
    write_text(folder / "leaderboard.md", leaderboard_in_words(evaluation, title))


def leaderboard_in_words(evaluation: Evaluation, title: str) -> str:
    """Write the leaderboard, the segments and the protocol as Markdown."""
    facts = "\n".join(f"- {name}: {text}" for name, text in evaluation.facts.items())
    parts = [f"# {title}", facts, _main_table(evaluation), _segment_table(evaluation)]
    parts += [_against_the_best(evaluation), _tuned(evaluation.leaderboard)]
    if evaluation.not_run:
        parts.append("Not run:\n\n" + "\n".join(f"- {name}: {why}" for name, why in evaluation.not_run.items()))
    return "\n\n".join(part for part in parts if part) + "\n"


def _main_table(evaluation: Evaluation) -> str:
    board = evaluation.leaderboard
    headlines = sorted(_HEADLINES, key=lambda metric: metric != evaluation.headline)
    columns = {name: title for name, title in (_COLUMNS | _TIMES).items() if name in board}
    against = [f"{metric} against {best}" for metric, best in evaluation.best_baseline.items()]
    rows = [["model", *(_HEADLINES[metric] for metric in headlines), *columns.values(), *against]]
    for name, row in board.iterrows():
        cells = [f"**{name}**" if name == OURS else str(name)]
        cells += [_with_interval(row, metric) for metric in headlines]
        cells += [_cell(column, row[column]) for column in columns]
        rows.append([*cells, *(_difference(row, metric) for metric in evaluation.best_baseline)])
    return _markdown(rows)


def _with_interval(row: pd.Series, metric: str) -> str:
    return f"{row[metric]:.4f} ({row[f'{metric}_low']:.4f} to {row[f'{metric}_high']:.4f})"


def _difference(row: pd.Series, metric: str = "") -> str:
    name = f"{metric}_difference" if metric else "difference"
    difference = row.get(name)
    if difference is None or pd.isna(difference):
        return ""
    return f"{difference:+.4f} ({row[f'{name}_low']:+.4f} to {row[f'{name}_high']:+.4f})"


def _cell(column: str, value: float) -> str:
    if pd.isna(value):
        return ""
    if column in _SHARES:
        return f"{value:.1%}"
    if column in ("types@10", *_TIMES):
        return f"{value:.1f}"
    return f"{value:.4f}"


def _of_segments(evaluation: Evaluation, segments: pd.DataFrame) -> pd.DataFrame:
    """Keep the one metric of each segment that is told."""
    metrics = {name: evaluation.headline if metric == BEYOND_CHANCE else metric for name, metric in _SEGMENTS.items()}
    wanted = pd.Series(metrics).rename("metric").rename_axis("segment").reset_index()
    return wanted.merge(segments, on=["segment", "metric"])


def _segment_table(evaluation: Evaluation) -> str:
    """Lay out one metric of every segment, a row a model."""
    chosen = _of_segments(evaluation, evaluation.segments)
    if chosen.empty:
        return ""
    table = chosen.pivot(index="model", columns="segment", values="value")
    there = [segment for segment in _SEGMENTS if segment in table]
    facts = chosen.groupby("segment")[["metric", "queries"]].first()
    rows = [["model", *(f"{name}: {facts['metric'][name]} ({facts['queries'][name]:,})" for name in there)]]
    for name, row in table.sort_values(there[0], ascending=False).iterrows():
        rows.append([f"**{name}**" if name == OURS else str(name), *(f"{row[segment]:.4f}" for segment in there)])
    return "By segment (questions in brackets):\n\n" + _markdown(rows)


def _against_the_best(evaluation: Evaluation) -> str:
    """Hold ours against the best of all baselines in each segment, whichever that is."""
    segments = evaluation.segments
    ours = _of_segments(evaluation, segments[(segments["model"] == OURS) & segments["best_baseline"].notna()])
    if ours.empty:
        return ""
    rows = [["segment", "metric", OURS, "best baseline", "difference"]]
    for _, row in ours.iterrows():
        best = f"{row['best_baseline']}: {row['value'] - row['difference']:.4f}"
        rows.append([row["segment"], row["metric"], f"{row['value']:.4f}", best, _difference(row)])
    return "Against the best of all baselines, by segment:\n\n" + _markdown(rows)


def _tuned(board: pd.DataFrame) -> str:
    tuned = board.loc[board["chosen"].fillna("") != "", "chosen"]
    lines = "\n".join(f"- {name}: {chosen}" for name, chosen in tuned.items())
    return f"Chosen on the validation part:\n\n{lines}" if lines else ""


def _markdown(rows: list[list[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)

"""Write the tables of measurements from what `graphrec evaluate CONFIG --cuts 3` left in eval/, and nothing else.

    python scripts/write_tables.py              writes the tables
    python scripts/write_tables.py --check      exit code 1 where a page holds other ones

README holds the results in short, docs/evaluation.md the whole boards. A table stands between
`<!-- table: NAME -->` and `<!-- end -->`; cells of what was not run stay empty.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
LOGS = {
    "Ta-Feng": "tafeng",
    "Online Retail": "online_retail",
    "generated shop": "shop",
    "Tianchi": "tianchi",
    "Amazon Beauty": "amazon_beauty",
    "Amazon Cell Phones": "amazon_cellphones",
}
"""Title of a log -> the folder of its evaluation."""
OURS, COUNTS, ORACLE, BY_SESSION = "graphrec", "co-purchase count", "oracle", ", by session"
BEYOND, PLAIN = "ndcg_beyond_chance@10", "ndcg@10"
METRICS = {BEYOND: "NDCG@10 beyond chance", PLAIN: "NDCG@10", "recall@20": "recall@20"}
FIGURES = {
    "top20_share@10": "places held by the 20 commonest complements (plain counts)",
    "item_coverage@10": "items that stand in any list (plain counts)",
    "lift_below_1@10": "listed pairs of lift below 1 (plain counts)",
    "near_duplicates@5": "near-duplicates in the first five (plain counts)",
}
_BEST = 3
"""Baselines of each log that the board of models shows."""
SEGMENTS = {
    "novel pairs": "recall@20",
    "cold queries, type given": "in_type_hit@10",
    "cold targets, type given": "in_type_hit@10",
}


@dataclass(frozen=True)
class Evaluated:
    """What one log's evaluation left.

    Parameters
    ----------
    folder : Path
        With `cuts.csv` and `cut-N/leaderboard.csv`, `cut-N/segments.csv`.
    """

    folder: Path

    @cached_property
    def mean(self) -> pd.DataFrame:
        """The mean of the cuts, a row a model; empty where the log was not evaluated."""
        return self._read("cuts.csv", "model")

    @cached_property
    def cuts(self) -> int:
        """How many cuts there are."""
        return len([name for name in self.mean if re.fullmatch(rf"{re.escape(PLAIN)}_cut-\d+", str(name))])

    @cached_property
    def boards(self) -> pd.DataFrame:
        """The figures of all cuts' leaderboards, averaged over the cuts on which a model ran."""
        boards = [self._read(f"cut-{number}/leaderboard.csv", "model") for number in range(1, self.cuts + 1)]
        boards = [board.select_dtypes("number") for board in boards]
        return pd.concat(boards).groupby(level=0).mean() if boards else pd.DataFrame()

    @cached_property
    def segments(self) -> pd.DataFrame:
        """The parts of the last cut's sets."""
        return self._read(f"cut-{self.cuts}/segments.csv")

    @cached_property
    def headline(self) -> str:
        """The metric that comes first: plain NDCG of given links."""
        return str(self.mean.columns[0]).removesuffix("_cut-1") if self.cuts else BEYOND

    @cached_property
    def baselines(self) -> pd.DataFrame:
        """The rows of `mean` that graphrec is held against: baselines that ran on every cut and see no session."""
        names = self.mean.index.astype(str)
        others = ~(names.str.startswith(OURS) | names.str.endswith(BY_SESSION) | names.str.startswith(ORACLE))
        return self.mean[others].dropna(subset=[PLAIN]) if self.cuts else self.mean

    def value(self, model: str, column: str) -> float:
        """Look a figure of the mean up; NaN where there is none."""
        known = model in self.mean.index and column in self.mean
        return float(self.mean[column].to_dict()[model]) if known else float("nan")

    def _read(self, file: str, index: str | None = None) -> pd.DataFrame:
        path = self.folder / file
        return pd.read_csv(path, index_col=index) if path.is_file() else pd.DataFrame()


def results_table(logs: Mapping[str, Evaluated]) -> list[list[str]]:
    """Lay out a row a log: NDCG@10 beyond chance of graphrec, of plain counts and of the best baseline."""
    rows = [["NDCG@10 beyond chance", OURS, "counts", "best baseline"]]
    for title, log in logs.items():
        if log.cuts:
            name = best(log, log.headline)
            ours, counts, theirs = (log.value(model, log.headline) for model in (OURS, COUNTS, name))
            rows.append([title, f"{ours:.4f}", "" if pd.isna(counts) else f"{counts:.4f}", f"{theirs:.4f} {name}"])
    return rows


def headline_table(logs: Mapping[str, Evaluated]) -> list[list[str]]:
    """Lay out models by logs: NDCG@10 beyond chance / NDCG@10; the best baseline or graphrec of a log is bold.

    Of the baselines the three best of each log, plain counts, popularity, and what ran on the last cut alone.
    """
    shown = {OURS, COUNTS, "popularity"}
    for log in logs.values():
        if log.cuts:
            shown |= {*log.baselines[log.headline].nlargest(_BEST).index, *log.mean.index[log.mean[PLAIN].isna()]}
    order = pd.concat([log.mean[log.headline].rename(title) for title, log in logs.items() if log.cuts], axis=1)
    # Logs are compared by rank, since a point of NDCG is not worth the same on all of them.
    models = order.rank(ascending=False).mean(axis=1).sort_values(kind="stable").index
    rows = [["NDCG@10 beyond chance / NDCG@10", *logs]]
    for model in (model for model in models if model in shown and not str(model).startswith(ORACLE)):
        name = f"**{model}**" if model == OURS else str(model)
        rows.append([name, *(headline_cell(log, str(model)) for log in logs.values())])
    return rows


def headline_cell(log: Evaluated, model: str) -> str:
    """Write the mean of the cuts; of a model that ran on the last alone that one's, with a mark."""
    means = [log.value(model, metric) for metric in (BEYOND, PLAIN)]
    last = [log.value(model, f"{metric}_cut-{log.cuts}") for metric in (BEYOND, PLAIN)]
    if pd.isna(last[1]) and pd.isna(means[1]):
        return ""
    if pd.isna(means[1]):
        return f"{last[0]:.4f} / {last[1]:.4f} †"
    told = f"{means[0]:.4f} / {means[1]:.4f}"
    rivals = log.mean.loc[log.mean.index.isin([*log.baselines.index, OURS]), log.headline]
    return f"**{told}**" if model == rivals.idxmax() else told


def against_table(logs: Mapping[str, Evaluated]) -> list[list[str]]:
    """Lay graphrec out against the best of all baselines, metric by metric, and what its lists are like."""
    lines: dict[str, Callable[[Evaluated], str]] = {}
    for metric, name in METRICS.items():
        lines |= {
            f"{name} minus the best baseline's": partial(interval, column=f"{metric}_difference", form="{:+.4f}"),
            f"{name}, times the best baseline's": partial(interval, column=f"{metric}_ratio", form="{:.3f}"),
            f"the best baseline by {name}": partial(best, metric=metric),
        }
    lines["NDCG@10, times that of plain counts"] = partial(interval, column=f"{PLAIN}_of_counts", form="{:.3f}")
    lines |= {title: partial(share, figure=figure) for figure, title in FIGURES.items()}
    lines |= {
        f"{part}, {metric} (the best baseline), last cut": partial(in_segment, part=part, metric=metric)
        for part, metric in SEGMENTS.items()
    }
    cells = [[title, *(cell(log) if log.cuts else "" for log in logs.values())] for title, cell in lines.items()]
    return [[OURS, *logs], *cells]


def interval(log: Evaluated, column: str, form: str) -> str:
    """Write a figure of graphrec with its 95% interval."""
    value, low, high = (log.value(OURS, f"{column}{end}") for end in ("", "_low", "_high"))
    if pd.isna(value) or pd.isna(low):
        return "" if pd.isna(value) else form.format(value)
    return f"{form.format(value)} ({form.format(low)} to {form.format(high)})"


def best(log: Evaluated, metric: str) -> str:
    """Name the baseline of the highest mean."""
    return str(log.baselines[metric].idxmax()) if metric in log.baselines and len(log.baselines) else ""


def share(log: Evaluated, figure: str) -> str:
    """Write a share of graphrec's lists, that of plain counts in brackets, the mean of the cuts."""
    if figure not in log.boards:
        return ""
    ours, counts = log.boards[figure].reindex([OURS, COUNTS])
    beside = "" if pd.isna(counts) else f" ({counts:.1%})"
    return "" if pd.isna(ours) else f"{ours:.1%}{beside}"


def in_segment(log: Evaluated, part: str, metric: str) -> str:
    """Write a metric of a part of the sets, and in brackets the best of all baselines there."""
    if log.segments.empty:
        return ""
    there = log.segments[(log.segments["segment"] == part) & (log.segments["metric"] == metric)]
    ours = there[there["model"] == OURS]
    if ours.empty:
        return ""
    others = there[~there["model"].str.startswith(OURS) & ~there["model"].str.startswith(ORACLE)].set_index("model")[
        "value"
    ]
    beside = f" ({others.max():.3f}, {others.idxmax()})" if len(others) else ""
    return f"{ours['value'].iloc[0]:.3f}{beside}"


Table = Callable[[Mapping[str, Evaluated]], list[list[str]]]
README_TABLES: Mapping[str, Table] = {"results": results_table}
BOARDS: Mapping[str, Table] = {"headline": headline_table, "graphrec": against_table}
COMMIT = "at commit "


def told(logs: Mapping[str, Evaluated], rows: Sequence[Sequence[str]], commit: str) -> str:
    """Write a table as Markdown, with where it comes from below."""
    head, *body = rows
    lines = ["| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *body]]
    most = max(log.cuts for log in logs.values())
    fewer = ", ".join(title for title, log in logs.items() if 0 < log.cuts < most)
    cuts = f"--cuts {most}"
    notes = ["† the last cut alone, and not compared."] if any("†" in line for line in lines) else []
    notes += [f"{fewer}: the last cut alone."] if fewer else []
    told_too = ", intervals 95%" if re.search(r"\(\S+ to \S+\)", "\n".join(lines)) else ""
    source = f"Mean of the cuts{told_too}: `graphrec evaluate CONFIG {cuts}`, {COMMIT}{commit}."
    return "\n".join([*lines, "", *notes, source])


def with_tables(page: str, tables: Mapping[str, Table], logs: Mapping[str, Evaluated], commit: str) -> str:
    """Put every table of a page between its marks."""
    for name, table in tables.items():
        begin, end = f"<!-- table: {name} -->", "<!-- end -->"
        if page.count(begin) != 1 or end not in page.partition(begin)[2]:
            raise ValueError(f"put the table {name!r} between one {begin} and {end}")
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n{told(logs, table(logs), commit)}\n{end}{rest.partition(end)[2]}"
    return page


def main() -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--eval", type=Path, default=ROOT / "eval", help="folder of the evaluations (eval)")
    parser.add_argument("--readme", type=Path, default=ROOT / "README.md")
    parser.add_argument("--boards", type=Path, default=ROOT / "docs" / "evaluation.md")
    parser.add_argument("--check", action="store_true", help="write nothing, and say whether the tables are right")
    args = parser.parse_args()
    logs = {title: Evaluated(args.eval / name) for title, name in LOGS.items()}
    if not any(log.cuts for log in logs.values()):
        print(
            f"{args.eval}: no log was evaluated at several cuts; run graphrec evaluate CONFIG --cuts 3", file=sys.stderr
        )
        return 2
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    pages = {}
    for file, tables in ((args.readme, README_TABLES), (args.boards, BOARDS)):
        old = file.read_text(encoding="utf-8")
        try:
            pages[file] = old, with_tables(old, tables, logs, git.stdout.strip() or "unknown")
        except ValueError as error:
            print(f"{file}: {error}", file=sys.stderr)
            return 2
    if args.check:
        others = [str(file) for file, texts in pages.items() if len({without_commit(text) for text in texts}) > 1]
        print(f"other tables: {', '.join(others)}" if others else "the tables are those of eval/", file=sys.stderr)
        return int(bool(others))
    for file, (_, new) in pages.items():
        file.write_text(new, encoding="utf-8")
    return 0


def without_commit(page: str) -> str:
    """Strike out by which commit tables were written."""
    return re.sub(rf"{COMMIT}\w+", "", page)


if __name__ == "__main__":
    sys.exit(main())

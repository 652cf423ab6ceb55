"""What a person reads in the terminal: the summary of a fit, and lists with titles and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from graphrec.doctor import Finding, Verdict
    from graphrec.evaluation import Evaluation
    from graphrec.evaluation.cuts_report import CutsReport
    from graphrec.recommender import Recommender


_HEADLINES = {"ndcg_beyond_chance@10": "beyond chance", "ndcg@10": "NDCG@10"}
"""Metrics that are printed of every model; the interval is that of the headline."""
_COLOURS = {"yes": "green", "partly": "yellow", "no": "red", "warning": "yellow", "note": "dim"}


def say(text: str) -> None:
    """Print a sentence as it stands."""
    Console().print(escape(text))


def print_doctor(name: str, facts: Mapping[str, str], wrong: Sequence[Finding], can: Sequence[Verdict]) -> None:
    """Print what a log holds, what is wrong with it, and what it can support."""
    console = Console()
    sections = {
        f"{name}: what it holds": [(escape(word), escape(value)) for word, value in facts.items()],
        "what is wrong with it": [(_coloured(f.level), escape(f.text)) for f in wrong] or [("", "nothing was found")],
        "what it can support": [(escape(v.what), f"{_coloured(v.answer)}: {escape(v.because)}") for v in can],
    }
    for title, rows in sections.items():
        table = Table(title=escape(title), title_justify="left", show_header=False, box=SIMPLE_HEAD, pad_edge=False)
        table.add_column(no_wrap=True)
        table.add_column()
        for row in rows:
            table.add_row(*row)
        console.print(table)


def _coloured(word: str) -> str:
    return f"[{_COLOURS[word]}]{word}[/]"


def print_fit(recommender: Recommender, place: Path, seconds: float, peak_gib: float) -> None:
    """Say what was read, built and measured."""
    report = recommender.model.report
    console = Console()
    rows, recall = report["rows"], report["annoy_recall_at_10"]
    facts = {
        "rows read": f"{rows['read']:,} (used {rows['used']:,})",
        **{f"  rejected, {reason}": f"{count:,}" for reason, count in rows["rejected"].items()},
        **{f"  filtered, {reason}": f"{count:,}" for reason, count in rows["filtered"].items()},
        "events": ", ".join(f"{kind} {count:,}" for kind, count in report["events"].items()),
        "items": f"{report['items']:,} of {report['types']:,} types, {report['cold_items']:,} cold",
        "baskets": f"{report['baskets']:,} of {report['sessions']:,} sessions",
        "similar links": f"{report['similar_links']:,} from {' and '.join(report['similar_sources'])}",
        "complement links": f"{report['complement_links']:,} ({report['substitutes_removed']:,} substitutes taken out)",
        "Annoy recall@10": f"similar {recall['similar']:.3f}"
        + "".join(
            f", {name} " + ("exact" if recall[key] is None else f"{recall[key]:.3f}")
            for name, key in (("complements", "complements"), ("expected by the counts", "expected"))
        ),
        "time, peak memory": f"{seconds:.0f} s, {peak_gib:.1f} GiB",
    }
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        table.add_row(escape(name), escape(value))
    console.print(table)
    for note in report["notes"]:
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)
    console.print(f"model: {escape(str(place))}")


def print_evaluation(evaluation: Evaluation, place: Path) -> None:
    """Print the leaderboard, what did not run, and where the rest was written."""
    console, board = Console(), evaluation.leaderboard
    first = evaluation.headline
    shown = {metric: _HEADLINES[metric] for metric in sorted(_HEADLINES, key=lambda metric: metric != first)}
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("model")
    for heading, width in (*((text, 7) for text in shown.values()), ("95%", 13), ("recall@20", 9), ("types", 5)):
        table.add_column(heading, justify="right", min_width=width)
    for name, row in board.iterrows():
        between = f"{row[f'{first}_low']:.4f}-{row[f'{first}_high']:.4f}"
        numbers = [*(f"{row[metric]:.4f}" for metric in shown), between, f"{row['recall@20']:.4f}"]
        # Of lists by session, and of the oracle's, not everything is told.
        numbers = [text.replace("nan-nan", "").replace("nan", "") for text in [*numbers, f"{row['types@10']:.1f}"]]
        table.add_row(escape(str(name)), *numbers)
    console.print(table)
    for name, why in evaluation.not_run.items():
        console.print(f"[yellow]not run:[/] {escape(name)}: {escape(why)}", highlight=False)
    for name, fact in evaluation.facts.items():
        console.print(f"{escape(name)}: {escape(fact)}", highlight=False)
    console.print(f"leaderboard, report: {escape(str(place))}")


def print_cuts(report: CutsReport, place: Path) -> None:
    """Print the headline of every model on each cut and their mean, and where the rest was written."""
    console, mean = Console(), report.mean
    first, *others = mean.metrics
    cuts = {f"{first}_cut-{number}": f"cut {number}" for number in range(1, mean.cuts + 1)}
    columns = {**cuts, first: "mean", f"{first}_low": "from", f"{first}_high": "to", f"{first}_ratio": "times best"}
    columns |= {metric: _HEADLINES.get(metric, metric) for metric in others}
    table = Table(title=_HEADLINES[first], title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("model", min_width=14)
    for heading in columns.values():
        table.add_column(heading, justify="right", min_width=6)
    for name, row in mean.table.reindex(columns=list(columns)).iterrows():
        table.add_row(escape(str(name)), *(f"{value:.4f}".replace("nan", "") for value in row))
    console.print(table)
    for name, fact in report.facts.items():
        console.print(f"{escape(name)}: {escape(fact)}", highlight=False)
    console.print(f"cuts.csv, cuts.md, cuts.html, and a board of each cut: {escape(str(place))}")


_EVIDENCE_WIDTH = 54
"""Columns of a terminal that rank, score, uplift, source, count and lift of an answer take."""


def print_table(answers: list[dict[str, Any]], recommender: Recommender, title: str) -> None:
    """Print recommendations or similar items with what a person knows them by."""
    catalogue = recommender.model.catalogue.frame.set_index("item")
    table = Table(
        title=escape(title) or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    widest = max((len(answer["item"]) for answer in answers), default=4)
    table.add_column("#", justify="right", min_width=2)
    table.add_column("item", min_width=widest, no_wrap=True)
    with_evidence = any("evidence" in answer for answer in answers)
    console = Console()
    room = console.width - widest - (_EVIDENCE_WIDTH if with_evidence else 0)
    table.add_column("title, or type", max_width=min(30, max(12, room)), no_wrap=True)
    table.add_column("score", justify="right", min_width=7)
    if with_evidence:
        table.add_column("uplift", justify="right", min_width=7)
        table.add_column("source", min_width=9)
        table.add_column("together", justify="right", min_width=8)
        table.add_column("lift", justify="right", min_width=5)
    types = recommender.model.features.types.names
    codes = recommender.model.type_codes[recommender.model.catalogue.codes(answer["item"] for answer in answers)]
    for answer, code in zip(answers, codes, strict=True):
        known_title = catalogue.at[answer["item"], "title"]
        name = known_title if isinstance(known_title, str) else types[code]
        row = [str(answer["rank"]), answer["item"], name, f"{answer['score']:.4f}"]
        if with_evidence:
            evidence = answer["evidence"]
            row += [f"{answer['uplift']:.1f} x", answer["source"]]
            row += [f"{evidence['bought_together']:,}", f"{evidence['lift']:.1f}"]
        table.add_row(*map(escape, row))
    console.print(table)


def print_cards(recommender: Recommender, items: Sequence[str], heading: str, session: Sequence[str] = ()) -> None:
    """Print the lists of some products, each under its title."""
    catalogue = recommender.model.catalogue.frame.set_index("item")
    console = Console()
    for item in items:
        title_of = catalogue.at[item, "title"]
        name = title_of if isinstance(title_of, str) else item
        seen = ", ".join(str(catalogue.at[step, "title"]) for step in session)
        console.print(f"\n[bold]{escape(name)}[/] ({escape(item)}): {escape(heading)} {escape(seen)}", highlight=False)
        answers = [asdict(answer) for answer in recommender.recommend(item, 5, session)]
        print_table(answers, recommender, "")

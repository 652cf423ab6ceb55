"""What a person reads in the terminal: the summary of a fit, and lists with titles and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

    from graphrec.doctor import Finding, Verdict
    from graphrec.evaluation import Evaluation, NextItemEvaluation
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
        "similar links": f"{report['similar_links']:,} from {' and '.join(report['similar_sources']) or 'nowhere'}",
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


def print_next_items(evaluation: NextItemEvaluation, place: Path) -> None:
    """Print the leaderboard of what comes next, and where the rest was written."""
    console = Console()
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    shown = {"recall@5": "recall@5", "recall@20": "recall@20", "mrr@20": "MRR@20", "coverage": "covered"}
    for heading in ("model", *shown.values()):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for name, row in evaluation.leaderboard.iterrows():
        table.add_row(escape(str(name)), *(f"{row[metric]:.4f}" for metric in shown))
    console.print(table)
    for name, fact in evaluation.facts.items():
        console.print(f"{escape(name)}: {escape(fact)}", highlight=False)
    console.print(f"leaderboard: {escape(str(place))}")


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


_LEAST_TITLE = 28
"""Characters that a title gets at least, wider than the terminal if need be: cut shorter, two of them look alike."""


def print_table(
    answers: Sequence[Mapping[str, Any]],
    recommender: Recommender,
    title: str,
    score: str = "score",
    of_cart: bool = False,
) -> None:
    """Print lists or similar items with what a person knows them by; titles get the room that is left.

    Parameters
    ----------
    answers : sequence of mapping
        As `asdict` makes of `Recommendation` or `SimilarItem`; without `evidence` nothing is said of it.
    recommender : Recommender
    title : str
        Above the table.
    score : str
        Heading of the scores.
    of_cart : bool
        Whether it is to be told with which item of the query an answer was bought together.
    """
    names = _names(recommender, [answer["item"] for answer in answers])
    columns: dict[str, list[str]] = {
        "#": [str(answer["rank"]) for answer in answers],
        "item": [answer["item"] for answer in answers],
        "title, or type": names,
        score: [f"{answer['score']:.4f}" for answer in answers],
    }
    if any("source" in answer for answer in answers):
        columns["uplift"] = [f"{answer['uplift']:.1f}" for answer in answers]
        columns["source"] = [answer["source"] for answer in answers]
    if any("evidence" in answer for answer in answers):
        columns["together"] = [f"{answer['evidence']['bought_together']:,}" for answer in answers]
        if of_cart:
            columns["with"] = [answer["evidence_of"] or "" for answer in answers]
        columns["lift"] = [f"{answer['evidence']['lift']:.1f}" for answer in answers]
    console = Console()
    width = {heading: max(map(len, [heading, *cells])) for heading, cells in columns.items()}
    others = sum(width.values()) - width["title, or type"] + len(width) - 1
    width["title, or type"] = min(width["title, or type"], max(_LEAST_TITLE, console.width - others))
    table = Table(title=escape(title) or None, title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False)
    for heading in columns:
        text = heading in ("item", "title, or type", "source", "with")
        justify: Literal["left", "right"] = "left" if text else "right"
        table.add_column(heading, justify=justify, width=width[heading], no_wrap=True)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(escape, row))
    console.width = max(console.width, sum(width.values()) + len(width) - 1)
    console.print(table)


def _names(recommender: Recommender, items: Sequence[str]) -> list[str]:
    """Name items of the catalogue by their titles, else by their types."""
    codes, types = recommender.catalogue.codes(items), recommender.model.features.types.names
    titles = recommender.catalogue.frame["title"].iloc[codes]
    kinds = recommender.model.type_codes[codes]
    return [title if isinstance(title, str) else types[kind] for title, kind in zip(titles, kinds, strict=True)]


def print_cards(recommender: Recommender, items: Sequence[str], heading: str, session: Sequence[str] = ()) -> None:
    """Print the lists of some products, each under its title."""
    seen = ", ".join(_names(recommender, session))
    for item, name in zip(items, _names(recommender, items), strict=True):
        _print_card(name, item, f"{heading} {seen}")
        answers = [asdict(answer) for answer in recommender.recommend(item, 5, session)]
        print_table(answers, recommender, "", "log score" if session else "score")


def print_new(recommender: Recommender, products: pd.DataFrame, lists: pd.DataFrame) -> None:
    """Print the first five complements of some new products, each under its title.

    Parameters
    ----------
    recommender : Recommender
    products : DataFrame
        Rows of a catalogue.
    lists : DataFrame
        As of `Recommender.recommend_new`.
    """
    titles = products["title"] if "title" in products else [None] * len(products)
    for item, title in zip(products["item"].astype(str).str.strip(), titles, strict=True):
        own = lists[(lists["item"] == item) & (lists["rank"] <= 5)]
        _print_card(title if isinstance(title, str) else item, item, "not in the catalogue, is completed by")
        shown = own[["complement", "rank", "score", "uplift", "source"]].rename(columns={"complement": "item"})
        answers = [dict(zip(shown.columns, row, strict=True)) for row in shown.to_numpy().tolist()]
        print_table(answers, recommender, "")


def _print_card(name: str, item: str, heading: str) -> None:
    Console().print(f"\n[bold]{escape(name)}[/] ({escape(item)}): {escape(heading)}", highlight=False)

"""The command line: doctor, fit, recommend, similar, embed, export, evaluate, shop.

Every command imports what it needs, so that none waits for what it does not use.
"""

from __future__ import annotations

import errno
import json
import sys
import time
import warnings
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphrec.cli.ids import OfIds, session_steps
from graphrec.config import ShopConfig
from graphrec.errors import ConfigError, GraphrecError, GraphrecWarning

if TYPE_CHECKING:
    from graphrec.recommender import Recommender

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Frequently-bought-together lists from a shop's log.",
)

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)
"""What a disk says that takes no more: what does not name its cure itself."""


class Task(StrEnum):
    """What `graphrec evaluate` asks."""

    lists = "lists"
    session = "session"


ModelPath = Annotated[Path, typer.Argument(help="What 'graphrec fit --out' wrote.")]
HowMany = Annotated[int, typer.Option("-k", min=1, help="How many per query.")]
Verify = Annotated[
    Path | None, typer.Option(metavar="KEY", help="Refuse a model that was not signed with this key file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout instead of a table.")]


@app.command()
def doctor(
    config: Annotated[Path, typer.Argument(help="YAML that says where the log is; see configs/.")],
    html: Annotated[Path | None, typer.Option(help="Write one self-contained page with plots.")] = None,
    as_json: AsJson = False,
    settings: Annotated[list[str] | None, typer.Option("--set", help="section.name=value, wins over the file.")] = None,
) -> None:
    """Say what a log holds, what is wrong with it, and whether it is enough."""
    from graphrec.cli.terminal import print_doctor, say
    from graphrec.compute.progress import Bars
    from graphrec.config import load_config
    from graphrec.doctor import examine, facts_in_words, findings, report_data, verdicts, write_page
    from graphrec.events import load_events

    display = Bars()
    resolved = load_config(config, settings or [])
    events = load_events(resolved, display)
    with display.stage("examining the log"):
        seen = examine(events, resolved)
    wrong, can = findings(seen), verdicts(seen, given_links=resolved.events.reader == "links")
    if html is not None:
        write_page(html, config.stem, facts_in_words(seen), seen, wrong, can)
    if as_json:
        sys.stdout.write(json.dumps(report_data(seen, wrong, can), indent=1, ensure_ascii=False) + "\n")
    else:
        print_doctor(config.stem, facts_in_words(seen), wrong, can)
        if html is not None:
            say(f"page: {html}")


@app.command()
def fit(
    config: Annotated[Path, typer.Argument(help="YAML that says where the log is; see configs/.")],
    out: Annotated[Path | None, typer.Option(help="Model directory to write; default models/NAME.")] = None,
    sign: Annotated[
        Path | None, typer.Option(metavar="KEY", help="Sign the model with this key file; see --verify.")
    ] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="section.name=value, wins over the file.")] = None,
) -> None:
    """Fit a model on a shop's log; under torchrun, with several processes."""
    from graphrec.cli.terminal import print_fit
    from graphrec.compute.hardware import first_before_others, joined_processes
    from graphrec.compute.memory import peak_gib
    from graphrec.compute.progress import Bars, Silent
    from graphrec.config import load_config
    from graphrec.events import load_events
    from graphrec.model.directory import require_place
    from graphrec.model.manifest import read_key
    from graphrec.recommender import Recommender

    started = time.perf_counter()
    resolved = load_config(config, settings or [])
    place = out or Path("models") / config.stem
    require_place(place)
    if sign is not None:
        read_key(sign)
    with joined_processes(resolved.training) as first:
        display = Bars() if first else Silent()
        if not first:
            warnings.simplefilter("ignore", GraphrecWarning)  # the first process says it
        with first_before_others():
            events = load_events(resolved, display)
        recommender = Recommender.fit(events, resolved, display)
        if first:
            recommender.save(place, sign)
            print_fit(recommender, place, time.perf_counter() - started, peak_gib())


@app.command(cls=OfIds)
def recommend(
    model: ModelPath,
    items: Annotated[list[str], typer.Argument(help="One item, or several as a cart.")],
    k: HowMany = 10,
    session: Annotated[
        list[str] | None,
        typer.Option(help="An item seen so far, or ID,ID; oldest first, may be given several times. Reranks the list."),
    ] = None,
    skip_unknown: Annotated[bool, typer.Option(help="Leave unknown ids out with a warning.")] = False,
    verify: Verify = None,
    as_json: AsJson = False,
) -> None:
    """Say what completes an item or a cart, with the evidence."""
    from graphrec.recommender import Recommender

    recommender = Recommender.load(model, verify)
    seen = [step for text in session or [] for step in session_steps(text, recommender)]
    answers = recommender.recommend(items, k, seen, unknown="skip" if skip_unknown else "raise")
    score = "log score" if seen else "score"
    title, of_cart = f"completes {', '.join(items)}", len(set(items)) > 1
    _show([asdict(answer) for answer in answers], recommender, as_json, title, score, of_cart)


@app.command(cls=OfIds)
def similar(
    model: ModelPath,
    item: Annotated[str, typer.Argument()],
    k: HowMany = 10,
    verify: Verify = None,
    as_json: AsJson = False,
) -> None:
    """Show the substitutes of an item."""
    from graphrec.recommender import Recommender

    recommender = Recommender.load(model, verify)
    answers = recommender.similar_items(item, k)
    _show([asdict(answer) for answer in answers], recommender, as_json, f"similar to {item}")


@app.command()
def embed(
    model: ModelPath,
    products: Annotated[Path, typer.Argument(help="Table of new products: CSV, Parquet or JSON lines.")],
    out: Annotated[Path, typer.Option(help="FILE.parquet, .csv or .jsonl: a row per product.")],
    k: HowMany = 10,
    verify: Verify = None,
) -> None:
    """Embed products that the model has never seen, and say what completes them; the first three are shown."""
    from graphrec.cli.products import products_config
    from graphrec.cli.terminal import print_new, say
    from graphrec.events import read_catalogue
    from graphrec.recommender import Recommender
    from graphrec.serving import check_format, write_table

    check_format(out)
    recommender = Recommender.load(model, verify)
    frame = read_catalogue(products_config(recommender, products))
    vectors = recommender.embed(frame)
    lists = recommender.recommend_new(frame, k, vectors)
    columns = lists.groupby("item", sort=False).agg(complements=("complement", list), scores=("score", list))
    ids = frame["item"].astype("str").str.strip()
    table = columns.reindex(ids).reset_index()
    table.insert(1, "embedding", list(vectors))
    write_table(table, out)
    print_new(recommender, frame.head(3), lists)
    say(f"{len(table):,} products, {vectors.shape[1]} dimensions, with complements: {out}")


@app.command()
def export(
    model: ModelPath,
    out: Annotated[Path, typer.Option(help="FILE.parquet, .csv or .jsonl.")],
    k: HowMany = 10,
    verify: Verify = None,
) -> None:
    """Write the bought-together list of every item: a row per item and rank."""
    from graphrec.cli.terminal import say
    from graphrec.compute.progress import Bars
    from graphrec.recommender import Recommender
    from graphrec.serving import check_format, write_table

    check_format(out)
    recommender = Recommender.load(model, verify)
    frame = recommender.recommend_all(k, Bars())
    write_table(frame, out)
    share = frame["source"].value_counts(normalize=True)
    sources = ", ".join(f"{name} {part:.1%}" for name, part in share.items())
    say(f"{len(frame):,} rows for {frame['item'].nunique():,} items ({sources}): {out}")


@app.command()
def evaluate(
    config: Annotated[Path, typer.Argument(help="YAML that says where the log is; see configs/.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write; default eval/NAME, of sessions eval/NAME-session. Finished models are kept."
        ),
    ] = None,
    models: Annotated[str, typer.Option(help="Comma separated; 'all', 'fast', 'ablations' for many.")] = "all",
    seeds: Annotated[
        int, typer.Option(min=1, help="Fits of graphrec that are averaged; of several cuts on the last alone.")
    ] = 1,
    cuts: Annotated[
        int,
        typer.Option(
            min=1,
            help="Cuts, each with its own fit, the last one the test; the slow baselines run on the last alone.",
        ),
    ] = 1,
    task: Annotated[
        Task, typer.Option(help="lists: what completes an item; session: what a shopper looks at next.")
    ] = Task.lists,
    again: Annotated[bool, typer.Option("--again", help="Run finished models and cuts anew.")] = False,
    settings: Annotated[list[str] | None, typer.Option("--set", help="section.name=value, wins over the file.")] = None,
) -> None:
    """Measure graphrec beside every baseline on what came after a cut, or several, and write a leaderboard."""
    from graphrec.cli.terminal import print_cuts, print_evaluation, print_next_items
    from graphrec.compute.progress import Bars
    from graphrec.config import load_config
    from graphrec.evaluation import evaluate_next_items, write_cuts, write_evaluation

    resolved = load_config(config, settings or [])
    if task is Task.session and (cuts > 1 or seeds > 1):
        raise ConfigError("--task session asks one cut of one seed; leave --cuts and --seeds out")
    place = out or Path("eval") / (config.stem if task is Task.lists else f"{config.stem}-{task}")
    asked = [name.strip() for name in models.split(",") if name.strip()]
    if task is Task.session:
        print_next_items(evaluate_next_items(resolved, asked, place, config.stem, Bars(), again), place)
    elif cuts > 1:
        print_cuts(write_cuts(resolved, asked, seeds, cuts, place, config.stem, Bars(), again), place)
    else:
        print_evaluation(write_evaluation(resolved, asked, seeds, place, config.stem, Bars(), again), place)


@app.command()
def shop(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    events: Annotated[int, typer.Option(min=1, help="Rows of the log.")] = ShopConfig().events,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    noise: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of unplanned complements.")
    ] = ShopConfig().noise,
    items: Annotated[int, typer.Option(min=2, help="Products.")] = ShopConfig().items,
) -> None:
    """Generate a shop's log in the REES46 columns, with planted complements, and a config to fit it."""
    from graphrec.cli.terminal import say
    from graphrec.compute.progress import Bars
    from graphrec.events.shop import generate_shop, write_shop

    generated = generate_shop(ShopConfig(events=events, seed=seed, noise=noise, items=items))
    try:
        write_shop(generated, out, Bars())
    except OSError as error:
        raise GraphrecError(f"cannot write {out}: {error.strerror}; give another folder") from None
    say(f"{events:,} events: {out}; next: graphrec fit {out / 'shop.yaml'}")


def _show(
    answers: list[dict[str, Any]],
    recommender: Recommender,
    as_json: bool,
    title: str,
    score: str = "score",
    of_cart: bool = False,
) -> None:
    if as_json:
        sys.stdout.write(json.dumps(answers, indent=1, ensure_ascii=False) + "\n")
    else:
        from graphrec.cli.terminal import print_table

        print_table(answers, recommender, title, score, of_cart)


def main() -> None:
    """Run the command line: what a user did wrong is one line on stderr and exit code 2."""

    def show_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        if issubclass(category, GraphrecWarning):
            complain("[yellow]warning:[/]", str(message))

    warnings.showwarning = show_warning
    try:
        app()
    except GraphrecError as error:
        complain(f"[red]{type(error).__name__}:[/]", str(error))
        sys.exit(2)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        place = f" for {error.filename}" if error.filename else ""
        complain("[red]GraphrecError:[/]", f"{error.strerror}{place}; make room, or give another place")
        sys.exit(2)


def complain(heading: str, text: str) -> None:
    """Write one line to stderr."""
    from rich.console import Console
    from rich.markup import escape

    Console(stderr=True, soft_wrap=True).print(f"{heading} {escape(text)}", highlight=False)

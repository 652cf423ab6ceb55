"""Examination -> one self-contained HTML page with its plots as drawings inside."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from graphrec.doctor.examination import Examination
from graphrec.doctor.findings import Finding
from graphrec.doctor.verdicts import Verdict
from graphrec.errors import GraphrecError
from graphrec.events import KINDS

_COLOURS: Mapping[str, str] = {"view": "#8aa9c8", "cart": "#e0a458", "purchase": "#3b7a57"}
_PRICE_BINS = 40


def write_page(
    file: Path,
    title: str,
    facts: Mapping[str, str],
    seen: Examination,
    wrong: Sequence[Finding],
    can: Sequence[Verdict],
) -> None:
    """Write the page.

    Raises
    ------
    GraphrecError
        When the file cannot be written.
    """
    environment = Environment(loader=PackageLoader("graphrec.doctor", "."), autoescape=True)
    plots = [(name, _drawn(draw, seen)) for name, (has, draw) in _PLOTS.items() if has(seen)]
    page = environment.get_template("page.html").render(
        title=title, facts=facts, findings=wrong, verdicts=can, plots=plots
    )
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise GraphrecError(f"cannot write {file}: {error.strerror}; give another path") from None


def _drawn(draw: Callable[[Axes, Examination], None], seen: Examination) -> Markup:
    """Draw a plot as SVG; the same numbers give the same text."""
    with rc_context({"svg.hashsalt": "graphrec", "font.size": 9, "svg.fonttype": "none"}):
        figure = Figure(figsize=(7.2, 3.4), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes, seen)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    # matplotlib escapes the texts it draws.
    drawing = text.getvalue()
    return Markup(drawing[drawing.index("<svg") :])


def _events_over_time(axes: Axes, seen: Examination) -> None:
    table = seen.per_day.pivot_table(index="day", columns="kind", values="events", aggfunc="sum", fill_value=0)
    for kind in KINDS:
        if kind in table:
            axes.plot(table.index, table[kind], label=kind, color=_COLOURS[kind])
    axes.set_yscale("symlog")
    axes.set_ylabel("events a day")
    axes.legend(frameon=False)
    axes.tick_params(axis="x", rotation=20)


def _popularity_tail(axes: Axes, seen: Examination) -> None:
    axes.loglog(np.arange(1, len(seen.popularity) + 1), seen.popularity, color="#3b7a57")
    axes.set_xlabel("item, the most frequent first")
    axes.set_ylabel("events")


def _basket_sizes(axes: Axes, seen: Examination) -> None:
    sizes = np.arange(1, len(seen.basket_sizes) + 1)
    axes.bar(sizes, list(seen.basket_sizes), color="#3b7a57")
    axes.set_xticks(sizes, [*(str(size) for size in sizes[:-1]), f"{sizes[-1]}+"])
    axes.set_xlabel("different items")
    axes.set_ylabel("baskets")


def _prices(axes: Axes, seen: Examination) -> None:
    prices = seen.prices[seen.prices > 0]
    axes.hist(prices, bins=np.geomspace(prices.min(), prices.max() * 1.001, _PRICE_BINS).tolist(), color="#e0a458")
    axes.set_xscale("log")
    axes.set_xlabel("price")
    axes.set_ylabel("items")


def _type_transition(axes: Axes, seen: Examination) -> None:
    names = [_short(str(name)) for name in seen.type_transition.index]
    picture = axes.imshow(seen.type_transition.to_numpy(), cmap="Greens", aspect="auto", vmin=0)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=6)
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.set_ylabel("bought")
    axes.set_xlabel("bought with it")
    axes.figure.colorbar(picture, ax=axes, label="share of its co-purchases")


def _short(name: str) -> str:
    return name if len(name) <= 28 else "..." + name[-25:]


_PLOTS: Mapping[str, tuple[Callable[[Examination], bool], Callable[[Axes, Examination], None]]] = {
    "Events over time": (lambda seen: not seen.per_day.empty, _events_over_time),
    "Popularity, from head to tail": (lambda seen: len(seen.popularity) > 0, _popularity_tail),
    "Basket sizes": (lambda seen: seen.baskets > 0, _basket_sizes),
    "Prices": (lambda seen: bool((seen.prices > 0).any()), _prices),
    "What type is bought with what": (lambda seen: seen.type_transition.size > 0, _type_transition),
}
"""Heading -> whether a log has what is to be drawn, and how it is drawn."""

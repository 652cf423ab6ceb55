"""The drawings of the evaluation report, as SVG text."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from graphrec.evaluation.metrics import BEYOND_CHANCE, PLAIN

OWN = "graphrec"
"""Models whose names begin with this are ours, and stand out."""

Curves = Mapping[str, tuple[Sequence[float], Sequence[float]]]
"""Stage -> training and validation loss of each epoch."""

_OURS, _OTHERS = "#3b7a57", "#8aa9c8"
_CURVES_A_ROW = 3


@dataclass(frozen=True)
class Plot:
    """A drawing with its heading, or why there is none.

    Parameters
    ----------
    heading, explanation : str
    drawing : Markup or None
    missing : str
        Said in place of the drawing.
    """

    heading: str
    explanation: str
    drawing: Markup | None
    missing: str = ""


def is_own(model: object) -> bool:
    """Tell whether a model is one of ours, by its name."""
    return str(model).startswith(OWN)


def accuracy_plot(leaderboard: pd.DataFrame, metric: str) -> Plot:
    """Draw the headline with its interval, the best on top."""
    heading = f"Accuracy: {_name(metric)}"
    explanation = "The line at a bar's end is the interval of 95% over customers and seeds. Green: graphrec."
    ranked = _with_values(leaderboard, [metric]).sort_values(metric, kind="stable")
    if ranked.empty:
        return Plot(heading, explanation, None, f"Left out: no model has {_name(metric)}.")

    def draw(figure: Figure) -> None:
        axes = _axes(figure)
        value = ranked[metric].to_numpy(dtype=float)
        bounds = ranked.reindex(columns=[f"{metric}_low", f"{metric}_high"]).to_numpy(dtype=float)
        reach = np.nan_to_num(np.abs(bounds - value[:, None])).T
        names = [short_name(model) for model in ranked.index]
        axes.barh(
            range(len(value)), value, xerr=reach, color=_colours(ranked.index), error_kw={"elinewidth": 1, "capsize": 2}
        )
        axes.set_yticks(range(len(value)), names)
        axes.set_ylim(-0.6, len(value) - 0.4)
        axes.set_xlabel(_name(metric))

    return Plot(heading, explanation, drawn(draw, (8.5, 0.9 + 0.26 * len(ranked))))


def decile_plot(deciles: pd.DataFrame, leaderboard: pd.DataFrame, metric: str) -> Plot:
    """Draw the headline by how popular the query is, ours against the best of the others."""
    heading = f"{_name(metric)}, from rare to popular queries"
    explanation = (
        "Tenths of the questions by how often their query was bought before the cut; ours and the best baseline."
    )
    column = metric.removesuffix("@10")
    known = _with_values(deciles, ["model", "decile", column])
    if known.empty:
        return Plot(heading, explanation, None, "Left out: nothing was measured by popularity decile.")
    models = _compared(known["model"].drop_duplicates().tolist(), leaderboard, metric)

    def draw(figure: Figure) -> None:
        axes = _axes(figure)
        for model in models:
            line = known[known["model"] == model].sort_values("decile")
            axes.plot(line["decile"], line[column], marker="o", label=short_name(model), color=_colours([model])[0])
        axes.set_xticks(range(1, 11))
        axes.set_ylim(bottom=min(0.0, float(axes.get_ylim()[0])))
        axes.set_xlabel("decile of the query: 1 the rarest, 10 the most popular")
        axes.set_ylabel(_name(metric))
        axes.legend(frameon=False)

    return Plot(heading, explanation, drawn(draw, (8.5, 3.6)))


def diversity_plot(leaderboard: pd.DataFrame, metric: str) -> Plot:
    """Draw the headline against the variety within lists and over all lists."""
    heading = "Accuracy against diversity"
    explanation = (
        "Further up is better; further right, lists of more types, and more of the shop that is listed; the fewer "
        "places the 20 commonest complements hold, the more lists say something of their query."
    )
    measures = {
        "types@10": "types in a list of 10",
        "item_coverage@10": "share of the items in any list",
        "top20_share@10": "places of the 20 commonest",
    }
    shown = {name: label for name, label in measures.items() if len(_with_values(leaderboard, [metric, name]))}
    if not shown:
        return Plot(heading, explanation, None, f"Left out: no model has {_name(metric)} and a measure of diversity.")
    models = _with_values(leaderboard, [metric]).sort_values(metric, ascending=False, kind="stable")

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        for axes, (name, label) in zip(panels, shown.items(), strict=True):
            _clean(axes)
            _numbered_points(axes, models, name, metric)
            axes.set_xlabel(label)
        panels[0].set_ylabel(_name(metric))
        _key(figure, models)

    return Plot(heading, explanation, drawn(draw, (12, _key_height(models))))


def tradeoff_plot(leaderboard: pd.DataFrame, tradeoff: pd.DataFrame) -> Plot:
    """Draw NDCG@10 against NDCG@10 beyond chance; the specificities of one model are joined."""
    heading = "Plain accuracy against accuracy beyond chance"
    explanation = (
        "A line joins the specificities of one model: its lists by P(j | i) minus so many times P(j), from 0 (at the "
        "number) on. The line further up and right is the better one; green: graphrec, with its specificities."
    )
    models = _with_values(leaderboard, [PLAIN, BEYOND_CHANCE])
    models = models.sort_values(BEYOND_CHANCE, ascending=False, kind="stable")
    lines = _with_values(tradeoff, ["model", "ndcg", "ndcg_beyond_chance"])
    if models.empty and lines.empty:
        return Plot(heading, explanation, None, "Left out: no model has an NDCG@10, plain and beyond chance.")

    def draw(figure: Figure) -> None:
        axes = _axes(figure)
        for model, points in lines.groupby("model", sort=False):
            own = str(model) == OWN
            style = {"linewidth": 2, "markersize": 6, "zorder": 4} if own else {"linewidth": 0.8, "markersize": 3}
            axes.plot(points["ndcg"], points["ndcg_beyond_chance"], marker=".", color=_colours([model])[0], **style)
            settings = points["setting"] if own and "setting" in points else pd.Series(dtype=object)
            for x, y, setting in zip(points["ndcg"], points["ndcg_beyond_chance"], settings, strict=False):
                text = f"{setting:g}" if isinstance(setting, float) else str(setting)
                axes.annotate(text, (x, y), (0, 5), textcoords="offset points", fontsize=7, ha="center")
        _numbered_points(axes, models, PLAIN, BEYOND_CHANCE)
        axes.set_xlabel(_name(PLAIN))
        axes.set_ylabel(_name(BEYOND_CHANCE))
        if len(models):
            _key(figure, models)

    return Plot(heading, explanation, drawn(draw, (9.5, _key_height(models))))


def curve_plot(curves: Curves) -> Plot:
    """Draw what each stage of graphrec saw while it was trained."""
    heading = "Learning curves"
    explanation = "Mean loss of each epoch; the epoch of the lowest validation loss was kept."
    shown = {stage: losses for stage, losses in curves.items() if len(losses[0])}
    if not shown:
        return Plot(heading, explanation, None, "Left out: no stage was trained.")
    rows, columns = -(-len(shown) // _CURVES_A_ROW), min(len(shown), _CURVES_A_ROW)

    def draw(figure: Figure) -> None:
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, (stage, losses) in zip(panels, shown.items(), strict=False):
            _clean(axes)
            for name, loss, colour in zip(("training", "validation"), losses, (_OTHERS, _OURS), strict=True):
                axes.plot(range(1, len(loss) + 1), list(loss), label=name, color=colour, marker=".")
            axes.set_title(short_name(stage), fontsize=9)
            axes.set_xlabel("epoch")
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.legend(frameon=False, fontsize=7)
        panels[0].set_ylabel("loss")
        for axes in panels[len(shown) :]:
            axes.set_visible(False)

    return Plot(heading, explanation, drawn(draw, (3.3 * columns + 0.6, 2.7 * rows)))


def drawn(draw: Callable[[Figure], None], size: tuple[float, float]) -> Markup:
    """Draw a figure as SVG; the same numbers give the same text.

    Parameters
    ----------
    draw : callable
    size : tuple of float
        Width and height in inches.
    """
    # A name with dollar signs is a name, no formula: parse_math.
    with rc_context({"svg.hashsalt": "graphrec", "font.size": 9, "svg.fonttype": "none", "text.parse_math": False}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    # matplotlib escapes the texts it draws.
    drawing = text.getvalue()
    return Markup(drawing[drawing.index("<svg") :])


def short_name(name: object, most: int = 44) -> str:
    """Cut a long name in the middle, where variants of one model differ least."""
    text = str(name)
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-(most // 2 - 3) :]}"


def _with_values(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Keep the rows that have all these columns; none where a column is lacking."""
    return frame.reindex(columns=frame.columns.union(columns, sort=False)).dropna(subset=columns)


def _name(metric: str) -> str:
    """Write a column's name as people do: `ndcg_beyond_chance@10` as NDCG@10 beyond chance."""
    return {BEYOND_CHANCE: "NDCG@10 beyond chance", PLAIN: "NDCG@10"}.get(metric, metric)


def _compared(models: Sequence[object], leaderboard: pd.DataFrame, metric: str) -> list[object]:
    """Choose the best of ours and the best of the others; without a leaderboard, the first of each."""
    value = leaderboard[metric] if metric in leaderboard else pd.Series(dtype=float)
    ranked = sorted(models, key=lambda model: -float(value.get(model, -np.inf)))
    sides = ([model for model in ranked if is_own(model) == own] for own in (True, False))
    return [side[0] for side in sides if side]


def _numbered_points(axes: Axes, models: pd.DataFrame, measure: str, metric: str) -> None:
    """Draw each model as a point with its place on the leaderboard; names would cover one another."""
    places = {model: place for place, model in enumerate(models.index, 1)}
    known = _with_values(models, [measure])
    axes.scatter(known[measure], known[metric], color=_colours(known.index), s=18, zorder=3)
    for model, x, y in zip(known.index, known[measure], known[metric], strict=True):
        axes.annotate(str(places[model]), (x, y), (3, 3), textcoords="offset points", fontsize=7)


def _key(figure: Figure, models: pd.DataFrame) -> None:
    """Say beside the panels which number is which model."""
    lines = [f"{place}. {short_name(model)}" for place, model in enumerate(models.index, 1)]
    handles = [figure.axes[-1].plot([], [], "o", markersize=4, color=colour)[0] for colour in _colours(models.index)]
    figure.legend(handles, lines, loc="outside right upper", frameon=False, fontsize=7, handletextpad=0.2)


def _key_height(models: pd.DataFrame) -> float:
    return max(3.8, 0.6 + 0.17 * len(models))


def _colours(models: Sequence[object] | pd.Index) -> list[str]:
    return [_OURS if is_own(model) else _OTHERS for model in models]


def _axes(figure: Figure) -> Axes:
    axes = figure.add_subplot()
    _clean(axes)
    return axes


def _clean(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)

"""A value that breaks a rule -> the setting that would read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from graphrec.config import EventsConfig

_FORMATS = (
    "%y-%m-%d %H:%M:%S",
    "%y-%m-%d %H:%M",
    "%y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S",
    "%Y%m%d",
    *(
        f"{first}{sign}{second}{sign}{year}{clock}"
        for sign in "/.-"
        for year in ("%Y", "%y")
        for first, second in (("%d", "%m"), ("%m", "%d"))
        for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
    ),
    "%d %b %Y %H:%M:%S",
    "%d %b %Y",
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y",
)
"""Times as shops write them, the likelier first."""
_NUMBERS = {
    r"\d{1,3}(,\d{3})+(\.\d+)?": {"thousands": ","},
    r"\d{1,3}(\.\d{3})+(,\d+)?": {"decimal": ",", "thousands": "."},
    r"\d{1,3}([ \u00a0\u202f]\d{3})+(,\d+)?": {"decimal": ",", "thousands": " "},
    r"\d{1,3}([ \u00a0\u202f]\d{3})+(\.\d+)?": {"thousands": " "},
    r"\d{1,3}('\d{3})+(\.\d+)?": {"thousands": "'"},
    r"\d*,\d+": {"decimal": ","},
    r"\d*\.\d+": {"decimal": "."},
}
"""How digits are grouped -> the settings that say so."""


def of_time(config: EventsConfig) -> Callable[[str], str]:
    """Name the format of a time that was not read, or was read as one of long ago or of the far future."""

    def cure(first: str) -> str:
        if first == "missing":
            return f"{_filling(config, 'time')}, or leave events.columns.time out"
        unit = _unit(first)
        if unit is not None and unit != config.time_format:
            return f"set events.time_format: {unit}"
        fits = [form for form in _FORMATS if form != config.time_format and _parses(first, form)]
        # A day and a month below 13 can be told apart by nobody who sees one time alone.
        told = " or ".join(repr(form) for form in fits[:2]) or "strftime's, or s / ms / us"
        return f"set events.time_format ({told}), or fix them"

    return cure


def of_early_time(config: EventsConfig) -> Callable[[str], str]:
    """Name the format of a time that was read as one of long ago, where it is likely one of today."""

    def cure(first: str) -> str:
        unit = _unit(first)
        odd = re.match(r"0{0,2}\d{2}[-/.]", first) is not None or (unit is not None and unit != config.time_format)
        return of_time(config)(first) if odd else "set events.earliest, or events.time_format where they are misread"

    return cure


def of_number(config: EventsConfig) -> Callable[[str], str]:
    """Name the signs of a number that was not read."""

    def cure(first: str) -> str:
        digits = re.sub(r"^[^\d,.]+|[^\d,.]+$", "", first)
        for pattern, settings in _NUMBERS.items():
            wanted = {"decimal": ".", "thousands": None} | settings
            same = wanted == {"decimal": config.decimal, "thousands": config.thousands}
            if re.fullmatch(pattern, digits) and not same:
                return " and ".join(f"set events.{name}: {value!r}" for name, value in settings.items())
        return (
            "set events.decimal or events.thousands, name what stands for no number under events.missing, or fix them"
        )

    return cure


def of_missing(config: EventsConfig, word: str) -> Callable[[str], str]:
    """Name what may fill a cell that must not be blank."""

    def cure(first: str) -> str:
        names = _columns(config, word)
        if word == "item" and len(names) > 1:
            return (
                f"events.columns.item joins {len(names)} columns into one id; if each of them holds an item, set "
                f"events.explode: {{column: [{', '.join(names)}]}}"
            )
        if word == "item" and config.explode is not None:
            return "correct events.explode, or fix them"
        column, dot, field = names[0].partition(".") if names else ("", "", "")
        if word == "item" and dot:
            return f"if '{column}' is a list of them, set events.explode: {{column: {column}, item: {field}}}"
        return f"{_filling(config, word)}, or fix them"

    return cure


def _filling(config: EventsConfig, word: str) -> str:
    names = ", ".join(_columns(config, word)) or word
    return f"if they stand on the first line of an order alone, set events.fill_down: [{names}]"


def _columns(config: EventsConfig, word: str) -> Sequence[str]:
    names = config.columns.get(word, [])
    return [names] if isinstance(names, str) else names


def _unit(first: str) -> str | None:
    """Tell the unit of Unix time by how many digits a time of this century has."""
    return {10: "s", 13: "ms", 16: "us"}.get(len(first)) if first.isdigit() else None


def _parses(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True

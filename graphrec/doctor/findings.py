"""What is wrong with a log, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from graphrec.doctor.examination import Examination

_ISOLATED_DAYS = 30
"""A stretch of days this far from all others is a clock that jumped, or two logs in one."""
_FEW = 0.01
"""Share of the events below which such a stretch is an accident."""


@dataclass(frozen=True)
class Finding:
    """Something that a person should look at.

    Parameters
    ----------
    level : str
        `warning`: lists will suffer; `note`: it is dealt with, or only limits what can be had.
    text : str
        What it is, and what can be done.
    """

    level: Literal["warning", "note"]
    text: str


def findings(seen: Examination) -> list[Finding]:
    """List what is wrong, what hurts most first."""
    found = [*_rows(seen), *_events(seen), *_catalogue(seen)]
    return sorted(found, key=lambda finding: finding.level != "warning")


def _rows(seen: Examination) -> Iterator[Finding]:
    for reason, rows in seen.rows.rejected.items():
        yield Finding("note", f"{rows:,} rows ({rows / seen.rows.read:.2%}) were rejected: {reason}")
    for reason, rows in seen.rows.filtered.items():
        yield Finding("note", f"{rows:,} rows ({rows / seen.rows.read:.2%}) were filtered: {reason}")
    for reason, rows in seen.rows.damaged.items():
        yield Finding("note", f"{rows:,} rows ({rows / seen.rows.read:.2%}) are used without a fact: {reason}")
    if seen.packed is not None:
        yield Finding("warning", seen.packed)
    if sum(seen.rows.filtered.values()) > 0.5 * seen.rows.read:
        yield Finding("note", "more than half of the rows were filtered: is that what events.keep is for?")


def _events(seen: Examination) -> Iterator[Finding]:
    if not seen.kinds["purchase"]:
        yield Finding("warning", "there are no purchases: nothing tells what completes what")
    if not seen.kinds["view"]:
        yield Finding("note", "there are no views: similar items come from the catalogue and from shared baskets")
    if seen.first is None:
        yield Finding("note", "there are no times: no time split, no decay; the order of the rows stands for them")
    elif seen.whole_days:
        yield Finding("note", "all times are whole days: what came first within a session is not known")
    if seen.zone_unknown:
        yield Finding(
            "note",
            "times that name no zone are taken for UTC; if they are local, set events.time_zone, or a change of clocks "
            "splits sessions",
        )
    if seen.baskets and seen.baskets_of_two < 0.1 * seen.baskets:
        share = seen.baskets_of_two / seen.baskets
        yield Finding(
            "warning",
            f"only {share:.1%} of the baskets hold two items; check which column is the order "
            "(events.columns.order or session)",
        )
    if seen.staples:
        item, share = next(iter(seen.staples.items()))
        more = f" and {len(seen.staples) - 1:,} more" if len(seen.staples) > 1 else ""
        yield Finding(
            "note",
            f"{share:.0%} of the baskets hold {item!r}{more}: lists.staples says where such an item stands in "
            "the lists of what it is bought with by chance alone",
        )
    if seen.longest_sessions > 0.01 * seen.sessions:
        share = seen.longest_sessions / seen.sessions
        yield Finding("warning", f"{share:.1%} of the sessions last more than a day; is the column a user's id?")
    if seen.users > 1 and seen.sessions == seen.users and seen.kinds["view"] and seen.first is not None:
        yield Finding("warning", "every user has one session; map the session's id, or the user's alone")
    yield from _clock_jumps(seen.per_day)


def _clock_jumps(per_day: pd.DataFrame) -> Iterator[Finding]:
    """Find small stretches of days that lie far from the rest."""
    if per_day.empty:
        return
    days = per_day.groupby("day")["events"].sum().sort_index()
    stretch = (days.index.to_series().diff() > pd.Timedelta(days=_ISOLATED_DAYS)).cumsum()
    sizes = days.groupby(stretch.to_numpy()).sum()
    for number in sizes.index[sizes < _FEW * days.sum()]:
        own = days.index[stretch.to_numpy() == number]
        yield Finding(
            "warning",
            f"{sizes[number]:,} events between {own.min():%Y-%m-%d} and {own.max():%Y-%m-%d} lie more than "
            f"{_ISOLATED_DAYS} days from all others, as if a clock had jumped; set events.earliest or events.latest",
        )


def _catalogue(seen: Examination) -> Iterator[Finding]:
    for word, value in seen.placeholders.items():
        yield Finding(
            "warning",
            f"the {word} of more than a tenth of the items is {value!r}; if it means that none is known, name it "
            f"under catalogue.missing.{word} or events.missing.{word}",
        )
    if seen.known["type"] == 0:
        source = "titles are clustered into types" if seen.known["title"] else "all items count as one type"
        yield Finding("warning", f"no item has a type: {source}; map columns.type if there are categories")
    elif seen.known["type"] < 0.9:
        yield Finding("note", f"only {seen.known['type']:.0%} of the items have a type")
    if seen.known["title"] == 0:
        yield Finding("note", "no item has a title: new items are placed by type, brand and price alone")
    if seen.items > seen.touched:
        yield Finding("note", f"{seen.items - seen.touched:,} of {seen.items:,} items were touched by no event")

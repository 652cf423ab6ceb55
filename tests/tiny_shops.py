"""Tiny shops of any damage, and what must hold of each: it is fitted and answers, or is refused in one line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from graphrec.compute.progress import Advance
from graphrec.config import Config, parse_config
from graphrec.doctor import examine, facts_in_words, findings, report_data, verdicts
from graphrec.errors import GraphrecError
from graphrec.events import load_events
from graphrec.recommender import Recommender
from graphrec.serving import write_table

SMALL: dict[str, Any] = {
    "features": {"text": "hashing", "text_dim": 8, "type_dim": 4, "brand_dim": 2},
    "encoder": {"epochs": 1, "dim": 8, "hidden": 8},
    "networks": {"epochs": 1, "pairs_per_epoch": 500, "hidden": 8},
    "ranker": {"epochs": 1, "networks": 1, "hidden": 8},
    "rerank": {"epochs": 1, "hidden": 8},
}
"""Networks too small to learn much: it is asked whether they run."""
FIRST_TRAINING = "encoder (GraphSAGE)"
"""Stage at whose beginning a log must have been accepted."""

_ITEMS = ("A", "7", "7.0", "-x", "x,y", 'say "B"')
_SOUND: dict[str, st.SearchStrategy[str]] = {
    "session": st.sampled_from(["1", "2", "3", "4", "5"]),
    "user": st.sampled_from(["guest", "ann"]),
    "kind": st.sampled_from(["purchase", "purchase", "view", "cart"]),
    "time": st.sampled_from(["2024-01-01", "2024-01-01 10:00:00", "2024-01-01T10:20:00+01:00", "2024-03-09 10:00:00"]),
    "price": st.sampled_from(["2.50", "0", "99", ""]),
    "quantity": st.sampled_from(["1", "2"]),
    "type": st.sampled_from(["tea", "mug", ""]),
    "title": st.sampled_from(["Green tea", "Mug", ""]),
}
_OTHERS = _SOUND.keys() - {"session", "user"}
_DAMAGED: dict[str, st.SearchStrategy[str]] = {
    "kind": st.sampled_from(["wish", ""]),
    "time": st.sampled_from(["", "soon", "1970-01-01"]),
    "price": st.sampled_from(["1,569.60", "-3", "n/a"]),
    "quantity": st.sampled_from(["many", "-1", ""]),
    "type": st.just("0"),
    "title": st.just("  "),
}


@dataclass(frozen=True)
class TinyShop:
    """A log of a few lines, and how it is to be read.

    Parameters
    ----------
    rows : list of dict
        Column -> text.
    catalogue : list of dict
        Rows of `item`, `type`, `title` and `price`; none where there is no such table.
    settings : dict
        Of `events`, beside path and columns.
    """

    rows: list[dict[str, str]]
    catalogue: list[dict[str, str]]
    settings: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> Config:
        """Write the tables, and say how they are read."""
        _write(self.rows, folder / "log.csv")
        columns = {name: name for name in self.rows[0]} if self.rows else {"item": "item", "session": "session"}
        raw: dict[str, Any] = {"events": {"path": str(folder / "log.csv"), "columns": columns} | self.settings}
        if self.catalogue:
            _write(self.catalogue, folder / "items.csv")
            raw["catalogue"] = {"path": str(folder / "items.csv")}
        return parse_config(SMALL | raw, "tiny shop")


def _write(rows: list[dict[str, str]], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]) if rows else ["item", "session"])
        writer.writeheader()
        writer.writerows(rows)


@st.composite
def tiny_shops(draw: st.DrawFn) -> TinyShop:
    """Draw a log of up to five sessions and six items; each column may be missing, whole or in places."""
    anchors = draw(st.sampled_from([("session",), ("user",), ("session", "user")]))
    columns = ["item", *anchors, *draw(st.lists(st.sampled_from(sorted(_OTHERS)), unique=True))]
    items = draw(st.sampled_from([_ITEMS[:size] for size in range(1, len(_ITEMS) + 1)]))
    # Damage everywhere would leave no log.
    damaged = draw(st.sets(st.sampled_from(columns), max_size=2))
    values = _SOUND | {"item": st.sampled_from(items)}
    values |= {name: values[name] | _DAMAGED.get(name, st.just("")) for name in damaged}
    row = st.fixed_dictionaries({name: values[name] for name in columns})
    rows = draw(st.lists(row, min_size=draw(st.sampled_from([0, 4, 8, 12])), max_size=14))
    if "type" in columns and draw(st.booleans()):
        rows = [row | {"type": f"type of {row['item']}"} for row in rows]
    listed = draw(st.sampled_from([(), (), items, ("cold",), (*items, "cold")]))
    facts = [{"item": item, **{name: draw(_SOUND[name]) for name in ("type", "title")}} for item in listed]
    settings: dict[str, Any] = {"max_rejected_share": draw(st.sampled_from([1.0, 1.0, 1.0, 0.05]))}
    if "price" in columns and draw(st.booleans()):
        settings["keep"] = [{"column": "price", "above": 0}]
    if "kind" not in columns:
        settings["default_kind"] = draw(st.sampled_from(["purchase", "purchase", "purchase", "view"]))
    return TinyShop(rows, facts, settings)


class Stages:
    """A display that remembers which stages were begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """Remember a stage."""
        self.begun.append(name)
        yield lambda steps: None


def check_shop(shop: TinyShop, folder: Path) -> str:
    """Take a shop through everything, and say how far it came: 'not read', 'not fitted' or 'fitted'.

    Raises
    ------
    AssertionError
        Where it is refused in several lines, or after it was trained, or an answer is not what was asked for.
    Exception
        Whatever is no refusal.
    """
    config, stages = shop.write(folder), Stages()
    try:
        events = load_events(config, stages)
    except GraphrecError as error:
        _is_one_line(error)
        return "not read"
    counts = events.counts
    assert counts.read == len(shop.rows) == counts.used + sum(counts.rejected.values()) + sum(counts.filtered.values())
    seen = examine(events, config)
    assert facts_in_words(seen)
    assert report_data(seen, findings(seen), verdicts(seen, given_links=False))
    try:
        recommender = Recommender.fit(events, config, stages)
    except GraphrecError as error:
        _is_one_line(error)
        assert FIRST_TRAINING not in stages.begun, f"trained, and refused then: {error}"
        return "not fitted"
    assert FIRST_TRAINING in stages.begun
    recommender.save(folder / "model")
    _answers_alike(recommender, Recommender.load(folder / "model"), folder)
    return "fitted"


def _is_one_line(error: GraphrecError) -> None:
    assert "\n" not in str(error), f"more than a line: {error}"


def _answers_alike(one: Recommender, other: Recommender, folder: Path) -> None:
    """Ask both for everything: every list is as long as the shop allows, and of the same items."""
    items, k = one.items, 3
    for item in items:
        answers = one.recommend(item, k)
        assert len({answer.item for answer in answers} - {item}) == min(k, len(items) - 1)
        assert [answer.item for answer in answers] == [answer.item for answer in other.recommend(item, k)]
        assert len(one.similar_items(item, k)) == min(k, len(items) - 1)
        assert len(one.recommend(item, k, session=[items[0]])) <= k
        assert one.explain(item, answers[0].item).sentence
    assert len(one.recommend(items[:2], k)) == min(k, len(items) - 2)
    lists = one.recommend_all(k)
    assert len(lists) == len(items) * min(k, len(items) - 1)
    pd.testing.assert_frame_equal(lists, other.recommend_all(k))
    for ending in ("csv", "parquet", "jsonl"):
        write_table(lists, folder / f"lists.{ending}")
    written = pd.read_parquet(folder / "lists.parquet")
    assert written["complement"].tolist() == lists["complement"].tolist()

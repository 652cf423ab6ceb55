"""Score exported bought-together lists from outside: nothing of graphrec is used, only files that any user has.

    python scripts/score_export.py baskets LISTS TRAIN TEST    TRAIN, TEST: columns session, item
    python scripts/score_export.py links   LISTS KNOWN TEST    KNOWN, TEST: columns src, dst; LISTS long: export -k 200

Files are .parquet, .csv or .jsonl. LISTS has the columns item, complement, rank, as `graphrec export` writes them.
`python scripts/write_cut.py CONFIG OUT` writes the other two files of a log.

Baskets: each later basket of 2 to 100 items is asked about once, by one random item that TRAIN knows; its others are
the answers, ranked against everything. *Beyond chance* is hits minus what the same list finds in a stranger's basket of
the same length: item j is in m other items with a chance of `min(1, share_j * m)`, share_j its share of all test rows.
Links: each item is asked about once, by all its held-out links; known links are taken out of every list first.

What is shown of a list are its first k places (-k, 10). Exit code: 0; 1 when `--check` finds what a shop must never
meet; 2 when a file cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from list_opponents import (
    ANY_SIZE,
    BASKET_SIZES,
    COUNTS,
    count_pairs,
    is_linked,
    lists_from_baskets,
    lists_from_links,
)
from scipy import sparse

EXPECTED_TOGETHER = 3.0
"""Baskets in which chance alone would put a pair, from which on never having been together says something."""
WORD_OVERLAP = 0.6
"""Share of the words of two titles that both hold, from which on they name nearly the same thing."""
RESAMPLES, SEED = 1000, 7
MOST = {
    "items without a list": 0,
    "short lists": 0,
    "lists with the query itself": 0,
    "top-20 share as shown": 0.25,
    "lift below 1 in TRAIN, together": 0,
    "lift below 1 in TRAIN, never together": 0,
}
LEAST = {"known links first, until they run out": 0.99}
"""What `--check` asks of the facts that there are."""
EXPORT = "the export"
INTERVALS = ("NDCG", "NDCG beyond chance")
READERS: Mapping[str, Callable[[Path], Any]] = {
    ".parquet": pd.read_parquet,
    ".csv": partial(pd.read_csv, dtype=str, keep_default_na=False, na_values=[""]),
    ".jsonl": partial(pd.read_json, lines=True, dtype=False),
}


class UnusableFileError(Exception):
    """A file that cannot be scored, with the file and the reason in one line."""


def read(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read the columns of a table, ids as text."""
    if path.suffix not in READERS:
        raise UnusableFileError(f"{path}: the ending must be one of {', '.join(READERS)}")
    try:
        table: pd.DataFrame = READERS[path.suffix](path)
    except (OSError, ValueError) as error:
        raise UnusableFileError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None
    missing = [column for column in columns if column not in table]
    if missing:
        raise UnusableFileError(f"{path}: no column {missing[0]!r}; it has {', '.join(map(str, table.columns))}")
    table = table[list(columns)]
    holes = table.columns[table.isna().any()]
    if len(holes):
        raise UnusableFileError(
            f"{path}: column {holes[0]!r} has {int(table[holes[0]].isna().sum())} rows without a value"
        )
    if table.empty:
        raise UnusableFileError(f"{path}: no rows")
    return table.astype({column: str for column in columns if column != "rank"})


def read_lists(path: Path) -> pd.DataFrame:
    """Read an export: `item, complement, rank` (from 1), each rank of an item and each of its complements once."""
    lists = read(path, ["item", "complement", "rank"])
    rank = pd.to_numeric(lists["rank"], errors="coerce")
    if not (rank.ge(1) & rank.mod(1).eq(0)).all():
        raise UnusableFileError(f"{path}: column 'rank' must hold whole numbers from 1 on")
    lists["rank"] = rank.astype(int)
    for other in ("rank", "complement"):
        twice = lists[lists.duplicated(["item", other])]
        if len(twice):
            raise UnusableFileError(f"{path}: item {twice['item'].iloc[0]!r} has {other} {twice[other].iloc[0]} twice")
    return lists


def places(lists: pd.DataFrame, items: pd.Index, k: int) -> np.ndarray:
    """Lay lists out as `(items, k)` positions in `items`, -1 where there is none or it is not among them."""
    lists = lists[(lists["rank"] <= k) & lists["item"].isin(items)]
    laid = np.full((len(items), k), -1)
    row, column = (items.get_indexer(pd.Index(lists[end])) for end in ("item", "complement"))
    laid[row, lists["rank"].to_numpy() - 1] = column
    return laid


@dataclass(frozen=True)
class Questions:
    """Query item and number of answers of each; all pairs of question and answer; each item's share of all rows."""

    query: np.ndarray
    answers: np.ndarray
    question: np.ndarray
    answer: np.ndarray
    share: np.ndarray


def measure(lists: np.ndarray, asked: Questions) -> pd.DataFrame:
    """Score `(items, k)` lists: a row a question."""
    ranked, k = lists[asked.query], lists.shape[1]
    width = len(lists) + 1
    pairs = asked.question * width + asked.answer
    hit = np.isin(np.arange(len(ranked))[:, None] * width + ranked, pairs) & (ranked >= 0)
    expected = np.where(ranked >= 0, np.minimum(asked.share[ranked] * asked.answers[:, None], 1), 0)
    discount = 1 / np.log2(np.arange(2, k + 2))
    most = np.minimum(asked.answers, k)
    ideal = discount.cumsum()[most - 1]
    return pd.DataFrame(
        {
            "HR": hit.any(axis=1).astype(float),
            "recall": hit.sum(axis=1) / most,
            "NDCG": hit @ discount / ideal,
            "hits beyond chance": (hit - expected).sum(axis=1),
            "NDCG beyond chance": (hit - expected) @ discount / ideal,
        }
    )


def concentration(lists: np.ndarray) -> dict[str, float]:
    """Say how much of all places the 20 commonest complements hold, and which share of the items is listed at all."""
    held = np.bincount(lists[lists >= 0], minlength=len(lists))
    return {"top-20 share": float(np.sort(held)[-20:].sum() / max(held.sum(), 1)), "coverage": float((held > 0).mean())}


def board(models: Mapping[str, np.ndarray], asked: Questions) -> pd.DataFrame:
    """Score all models on the same questions, with 95% intervals of the NDCGs by bootstrap over questions."""
    found = {name: measure(lists, asked) for name, lists in models.items()}
    drawn = np.concatenate([table[list(INTERVALS)].to_numpy() for table in found.values()], axis=1)
    n, rng = len(asked.query), np.random.default_rng(SEED)
    draws = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) @ drawn / n for _ in range(RESAMPLES)])
    bounds = np.quantile(draws, [0.025, 0.975], axis=0).T.reshape(len(found), len(INTERVALS), 2)
    rows = {}
    for (name, table), (plain, beyond) in zip(found.items(), bounds, strict=True):
        names = [f"{metric} {end}" for metric in INTERVALS for end in ("low", "high")]
        rows[name] = dict(table.mean()) | dict(zip(names, [*plain, *beyond], strict=True)) | concentration(models[name])
    return pd.DataFrame.from_dict(rows, orient="index")


def as_shown(exported: pd.DataFrame, known: pd.Index, args: argparse.Namespace) -> dict[str, float]:
    """Say what the lists as a shopper sees them are like; each item that is known can have k others."""
    items = pd.Index(sorted({*known, *exported["item"], *exported["complement"]}))
    shown = exported[exported["rank"] <= args.k]
    length = shown.groupby("item").size()
    lists = places(exported, items, args.k)
    facts = {
        "items without a list": float((~known.isin(length.index)).sum()),
        "short lists": float((length < min(args.k, len(items) - 1)).sum()),
        "lists with the query itself": float(exported["item"].eq(exported["complement"]).sum()),
        "top-20 share as shown": concentration(lists)["top-20 share"],
    }
    if args.titles:
        facts["near-duplicates in the first five"] = near_duplicates(lists, items, read(args.titles, ["item", "title"]))
    return facts


def near_duplicates(lists: np.ndarray, items: pd.Index, titles: pd.DataFrame) -> float:
    """Share of the first five places with nearly the title of the query or of an item above (Jaccard, of words)."""
    text = titles.drop_duplicates("item").set_index("item")["title"].reindex(items).fillna("")
    word = text.str.lower().str.findall(r"\w+").explode().dropna().reset_index().drop_duplicates()
    cell = (items.get_indexer(pd.Index(word.iloc[:, 0])), pd.factorize(word["title"])[0])
    words = sparse.csr_array((np.ones(len(word)), cell), shape=(len(items) + 1, int(cell[1].max(initial=0)) + 1))
    size = np.asarray(words.sum(axis=1)).ravel()
    first = np.concatenate([np.arange(len(lists))[:, None], lists[:, :5]], axis=1)
    near = np.zeros(first.shape, dtype=bool)
    for place in range(1, first.shape[1]):
        for above in range(place):
            a, b = first[:, place], first[:, above]
            both = np.asarray(words[a].multiply(words[b]).sum(axis=1)).ravel()
            near[:, place] |= (both >= WORD_OVERLAP * np.maximum(size[a] + size[b] - both, 1)) & (b >= 0)
    listed = first[:, 1:] >= 0
    return float(near[:, 1:][listed].mean()) if listed.any() else 0.0


def ask_baskets(test: pd.DataFrame, items: pd.Index, file: Path) -> Questions:
    """Ask about each basket of 2 to 100 items by one random known item; the unknown ones are answers, too."""
    coded = test.assign(item=items.get_indexer(pd.Index(test["item"])))
    coded = coded.sort_values("session", kind="stable", ignore_index=True)
    size = coded.groupby("session")["item"].transform("size")
    known = coded["item"].ge(0).groupby(coded["session"]).transform("sum")
    coded = coded[(size >= BASKET_SIZES[0]) & (size <= BASKET_SIZES[1]) & (known > 0)]
    if coded.empty:
        raise UnusableFileError(f"{file}: no basket of 2 to 100 items has an item that the other log knows")
    question = pd.factorize(coded["session"])[0]
    item, others = coded["item"].to_numpy(), np.bincount(question) - 1
    known_row = np.flatnonzero(item >= 0)
    known_of = np.bincount(question[known_row])
    start = known_of.cumsum() - known_of
    query = item[known_row[start + np.random.default_rng(SEED).integers(known_of)]]
    answer = (item != query[question]) & (item >= 0)
    share = np.bincount(item[known_row], minlength=len(items)) / len(item)
    return Questions(query, others, question[answer], item[answer], share)


def below_chance(lists: np.ndarray, log: pd.DataFrame, items: pd.Index, name: str) -> dict[str, float]:
    """Share of the listed pairs that stand in fewer baskets, of any length, than chance would put them in."""
    pairs = count_pairs(log, items, ANY_SIZE)
    row, place = np.nonzero(lists >= 0)
    other = lists[row, place]
    together = np.asarray(pairs.together[row, other]).ravel()
    expected = pairs.bought[row] * pairs.bought[other] / max(pairs.baskets, 1)
    below = {
        "together": (together > 0) & (together < expected),
        "never together": (together == 0) & (expected >= EXPECTED_TOGETHER),
    }
    return {f"lift below 1 in {name}, {how}": float(found.sum() / max(len(row), 1)) for how, found in below.items()}


def score_baskets(args: argparse.Namespace) -> tuple[pd.DataFrame, dict[str, float]]:
    """Score lists on later baskets."""
    exported = read_lists(args.lists)
    train, test = (read(path, ["session", "item"]).drop_duplicates() for path in (args.known, args.test))
    items = pd.Index(sorted(train["item"].unique()))
    pairs, asked = count_pairs(train, items), ask_baskets(test, items, args.test)
    lists = places(exported, items, args.k)
    facts = {"questions": float(len(asked.query)), "items": float(len(items))} | as_shown(exported, items, args)
    facts |= below_chance(lists, train, items, "TRAIN") | below_chance(lists, test, items, "TEST")
    return board(lists_from_baskets(pairs, args.k) | {EXPORT: lists}, asked), facts


def score_links(args: argparse.Namespace) -> tuple[pd.DataFrame, dict[str, float]]:
    """Score lists on held-out links, and tell how the known ones are shown."""
    exported = read_lists(args.lists)
    known, test = (read(path, ["src", "dst"]).drop_duplicates() for path in (args.known, args.test))
    items = pd.Index(sorted({*known["src"], *known["dst"], *test["src"], *test["dst"]}))
    n, ends = len(items), (items.get_indexer(pd.Index(known["src"])), items.get_indexer(pd.Index(known["dst"])))
    one_way = sparse.csr_array((np.ones(len(known)), ends), shape=(n, n))
    given = sparse.csr_array(((one_way + one_way.T) > 0).astype(float))
    query, question = np.unique(items.get_indexer(pd.Index(test["src"])), return_inverse=True)
    answer, answers = items.get_indexer(pd.Index(test["dst"])), np.bincount(question)
    asked = Questions(query, answers, question, answer, np.bincount(answer, minlength=n) / len(answer))
    lists = places(exported, items, max(int(exported["rank"].max()), args.k))
    linked = is_linked(given, np.arange(n)[:, None], lists) & (lists >= 0)
    new = np.where(linked | (lists == np.arange(n)[:, None]), -1, lists)
    new = np.take_along_axis(new, np.argsort(new < 0, axis=1, kind="stable"), axis=1)[:, : args.k]
    shown, degree = linked[:, : args.k], np.diff(given.indptr)
    first = np.arange(args.k) < np.minimum(degree, args.k)[:, None]
    has = (degree > 0) & (lists[:, 0] >= 0)
    facts = {"questions": float(len(query)), "items": float(n)} | as_shown(exported, items[degree > 0], args)
    facts["known links first, until they run out"] = float(shown[first].mean())
    facts[f"known links among the first {args.k}"] = float(shown[has].mean()) if has.any() else 0.0
    return board(lists_from_links(given, query, args.k) | {EXPORT: new}, asked), facts


def failures(scores: pd.DataFrame, facts: Mapping[str, float]) -> list[str]:
    """Name what a shop must never meet."""
    found = [f"{name}: {facts[name]:.4g}, at most {most}" for name, most in MOST.items() if facts.get(name, 0) > most]
    found += [
        f"{name}: {facts[name]:.4g}, at least {least}" for name, least in LEAST.items() if facts.get(name, 1) < least
    ]
    beyond = scores["NDCG beyond chance"]
    if COUNTS in scores.index and beyond[EXPORT] <= beyond[COUNTS]:
        found.append(f"NDCG beyond chance: {beyond[EXPORT]:.4f}, above counts' {beyond[COUNTS]:.4f}")
    return found


def in_words(scores: pd.DataFrame, facts: Mapping[str, float], k: int) -> str:
    """Lay the scores out as a table, the facts below it."""
    shown = scores.map("{:.4f}".format)
    for metric in INTERVALS:
        shown[metric] += " (" + shown.pop(f"{metric} low") + " to " + shown.pop(f"{metric} high") + ")"
    lines = [f"at {k}, in brackets 95% intervals", shown.to_string(), ""]
    return "\n".join([*lines, *(f"{name}: {value:.6g}" for name, value in facts.items())])


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    about, _, more = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=about, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="baskets | links")
    for name, score, known in (("baskets", score_baskets, "train"), ("links", score_links, "known")):
        command = commands.add_parser(name)
        command.set_defaults(score=score)
        command.add_argument("lists", type=Path)
        command.add_argument("known", type=Path, metavar=known)
        command.add_argument("test", type=Path)
        command.add_argument("-k", type=int, default=10, help="places of a list that are shown (10)")
        command.add_argument("--titles", type=Path, help="table of item and title, to find near-duplicates in lists")
        command.add_argument("--json", action="store_true", help="JSON instead of a table")
        command.add_argument(
            "--check", action="store_true", help="exit code 1 where a shop would meet what it must not"
        )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    args = arguments(argv)
    try:
        scores, facts = args.score(args)
    except UnusableFileError as error:
        print(error, file=sys.stderr)
        return 2
    wrong = failures(scores, facts)
    told = {"k": args.k, "models": scores.to_dict(orient="index"), "facts": facts, "must not be": wrong}
    print(json.dumps(told, indent=1) if args.json else in_words(scores, facts, args.k))
    if args.check:
        print("\n".join(f"must not be: {one}" for one in wrong) or "nothing that must not be", file=sys.stderr)
    return int(args.check and bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

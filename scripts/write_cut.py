"""Write what an outside check of exported lists needs: what was known at a cut, and what came after it.

    python scripts/write_cut.py configs/online_retail.yaml cut     -> cut/train.parquet, cut/test.parquet: session, item
    python scripts/write_cut.py configs/amazon_beauty.yaml cut     -> cut/known.parquet, cut/test.parquet: src, dst; and
                                                                      cut/links_to_fit.parquet, in the reader's columns

The cut is that of `graphrec evaluate`; `--cut 2 --cuts 3` is the second of three, `cut-2` of `evaluate --cuts 3`.
Titles go to cut/titles.parquet where there are any. The commands that fit, export and score are printed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from graphrec.compute.connections import open_duckdb
from graphrec.config import Config, load_config
from graphrec.errors import EventsError, GraphrecError
from graphrec.evaluation import Split, split_log
from graphrec.evaluation.questions import purchases
from graphrec.evaluation.rolling import rolling_origin
from graphrec.evaluation.split import HeldOut, events_with_baskets
from graphrec.events import KINDS, load_events
from graphrec.events.files import open_table
from graphrec.events.readers.links import link_column, log_defaults
from graphrec.events.tables import id_texts


def held_out(config: Config, cut: int | None, cuts: int) -> HeldOut | None:
    """Find the sessions that a cut holds out; None: what the configuration says, the last."""
    if cut is None:
        return None
    return rolling_origin(load_events(config), config, cuts)[cut - 1]


def baskets(split: Split, events: pd.DataFrame) -> pd.DataFrame:
    """List the items of each basket: `session, item`, no row twice."""
    bought = purchases(events)
    item = split.train.catalogue.items[bought["item"].to_numpy()]
    return pd.DataFrame({"session": bought["basket"].to_numpy().astype(str), "item": item}).drop_duplicates()


def of_log(split: Split) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Make the tables of a log, and what `graphrec fit` must be told to see no more than the first."""
    if not isinstance(split.cut, pd.Timestamp):
        raise EventsError("a log without times cannot be fitted as it was at a cut; set events.columns.time")
    known, later = baskets(split, events_with_baskets(split.train)), baskets(split, split.test)
    return {"train": known, "test": later}, [f"--set events.before={split.cut.isoformat()}"]


def both_ways(split: Split, events: pd.DataFrame) -> pd.DataFrame:
    """List the complement links of a stretch, `src, dst`, each with its reverse."""
    bought = events[events["kind"] == KINDS.index("purchase")]
    ends = bought.groupby("session")["item"].agg(["min", "max"]).to_numpy()
    ends = ends[ends[:, 0] != ends[:, 1]]
    ends = np.unique(np.concatenate([ends, ends[:, ::-1]]), axis=0)
    names = split.train.catalogue.items
    return pd.DataFrame({"src": names[ends[:, 0]], "dst": names[ends[:, 1]]})


def of_links(split: Split, out: Path) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Make the tables of given links.

    Each product with a known link is asked about by its held-out ones. What is fitted on are the rows of the original
    table whose link is known, substitutes among them, so that the reader and its rules read them as before.
    """
    events = events_with_baskets(split.train)
    known, later = both_ways(split, events), both_ways(split, split.test)
    later = later[later["src"].isin(known["src"])].merge(known, how="left", indicator=True)
    later = later.loc[later["_merge"] == "left_only", ["src", "dst"]]
    tables = {"known": known, "test": later, "links_to_fit": known_rows(split, events)}
    return tables, [f"--set events.path={out / 'links_to_fit.parquet'}"]


def known_rows(split: Split, events: pd.DataFrame) -> pd.DataFrame:
    """Take the rows of the original table of links that the split knows."""
    config = log_defaults(split.config.events)
    with open_duckdb(split.config.engine) as duck:
        raw = open_table(duck.connection, config)
        source, target, relation = (link_column(raw, word) for word in ("source", "target", "relation"))
        table: pd.DataFrame = raw.table.select(*raw.columns).to_pandas()
    kinds = {name: KINDS.index(kind) for kind, names in config.kinds.items() if kind in KINDS for name in names}
    codes = split.train.catalogue.items
    ends = np.stack([codes.get_indexer(pd.Index(id_texts(table[end]).str.strip())) for end in (source, target)], axis=1)
    rows = pd.DataFrame(np.sort(ends, axis=1), columns=["low", "high"]).assign(kind=table[relation].map(kinds))
    links = events.groupby("session").agg(low=("item", "min"), high=("item", "max"), kind=("kind", "first"))
    known = rows.merge(links.drop_duplicates(), how="left", on=["low", "high", "kind"], indicator=True)["_merge"]
    return table.loc[known.eq("both").to_numpy()]


def write(tables: Mapping[str, pd.DataFrame], split: Split, out: Path) -> bool:
    """Write the tables and the titles; tell whether there are titles."""
    titles = split.train.catalogue.frame[["item", "title"]].dropna()
    out.mkdir(parents=True, exist_ok=True)
    for name, table in {**tables, **({"titles": titles} if len(titles) else {})}.items():
        table.to_parquet(out / f"{name}.parquet", index=False)
    return bool(len(titles))


def main() -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--cut", type=int, metavar="N", help="which of the cuts, 1 the oldest (the last)")
    parser.add_argument("--cuts", type=int, default=3, help="of how many, as graphrec evaluate was told (3)")
    parser.add_argument("--set", dest="settings", action="append", default=[], help="section.name=value")
    args = parser.parse_args()
    if args.cut is not None and not 1 <= args.cut <= args.cuts:
        parser.error(f"--cut {args.cut}: there are 1 to {args.cuts}")
    try:
        config = load_config(args.config, args.settings)
        links = config.events.reader == "links"
        # What is hidden of a log could not be hidden from `graphrec fit`; given links are written without it.
        config = config if links else load_config(args.config, [*args.settings, "split.hidden_items=0"])
        split = split_log(config, held_out=held_out(config, args.cut, args.cuts))
        tables, settings = of_links(split, args.out) if links else of_log(split)
        titled = write(tables, split, args.out)
    except (GraphrecError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    settings = [*(f"--set {setting}" for setting in args.settings), *settings]
    kind, first, k = ("links", "known", 200) if links else ("baskets", "train", 10)
    print(f"{split.in_words()}: {', '.join(f'{len(table):,} rows in {name}' for name, table in tables.items())}")
    print(f"graphrec fit {args.config} {' '.join(settings)} --out {args.out / 'model'}")
    print(f"graphrec export {args.out / 'model'} --out {args.out / 'lists.parquet'} -k {k}")
    files = " ".join(str(args.out / f"{name}.parquet") for name in ("lists", first, "test"))
    titles = f" --titles {args.out / 'titles.parquet'}" if titled else ""
    print(f"python scripts/score_export.py {kind} {files}{titles}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

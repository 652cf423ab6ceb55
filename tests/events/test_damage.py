"""Nothing is dropped without being counted, and too much damage stops the run."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from graphrec.config import ShopConfig, parse_config
from graphrec.errors import EventsError
from graphrec.events import load_events
from graphrec.events.shop import generate_shop

COLUMNS = {"session": "s", "item": "i", "time": "t", "price": "p", "kind": "k", "quantity": "q"}
HEAD = "s,i,t,p,k,q\n"


def load(path, **settings):
    return load_events(parse_config({"events": {"path": str(path), "columns": COLUMNS} | settings}, "test"))


def row(number, **other):
    values = {"s": f"s{number // 4}", "i": f"i{number % 7}", "t": f"2024-01-01 10:{number // 60:02d}:{number % 60:02d}"}
    return ",".join({**values, "p": "2.5", "k": "view", "q": "1", **other}.values())


def damaged(tmp_path, good=400):
    """A log with one row of each damage among good ones."""
    bad = {
        "no item": row(0, i=""),
        "no session": row(1, s=""),
        "no time": row(2, t="soon"),
        "1970": row(3, t="1970-01-01 00:00:00"),
        "kind": row(4, k="wish"),
        "price": row(5, p="N/A"),
        "negative": row(6, p="-3"),
        "ragged": row(7) + ",and,more",
        "quantity": row(8, q="many"),
        "return": row(9, k="purchase", q="-2"),
        "duplicate": row(10),
        "cut off": "s9,i1,2024-01",
    }
    text = [row(number) for number in range(good)]
    *middle, last = bad.values()
    for place, line in enumerate(middle):
        text.insert(17 * (place + 2), line)
    path = tmp_path / "log.csv"
    path.write_text(HEAD + "\n".join([*text, last]) + "\n")
    return path, good + len(bad)


def test_every_row_is_accounted_for(tmp_path):
    path, rows = damaged(tmp_path)
    events = load(path)
    counts = events.counts
    assert counts.read == rows
    assert counts.used == 401
    assert counts.damaged == {"p: are no numbers": 1}
    assert counts.rejected == {
        "i: are missing": 1,
        "s: are missing": 1,
        "t: are no times": 1,
        "t: lie before 1990-01-01": 1,
        "k: are no known event kind": 1,
        "p: are below zero": 1,
        "q: are no numbers": 1,
        "line: wrong number of fields": 2,
    }
    assert counts.filtered == {"quantity: 0 or less, a return": 1, "duplicate: says the same of the same moment": 1}
    assert counts.used + sum(counts.rejected.values()) + sum(counts.filtered.values()) == counts.read


def test_the_quarantine_names_row_and_reason(tmp_path):
    path, _ = damaged(tmp_path)
    rejected = load(path).rejected
    text = path.read_text().splitlines()
    assert len(rejected) == 9
    for _, bad in rejected.iterrows():
        line = text[bad["row"]]  # the header is row 0
        if bad["reason"].startswith("line"):
            assert bad["text"].startswith(line)
        else:
            session, item = (bad["text"].split(f"{word}=")[1].split(",")[0] for word in ("session", "item"))
            assert line.startswith(f"{session},{item},")
    by_reason = rejected.set_index("reason")
    assert "quantity=many" in by_reason.at["q: are no numbers", "text"]
    assert text[by_reason.at["q: are no numbers", "row"]].split(",")[5] == "many"
    assert text[by_reason.at["p: are below zero", "row"]].split(",")[3] == "-3"
    assert text[by_reason.at["k: are no known event kind", "row"]].split(",")[4] == "wish"


def test_too_many_bad_rows_stop_the_run_and_name_the_rule(tmp_path):
    text = [row(number, p="free" if number % 10 == 0 else "1") for number in range(100)]
    path = tmp_path / "log.csv"
    path.write_text(HEAD + "\n".join(text) + "\n")
    with pytest.raises(
        EventsError, match=r"10 of 100 rows \(10.0%\).*max_rejected_share.*'p' has 10 .*'free' at row 1"
    ):
        load(path)
    spared = load(path, max_rejected_share=0.1)
    assert (spared.counts.used, spared.counts.damaged) == (100, {"p: are no numbers": 10})
    assert spared.frame["price"].isna().sum() == 10
    strict = load(path, max_rejected_share=0.1, on_bad_prices="reject").counts
    assert (strict.used, strict.rejected) == (90, {"p: are no numbers": 10})
    with pytest.raises(EventsError, match=r"'p' has 10 values.*on_bad_rows: quarantine"):
        load(path, max_rejected_share=1, on_bad_rows="fail")


def test_robots_are_filtered_and_long_orders_are_not(tmp_path):
    robot = [
        row(number, s="robot", t=f"2024-01-01 1{number // 600}:{number // 60 % 10:02d}:{number % 60:02d}")
        for number in range(1200)
    ]
    order = [row(number, s="order", k="purchase", i=f"o{number}") for number in range(60)]
    path = tmp_path / "log.csv"
    path.write_text(HEAD + "\n".join([*robot, *order]) + "\n")
    events = load(path)
    assert events.counts.filtered == {"session: over 1,000 views and carts, a robot": 1200}
    assert load(path, max_session_events=5000).counts.used == 1260


def test_days_and_logs_without_times_keep_repetitions(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("s,i,t\n1,a,2024-01-01\n1,a,2024-01-01\n")
    columns = {"session": "s", "item": "i", "time": "t"}
    assert load(path, columns=columns, default_kind="view").counts.used == 2
    del columns["time"]
    assert load(path, columns=columns, default_kind="view").counts.used == 2


@pytest.mark.parametrize("name", ["log.csv.gz", "log.csv.zst", "log-*.csv"])
def test_compressed_files_and_globs_give_the_same_log(tmp_path, name):
    frame = generate_shop(ShopConfig(events=600, days=3, seed=2)).events
    frame.to_csv(tmp_path / "whole.csv", index=False)
    if "*" in name:
        for part, rows in enumerate(np.array_split(np.arange(len(frame)), 3)):
            frame.iloc[rows].to_csv(tmp_path / f"log-{part}.csv", index=False)
    else:
        duckdb.sql(f"COPY (FROM frame) TO '{tmp_path / name}' (HEADER)")

    def read(path):
        return load_events(parse_config({"events": {"reader": "rees46", "path": str(tmp_path / path)}}, "test"))

    events = read(name)
    assert events.counts.used == 600
    pd.testing.assert_frame_equal(events.frame, read("whole.csv").frame)


def test_a_file_that_is_no_archive_is_told(tmp_path):
    (tmp_path / "log.csv.gz").write_text("s,i\n1,a\n")
    with pytest.raises(EventsError, match="cannot read"):
        load(tmp_path / "log.csv.gz")

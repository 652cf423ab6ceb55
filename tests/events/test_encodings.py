"""Other encodings, numbers with other signs, local times, workbooks, and catalogues that repeat themselves."""

import gzip
from datetime import datetime

import pandas as pd
import pytest

from graphrec.config import CatalogueConfig, parse_config
from graphrec.errors import ConfigError, EventsError, GraphrecWarning
from graphrec.events import load_events, read_catalogue
from tests.events.workbook import write_workbook

COLUMNS = {"item": "item", "session": "order", "title": "title"}


def load(path, columns=COLUMNS, catalogue=None, **settings):
    raw = {"events": {"path": str(path), "columns": columns, "default_kind": "purchase"} | settings}
    return load_events(parse_config(raw | ({"catalogue": catalogue} if catalogue else {}), "test"))


def titled(title, rows=4):
    return "order,item,title\n" + "".join(f"{row // 2},{'AB'[row % 2]},{title}\n" for row in range(rows))


TITLES = {"cp1252": "café crème", "latin-1": "thé à la menthe", "gbk": "红茶杯子", "utf-16": "tea", "utf-16-be": "tea"}


@pytest.mark.parametrize("encoding", TITLES)
@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.jsonl"])
def test_a_wrong_encoding_is_named_and_the_right_one_reads(tmp_path, encoding, name):
    text = titled(TITLES[encoding])
    if name.endswith("jsonl"):
        head, *lines = (line.split(",") for line in text.splitlines())
        pairs = [", ".join(f'"{key}": "{value}"' for key, value in zip(head, line, strict=True)) for line in lines]
        text = "".join(f"{{{pair}}}\n" for pair in pairs)
    content = text.encode(encoding)
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    with pytest.raises(EventsError, match=r"set events.encoding: ") as caught:
        load(path)
    likely = str(caught.value).rpartition(": ")[2]
    for right in (encoding, likely):
        events = load(path, encoding=right)
        assert (events.counts.read, events.counts.used) == (4, 4)
        assert set(events.catalogue.frame["title"]) == {TITLES[encoding]}


def test_another_encoding_than_the_one_that_is_set(tmp_path):
    (tmp_path / "log.csv").write_bytes(titled("café").encode("cp1252"))
    with pytest.raises(EventsError, match=r"no gbk .*set events.encoding: cp1252"):
        load(tmp_path / "log.csv", encoding="gbk")
    with pytest.raises(ConfigError, match=r"there is no encoding 'klingon'"):
        load(tmp_path / "log.csv", encoding="klingon")


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    (tmp_path / "log.csv").write_text(titled("tea"), encoding="utf-8-sig")
    assert load(tmp_path / "log.csv").counts.used == 4


def test_a_row_whose_title_alone_is_damaged_counts(tmp_path):
    good = titled("tea", 200)
    bad = b"90,A,caf\xe9\n91,B,th\xe9\n92,\xe9,tea\n"
    (tmp_path / "log.csv").write_bytes(good.encode() + bad)
    events = load(tmp_path / "log.csv")
    assert (events.counts.read, events.counts.used) == (203, 202)
    assert events.counts.damaged == {"title: hold bytes that are no utf-8": 2}
    assert events.counts.rejected == {"item: hold bytes that are no utf-8": 1}
    assert events.rejected["row"].tolist() == [203]
    assert events.rejected["file"].tolist() == [str(tmp_path / "log.csv")]  # the user's own, not a copy
    with pytest.raises(EventsError, match=r"3 of 204 lines .*line 202.*encoding: cp1252"):
        load(tmp_path / "log.csv", on_bad_rows="fail")


def test_a_header_in_another_encoding_is_told(tmp_path):
    (tmp_path / "log.csv").write_bytes("order,item,tïtle\n1,A,tea\n1,B,pot\n".encode("latin-1"))
    with pytest.raises(EventsError, match=r"first: line 1\); set events.encoding: cp1252"):
        load(tmp_path / "log.csv", {"item": "item", "session": "order"})
    assert load(tmp_path / "log.csv", COLUMNS | {"title": "tïtle"}, encoding="latin-1").counts.used == 2


def priced(*prices):
    return "order,item,price\n" + "".join(f"{row // 2},{'ABCD'[row]},{price}\n" for row, price in enumerate(prices))


@pytest.mark.parametrize(
    ("prices", "settings", "cure"),
    [
        (('"$1,226.16"', '"$7.50"'), {"thousands": ","}, "set events.thousands: ','"),
        (('"€ 1.226,16"', '"7,50 €"'), {"decimal": ",", "thousands": "."}, "events.decimal: ',' and .*thousands: '.'"),
        (('"1226,16"', '"7,5 EUR"'), {"decimal": ","}, "set events.decimal: ','"),
        (('"1 226,16 zł"', '"7,5"'), {"decimal": ",", "thousands": " "}, "events.decimal: ','"),
        (("1'226.16", "CHF 7.50"), {"thousands": "'"}, "events.thousands"),
        (("1226.16", "$7.50"), {}, None),
    ],
)
def test_numbers_as_shops_write_them(tmp_path, prices, settings, cure):
    (tmp_path / "log.csv").write_text(priced(*prices))
    columns = {"item": "item", "session": "order", "price": "price"}
    if cure:
        with pytest.raises(EventsError, match=f"no numbers .*{cure}"):
            load(tmp_path / "log.csv", columns)
    events = load(tmp_path / "log.csv", columns, **settings)
    assert events.catalogue.frame["price"].tolist() == [1226.16, 7.5]


def test_a_number_with_its_signs_in_wrong_places_is_none(tmp_path):
    (tmp_path / "log.csv").write_text(priced('"1,5"', '"1,226"', "2", '"12,34"'))
    columns = {"item": "item", "session": "order", "price": "price"}
    events = load(tmp_path / "log.csv", columns, thousands=",", max_rejected_share=0.5)
    assert events.catalogue.frame["price"].tolist()[1:3] == [1226, 2]
    assert events.counts.damaged == {"price: are no numbers": 2}
    assert events.counts.used == 4
    with pytest.raises(ConfigError, match=r"thousands '.' is a digit or the decimal sign"):
        load(tmp_path / "log.csv", columns, thousands=".")


def test_keep_rules_read_numbers_by_the_same_signs(tmp_path):
    (tmp_path / "log.csv").write_text(priced('"1,569.60"', '"-3"', '"2"'))
    keep = [{"column": "price", "above": 0}]
    events = load(tmp_path / "log.csv", {"item": "item", "session": "order"}, thousands=",", keep=keep)
    assert events.counts.used == 2


@pytest.mark.parametrize(
    ("time", "settings", "said"),
    [
        ("24-01-03 12:08", {}, r"time_format \('%y-%m-%d %H:%M'"),
        ("03/01/24", {}, r"time_format \('%d/%m/%y' or '%m/%d/%y'\)"),
        ("1704283680", {}, "time_format: s"),
        ("1704283680", {"time_format": "ms"}, "1990-01-01 .*time_format: s"),
        ("1704283680000", {"time_format": "s"}, "time_format: ms"),
        ("1801-01-03 12:08:00", {}, "set events.earliest"),
    ],
)
def test_a_misread_time_names_its_format(tmp_path, time, settings, said):
    (tmp_path / "log.csv").write_text(f"order,item,time\n1,A,{time}\n1,B,{time}\n")
    with pytest.raises(EventsError, match=said):
        load(tmp_path / "log.csv", {"item": "item", "session": "order", "time": "time"}, **settings)


def test_a_change_of_clocks_splits_no_session(tmp_path):
    spring = ["2024-03-31T01:58:00", "2024-03-31T03:01:00"]
    autumn = ["2024-10-27T02:50:00", "2024-10-27T02:05:00", "2024-10-27T03:04:00"]
    rows = [f"{time},{user},{item}" for user in "uv" for time, item in zip(spring + autumn, "ABCDE", strict=True)]
    (tmp_path / "log.csv").write_text("time,user,item\n" + "\n".join(rows) + "\n")
    columns = {"item": "item", "user": "user", "time": "time"}
    assert load(tmp_path / "log.csv", columns).facts.sessions > 4
    events = load(tmp_path / "log.csv", columns, time_zone="Europe/Berlin", session_gap_minutes=60)
    assert events.facts.sessions == 4
    times = events.frame["time"].astype("str").unique().tolist()
    assert times == [
        "2024-03-31 00:58:00",
        "2024-03-31 01:01:00",
        "2024-10-27 00:50:00",
        "2024-10-27 01:05:00",
        "2024-10-27 02:04:00",
    ]
    with pytest.raises(ConfigError, match=r"there is no time zone 'Berlin'"):
        load(tmp_path / "log.csv", columns, time_zone="Berlin")


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("2024-01-03 12:08:00", "2024-01-03 11:08:00"),
        ("2024-01-03 12:08:00Z", "2024-01-03 12:08:00"),
        ("2024-01-03 12:08:00 +0530", "2024-01-03 06:38:00"),
        ("2024-01-03", "2024-01-03 00:00:00"),
    ],
)
def test_a_time_zone_is_of_times_that_name_none(tmp_path, time, utc):
    (tmp_path / "log.csv").write_text(f"order,item,time\n1,A,{time}\n1,B,{time}\n")
    columns = {"item": "item", "session": "order", "time": "time"}
    events = load(tmp_path / "log.csv", columns, time_zone="Europe/Berlin")
    assert str(events.facts.first) == utc


def test_workbooks_with_all_sheets_or_named_ones(tmp_path):
    pytest.importorskip("python_calamine")
    head, when = ["order", "item", "price", "when"], datetime(2024, 1, 3, 12, 8)
    sheets = {
        "2009": [head, [1, 85123, 2.5, when], [2, "85123A", 2.5, when]],
        "2010": [head, [3, 85123, 2.5, when], [None, None, None, None], [3, "85123A", 2.5, when]],
    }
    path = tmp_path / "shop.xlsx"
    write_workbook(path, sheets)
    columns = {"item": "item", "session": "order", "price": "price", "time": "when"}
    events = load(path, columns)
    assert (events.counts.used, events.facts.sessions) == (4, 3)
    assert list(events.catalogue.items) == ["85123", "85123A"]
    assert str(events.facts.first) == "2024-01-03 12:08:00"
    assert load(path, columns, sheets=["2010"]).facts.sessions == 1
    with pytest.raises(EventsError, match=r"no sheet '2011' but '2009', '2010'; correct events.sheets"):
        load(path, columns, sheets=["2011"])
    write_workbook(path, sheets | {"notes": [["hello"], ["you"]]})
    with pytest.raises(EventsError, match=r"sheet 'notes' has the columns hello.*events.sheets"):
        load(path, columns)


def test_a_catalogue_that_repeats_items_is_merged_and_conflicts_are_counted(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("item,title,type,price\nA,,tea,2\nA,Green,coffee,\n,,,\nB,Pot,,\nB,Pot,,3\n,Cup,,\n")
    with (
        pytest.warns(GraphrecWarning, match=r"1 items have rows .*type of item 'A' is 'tea' and 'coffee'"),
        pytest.warns(GraphrecWarning, match="1 rows have no item id"),
    ):
        facts = read_catalogue(CatalogueConfig(path=str(path))).set_index("item")
    assert facts.loc["A", ["title", "type", "price"]].tolist() == ["Green", "tea", 2]
    assert facts.loc["B", ["title", "price"]].tolist() == ["Pot", 3]


def test_a_catalogue_has_encodings_and_numbers_too(tmp_path):
    path = tmp_path / "items.csv"
    path.write_bytes('item;title;price\nA;café;"1.226,50 €"\nB;thé;gratis\n'.encode("cp1252"))
    with pytest.raises(EventsError, match=r"set catalogue.encoding: cp1252"):
        read_catalogue(CatalogueConfig(path=str(path)))
    settings = CatalogueConfig(path=str(path), encoding="cp1252", decimal=",", thousands=".")
    with pytest.warns(GraphrecWarning, match=r"'price' has 1 values that are no numbers .*'gratis'"):
        facts = read_catalogue(settings)
    assert facts["title"].tolist() == ["café", "thé"]
    assert facts["price"].iloc[0] == 1226.5 and pd.isna(facts["price"].iloc[1])

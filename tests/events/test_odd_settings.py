"""What a log holds that a setting did not foresee: the right value, or one line that says what to change."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from graphrec.config import Config, parse_config
from graphrec.doctor import examine
from graphrec.errors import ConfigError, EventsError
from graphrec.events import load_events


def read(tmp_path, text, name="log.csv", catalogue=None, **settings):
    path = tmp_path / name
    path.write_text(text)
    columns = {"session": "s", "item": "i"} | settings.pop("columns", {})
    raw = {"events": {"path": str(path), "columns": columns, "default_kind": "purchase"} | settings}
    if catalogue is not None:
        (tmp_path / "items.csv").write_text(catalogue)
        raw["catalogue"] = {"path": str(tmp_path / "items.csv")}
    return load_events(parse_config(raw, "test"))


def refused(tmp_path, text, said, **settings):
    with pytest.raises(EventsError, match=said) as caught:
        read(tmp_path, text, **settings)
    assert "\n" not in str(caught.value)


TIMES = "s,i,t\n1,a,2024-01-03 00:30:00 +0100\n1,b,2024-01-03 10:00:00 -0530\n"


def test_a_time_format_with_a_zone_gives_utc(tmp_path):
    events = read(tmp_path, TIMES, columns={"time": "t"}, time_format="%Y-%m-%d %H:%M:%S %z")
    assert events.frame["time"].tolist() == [pd.Timestamp("2024-01-02 23:30"), pd.Timestamp("2024-01-03 15:30")]


def test_a_letter_that_no_time_format_has_is_told(tmp_path):
    said = r"events.time_format '%Q-%q' is no format of times .*%Q.*strftime"
    refused(tmp_path, TIMES, said, columns={"time": "t"}, time_format="%Q-%q")


def test_a_pattern_that_is_no_regular_expression_is_told(tmp_path):
    said = r"events.keep for column 'i' matches '\[C', which is no regular expression .*missing \]"
    refused(tmp_path, TIMES, said, keep=[{"column": "i", "matches": "[C"}])


PRICES = 's,i,p\n1,a,"1,569.60"\n1,b,20\n2,a,\n2,b,-3\n3,c,0\n3,d,free\n'
ABOVE = {"column": "p", "above": 0}


def test_a_text_that_is_no_number_is_not_taken_for_too_small(tmp_path):
    refused(tmp_path, PRICES, "2 of 6 rows .*'p' has 2 values that are no numbers .*'1,569.60' at row 1", keep=[ABOVE])


def test_what_keep_cannot_judge_is_rejected_and_what_it_can_is_filtered(tmp_path):
    events = read(tmp_path, PRICES, keep=[ABOVE], max_rejected_share=1)
    assert events.counts.rejected == {"p: are no numbers": 2}
    assert events.counts.filtered == {"p: not above 0": 3}
    assert events.rejected["row"].tolist() == [1, 6]


def test_a_row_that_another_rule_leaves_out_is_not_judged(tmp_path):
    events = read(tmp_path, PRICES, keep=[ABOVE, {"column": "i", "matches": "[b-c]"}])
    assert not events.counts.rejected
    assert events.counts.filtered == {"i: does not match [b-c]": 2, "p: not above 0": 3}


def test_a_catalogue_is_held_against_its_rules_as_well(tmp_path):
    (tmp_path / "log.csv").write_text("s,i\n1,a\n1,b\n")
    (tmp_path / "items.csv").write_text("item,price\na,2\nb,cheap\n")
    events = {"path": str(tmp_path / "log.csv"), "columns": {"session": "s", "item": "i"}, "default_kind": "purchase"}
    catalogue = {"path": str(tmp_path / "items.csv"), "keep": [{"column": "price", "above": 0}]}
    with pytest.raises(EventsError, match=r"'price' has 1 values that are no numbers .*'cheap'.*catalogue.keep"):
        load_events(parse_config({"events": events, "catalogue": catalogue}, "test"))


def test_missing_names_what_is_no_price_quantity_or_time(tmp_path):
    text = (
        "s,i,p,q,t\n1,a,n/a,2,2024-01-01\n1,b,2.5,?,2024-01-01\n" + "2,c,1,1,2024-01-02\n" * 40 + "3,d,1,1,0000-00-00\n"
    )
    columns = {"price": "p", "quantity": "q", "time": "t"}
    missing = {"price": ["n/a"], "quantity": ["?"], "time": ["0000-00-00"]}
    events = read(tmp_path, text, columns=columns, missing=missing)
    assert events.counts.rejected == {"t: are missing": 1}
    assert events.counts.used == events.counts.read - 1
    assert events.catalogue.frame.set_index("item")["price"].isna().to_dict() == {"a": True, "b": False, "c": False}


def test_missing_of_an_unknown_word_is_told(tmp_path):
    refused(
        tmp_path, PRICES, "events.missing.prices: there is no such word; use time, .*price", missing={"prices": ["0"]}
    )
    (tmp_path / "log.csv").write_text("s,i\n1,a\n1,b\n")
    (tmp_path / "items.csv").write_text("item,title\na,Tea\n")
    events = {"path": str(tmp_path / "log.csv"), "columns": {"session": "s", "item": "i"}, "default_kind": "purchase"}
    catalogue = {"path": str(tmp_path / "items.csv"), "missing": {"titel": ["-"]}}
    with pytest.raises(EventsError, match=r"catalogue.missing.titel: there is no such word"):
        load_events(parse_config({"events": events, "catalogue": catalogue}, "test"))


def test_a_header_is_held_against_every_file_of_a_glob(tmp_path):
    (tmp_path / "b1.csv").write_text("s1,A,tea\ns1,B,mug\n")
    (tmp_path / "b2.csv").write_text("s3,C,9.50,1\ns3,D,3.00,2\n")
    raw = {"path": str(tmp_path / "b*.csv"), "columns": {"session": "s", "item": "i", "type": "t"}}
    raw |= {"default_kind": "purchase"}
    with pytest.raises(EventsError, match=r"b2.csv has 4 columns, and header names 3 \(s, i, t\)"):
        load_events(parse_config({"events": raw | {"header": ["s", "i", "t"]}}, "test"))
    with pytest.raises(EventsError, match=r"b1.csv has 3 columns, and header names 4"):
        load_events(parse_config({"events": raw | {"header": ["s", "i", "t", "n"]}}, "test"))


def test_a_ragged_line_is_no_other_width(tmp_path):
    text = "1,a,tea\n1,b,tea\n2,a\n2,b,tea,more\n" + "3,a,tea\n" * 9
    events = read(tmp_path, text, header=["s", "i", "t"], max_rejected_share=0.5)
    assert events.counts.rejected == {"line: wrong number of fields": 2}


def test_a_missing_user_or_order_is_no_user_or_order(tmp_path):
    text = "s,i,u,o\n1,a,ann,7\n1,b,,7\n2,c,bob,\n2,d,,\n3,e,,\n3,f,,\n"
    events = read(tmp_path, text, columns={"user": "u", "order": "o"})
    seen = examine(events, Config())
    assert seen.users == 2
    # Without an order the session is the basket: rows of two sessions are not one.
    assert (seen.baskets, seen.pairs_together[1]) == (3, 3)


def test_json_keys_may_hold_anything(tmp_path):
    rows = [{"s": "1", "i": "a", 'size 12"': 1, "": 2, "a/b~c": "tea", "it's": 3}, {"s": "1", "i": "b"}]
    text = "\n".join(map(json.dumps, rows)) + "\n"
    events = read(tmp_path, text, name="log.jsonl", columns={"type": "a/b~c", "title": 'size 12"', "brand": "it's"})
    facts = events.catalogue.frame.set_index("item")
    assert facts.loc["a", ["type", "title", "brand"]].tolist() == ["tea", "1", "3"]


def ga4_purchase(number, parameters):
    items = [{"item_id": item, "item_name": item, "price": 2} for item in ("A", "B")]
    stamp = str(1_704_283_680_000_000 + number)
    return {"event_name": "purchase", "event_timestamp": stamp, "user_pseudo_id": "u", "items": items} | {
        "event_params": parameters
    }


def test_ga4_parameters_are_found_however_they_are_written(tmp_path):
    nulls = {"double_value": None, "float_value": None, "int_value": "5", "string_value": None}
    page = {"key": "page", "value": {"string_value": '"key": "ga_session_id"'}}
    log = [
        ga4_purchase(0, [page, {"key": "ga_session_id", "value": nulls}]),
        ga4_purchase(1, [{"value": {"string_value": "6"}, "key": "ga_session_id"}]),
        ga4_purchase(2, [{"key": "ga_session_id", "value": {"int_value": 5}}]),
    ]
    (tmp_path / "ga4.jsonl").write_text("\n".join(map(json.dumps, log)) + "\n")
    events = load_events(parse_config({"events": {"path": str(tmp_path / "ga4.jsonl"), "reader": "ga4"}}, "test"))
    assert events.facts.sessions == 2
    assert events.counts.used == 6


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("log.csv", gzip.compress(b"s,i\n1,a\n", mtime=0), r"it is compressed with gzip.*rename it to log.csv.gz"),
        ("log.csv", b"PK\x03\x04rest", "it is a zip archive"),
        ("log.csv", b"PAR1rest", "it is a Parquet file.*rename it to log.parquet"),
        ("log.parquet", b"s,i\n1,a\n", "it is not a Parquet file"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_told(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    raw = {"path": str(tmp_path / name), "columns": {"session": "s", "item": "i"}, "default_kind": "purchase"}
    with pytest.raises(EventsError, match=said):
        load_events(parse_config({"events": raw}, "test"))


def test_a_catalogue_of_other_ids_is_told(tmp_path):
    said = r"none of 2 ids of the log is in .*items.csv .*'85123.0', '85124.0'.*'85123', '85124'"
    refused(tmp_path, "s,i\n1,85123.0\n1,85124.0\n", said, catalogue="item,title\n85123,Tea\n85124,Mug\n")


def test_a_number_where_a_text_is_asked_for_is_told():
    for events, where in (
        ({"kinds": {"view": [1]}}, "events.kinds.view.0"),
        ({"time_format": 5}, "events.time_format"),
    ):
        with pytest.raises(ConfigError, match=rf"'{where}': \d is a int to YAML.*in quotes"):
            parse_config({"events": events}, "test")


def test_infinite_numbers_of_a_parquet_file_are_none(tmp_path):
    rows = {"session": [n // 2 for n in range(60)], "item": list("abc") * 20, "price": [1.0] * 60, "time": [1.7e9] * 60}
    log = pd.DataFrame(rows)
    log.loc[3, "price"], log.loc[5, "time"] = np.inf, -np.inf
    log.to_parquet(tmp_path / "log.parquet")
    columns = {name: name for name in log.columns}
    events = {"path": str(tmp_path / "log.parquet"), "columns": columns, "time_format": "s"}
    counts = load_events(parse_config({"events": events | {"default_kind": "purchase"}}, "test")).counts
    assert counts.damaged == {"price: are no numbers": 1} and counts.rejected == {"time: are no times": 1}


def test_a_path_that_no_disk_takes_is_told():
    events = {"path": "a" * 5_000, "columns": {"item": "item", "session": "session"}, "default_kind": "purchase"}
    with pytest.raises(EventsError, match=r"cannot read a+: File name too long; correct the path"):
        load_events(parse_config({"events": events}, "test"))

"""Every row of a log is used, rejected or filtered, and what is wrong is said in one line."""

import gzip

import numpy as np
import pandas as pd
import pytest

from graphrec.config import CatalogueConfig, load_config, parse_config
from graphrec.errors import EventsError
from graphrec.events import load_events, read_catalogue
from tests.conftest import CONFIGS, needs_data


def read(text, tmp_path, name="log.csv", catalogue=None, **settings):
    path = tmp_path / name
    path.write_text(text)
    columns = {"session": "basket", "item": "sku"} | settings.pop("columns", {})
    raw = {"events": {"path": str(path), "columns": columns, "default_kind": "purchase"} | settings}
    if catalogue:
        (tmp_path / "items.csv").write_text(catalogue)
        raw["catalogue"] = {"path": str(tmp_path / "items.csv"), "columns": {"item": "sku", "title": "name"}}
    return load_events(parse_config(raw, "test"))


def test_ids_stay_what_they_are(tmp_path):
    events = read("basket,sku\n1,007\n1,7\n2,7.0\n", tmp_path)
    assert list(events.catalogue.items) == ["007", "7", "7.0"]


def test_facts_come_from_the_log_by_majority(tmp_path):
    text = "basket,sku,price,kind_of\n1,a,2,tea\n2,a,4,tea\n3,a,9,coffee\n4,b,,\n"
    events = read(text, tmp_path, columns={"price": "price", "type": "kind_of"})
    facts = events.catalogue.frame.set_index("item")
    assert facts.at["a", "type"] == "tea"
    assert facts.at["a", "price"] == 4
    assert pd.isna(facts.at["b", "type"]) and pd.isna(facts.at["b", "price"])  # a null price or type is no error


def test_catalogue_adds_cold_items_and_keeps_items_of_the_log(tmp_path):
    events = read("basket,sku\n1,a\n1,b\n", tmp_path, catalogue="sku,name\na,Apple\nz,Zucchini\n")
    assert list(events.catalogue.items) == ["a", "b", "z"]
    assert events.catalogue.frame["title"].tolist()[::2] == ["Apple", "Zucchini"]


def test_variants_name_their_parent_in_the_log_or_in_the_catalogue(tmp_path):
    text = "basket,sku,of\n1,a,shirt\n1,b,shirt\n2,a,shirt\n2,c,\n"
    events = read(text, tmp_path, columns={"parent": "of"}, catalogue="sku,name\nz,Zucchini\nc,Cap\n")
    assert events.catalogue.frame["parent"].tolist()[:2] == ["shirt", "shirt"]
    assert events.catalogue.frame["parent"].isna().tolist() == [False, False, True, True]
    (tmp_path / "variants.csv").write_text("item,parent\na,7\nb,7\nc,\n")
    assert read_catalogue(CatalogueConfig(path=str(tmp_path / "variants.csv")))["parent"].tolist()[:2] == ["7", "7"]


def test_kinds_are_mapped_and_ignored_ones_counted(tmp_path):
    text = "basket,sku,what\n1,a,look\n1,b,pay\n1,c,scroll\n"
    kinds = {"view": ["look"], "purchase": ["pay"], "ignore": ["scroll"]}
    events = read(text, tmp_path, columns={"kind": "what"}, kinds=kinds, default_kind=None)
    assert (events.count("view"), events.count("purchase")) == (1, 1)
    assert events.counts.filtered == {"kind: ignored": 1}


def test_keep_rules_count_what_they_leave_out(tmp_path):
    text = "basket,sku,n\n1,a,1\nC2,b,1\n3,c,-4\n"
    keep = [{"column": "basket", "matches": "[^C]"}, {"column": "n", "above": 0}]
    events = read(text, tmp_path, keep=keep)
    assert events.counts.used == 1
    assert sum(events.counts.filtered.values()) == 2


def test_composite_sessions_and_titles(tmp_path):
    text = "basket,day,sku,name,size\n1,mon,a,Milk,1 l\n1,tue,a,Milk,\n"
    columns = {"session": ["basket", "day"], "title": ["name", "size"]}
    events = read(text, tmp_path, columns=columns)
    assert events.frame["session"].nunique() == 2
    assert events.catalogue.frame["title"].item() in ("Milk 1 l", "Milk")


def test_formats_give_the_same_events(tmp_path):
    frame = pd.DataFrame({"basket": ["1", "1", "2"], "sku": ["a", "b", "a"]})
    frame.to_csv(tmp_path / "log.csv", index=False)
    frame.to_parquet(tmp_path / "log.parquet")
    frame.to_json(tmp_path / "log.jsonl", orient="records", lines=True)
    with gzip.open(tmp_path / "log.csv.gz", "wt") as file:
        file.write(frame.to_csv(index=False))
    prints = set()
    for name in ("log.csv", "log.parquet", "log.jsonl", "log.csv.gz"):
        columns = {"session": "basket", "item": "sku"}
        raw = {"events": {"path": str(tmp_path / name), "columns": columns, "default_kind": "purchase"}}
        prints.add(load_events(parse_config(raw, "test")).fingerprint())
    assert len(prints) == 1


@pytest.mark.parametrize(
    ("text", "settings", "said"),
    [
        ("basket,other\n1,a\n", {}, "column 'sku' .* is not in .*basket, other.*correct events.columns.item"),
        ("", {}, "log.csv is empty"),
        ("basket,sku\n", {}, "has no rows"),
        ("basket,sku,what\n1,a,wish\n", {"columns": {"kind": "what"}}, "'what' has 1 values that are no known event "
         "kind .*'wish' at row 1.*events.kinds"),
        ("basket,sku,p\n1,a,N/A\n1,b,2\n", {"columns": {"price": "p"}}, "'p' has 1 values that are no numbers .*'N/A' "
         "at row 1"),
        ("basket,sku,p\n1,a,-2\n", {"columns": {"price": "p"}}, "below zero"),
        ("basket,sku,t\n1,a,yesterday\n", {"columns": {"time": "t"}}, "no times .*'yesterday' at row 1.*time_format"),
        ("basket,sku\n1,a\n,b\n", {}, "'basket' has 1 values that are missing .*row 2"),
        ("basket,sku\n1,a\n1,b,c\n", {}, "1 lines with a wrong number of fields .*row 2"),
        ("basket,sku\n1,a\n", {"default_kind": None}, "no kind column"),
        ("basket,sku\n1,a\n", {"columns": {"colour": "sku"}}, "colour: there is no such word"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_one_line(tmp_path, text, settings, said):
    with pytest.raises(EventsError, match=said) as caught:
        read(text, tmp_path, **settings)
    assert "\n" not in str(caught.value)


def test_bad_rows_are_set_aside_and_counted(tmp_path):
    text = "basket,sku,p,t\n1,a,2,2024-01-01\n1,b,cheap,2024-01-01\n1,c,2,never\n1,d,2\n,e,2,2024-01-01\n"
    columns = {"price": "p", "time": "t"}
    events = read(text, tmp_path, columns=columns, max_rejected_share=1)
    assert (events.counts.read, events.counts.used) == (5, 2)
    assert events.counts.damaged == {"p: are no numbers": 1}
    assert sum(events.counts.rejected.values()) == 3
    assert sorted(events.rejected["row"]) == [3, 4, 5]


def test_missing_file_and_unknown_ending(tmp_path):
    for path, said in (("nowhere.csv", "no such file"), ("log.xls", "no known format")):
        if path.endswith("xls"):
            (tmp_path / path).write_text("x")
        raw = {"events": {"path": str(tmp_path / path), "columns": {"item": "a", "session": "b"}}}
        with pytest.raises(EventsError, match=said):
            load_events(parse_config(raw, "test"))


@needs_data
@pytest.mark.parametrize(
    ("name", "read_rows", "used", "items"),
    [
        ("tafeng", 817_741, 817_741, 23_812),
        ("online_retail", 541_909, 522_502, 3_900),
        ("tianchi", 85_213, 85_213, 36_224),
        ("rees46", 17_435, 17_429, 6_493),
    ],
)
def test_real_logs_are_read_whole(name, read_rows, used, items):
    events = load_events(load_config(CONFIGS / f"{name}.yaml"))
    assert (events.counts.read, events.counts.used, len(events.catalogue)) == (read_rows, used, items)
    sessions = events.frame["session"].to_numpy()
    assert (np.diff(sessions) >= 0).all()


@needs_data
def test_purchase_only_rees46_with_its_ragged_rows():
    config = load_config(CONFIGS / "rees46.yaml")
    path = str(config.events.path).replace("2019-Oct.head.csv", "kz.head.csv")
    settings = {"reader": "rees46", "path": path, "default_kind": "purchase", "on_bad_rows": "quarantine"}
    events = load_events(parse_config({"events": settings}, "test"))
    assert events.counts.read == 20_000
    assert events.counts.rejected["line: wrong number of fields"] == 22
    assert events.count("purchase") == events.counts.used

"""Every published format, in small files of its shape, and in the real files where they are there."""

import gzip
import json

import pandas as pd
import pytest

from graphrec.config import load_config, parse_config
from graphrec.errors import EventsError
from graphrec.events import load_events
from graphrec.events.readers.retailrocket import category_paths
from tests.conftest import CONFIGS, needs_data


def load(tmp_path, events, catalogue=None):
    raw = {"events": events | {"path": str(tmp_path / events["path"])}}
    if catalogue is not None:
        paths = {name: str(tmp_path / catalogue[name]) for name in ("path", "tree") if name in catalogue}
        raw["catalogue"] = catalogue | paths
    return load_events(parse_config(raw, "test"))


def lines(events):
    """What the log says, a line per event, by external id."""
    frame = events.frame
    items = events.catalogue.items[frame["item"]]
    kinds = frame["kind"].map(["view", "cart", "purchase"].__getitem__)
    return list(zip(frame["session"].tolist(), items, kinds, strict=True))


def baskets(events):
    frame = pd.read_parquet(events.log.event_files[0]).dropna(subset="basket")
    named = frame.assign(item=events.catalogue.items[frame["item"]])
    return sorted(sorted(items) for _, items in named.groupby("basket")["item"])


def test_rees46_store_and_its_removals_from_the_cart(tmp_path):
    (tmp_path / "2019-Nov.csv").write_text(
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
        "2019-11-01 00:00:00 UTC,view,1,9,electronics.phone,apple,9.5,7,s1\n"
        "2019-11-01 00:00:05 UTC,cart,1,9,electronics.phone,apple,9.5,7,s1\n"
        "2019-11-01 00:00:09 UTC,remove_from_cart,1,9,electronics.phone,apple,9.5,7,s1\n"
        "2019-11-01 00:01:00 UTC,purchase,2,8,,,3,7,s1\n"
    )
    events = load(tmp_path, {"reader": "rees46", "path": "2019-Nov.csv"})
    assert lines(events) == [(0, "1", "view"), (0, "1", "cart"), (0, "2", "purchase")]
    assert events.counts.filtered == {"kind: ignored": 1}
    assert events.catalogue.frame["type"].tolist() == ["electronics.phone", "8"]


RETAILROCKET = (
    "timestamp,visitorid,event,itemid,transactionid\n"
    "1430622004384,1,view,10,\n"
    "1430622005000,1,addtocart,10,\n"
    "1430622100000,1,transaction,10,77\n"
    "1430622100001,1,transaction,11,77\n"
    "1430622100002,1,transaction,12,78\n"
    "1430708500000,1,view,12,\n"
)


def test_retailrocket_with_a_table_of_categories(tmp_path):
    (tmp_path / "events.csv").write_text(RETAILROCKET)
    (tmp_path / "items.csv").write_text("itemid,categoryid\n10,0\n10,5\n11,5\n11,6\n12,0\n13,7\n")
    (tmp_path / "tree.csv").write_text("categoryid,parentid\n5,3\n3,1\n1,\n7,1\n")
    facts = {"reader": "retailrocket", "path": "items.csv", "tree": "tree.csv"}
    events = load(tmp_path, {"reader": "retailrocket", "path": "events.csv"}, facts)
    # A day's pause begins a new session; a transaction is an order of its own within it.
    assert events.facts.sessions == 2
    assert baskets(events) == [["10", "11"], ["12"]]
    catalogue = events.catalogue.frame.set_index("item")
    assert catalogue.loc[["10", "11", "13"], "type"].tolist() == ["5", "5", "7"]
    assert pd.isna(catalogue.at["12", "type"])
    assert catalogue.at["10", "category_path"] == "1 / 3 / 5"


def test_retailrocket_item_properties_in_parts(tmp_path):
    (tmp_path / "events.csv").write_text(RETAILROCKET)
    head = "timestamp,itemid,property,value\n"
    (tmp_path / "item_properties_part1.csv").write_text(head + "1,10,categoryid,5\n1,10,790,n12000.000\n")
    (tmp_path / "item_properties_part2.csv").write_text(head + "2,10,categoryid,6\n1,11,888,n1.0 text\n1,12,790,n5.5\n")
    facts = {"reader": "retailrocket", "path": "item_properties_part*.csv"}
    catalogue = load(tmp_path, {"reader": "retailrocket", "path": "events.csv"}, facts).catalogue.frame
    catalogue = catalogue.set_index("item")
    assert catalogue.at["10", "type"] == "6"  # the newest
    assert catalogue["price"].dropna().to_dict() == {"10": 12000.0, "12": 5.5}


def test_paths_of_a_tree_that_turns_in_a_circle_end():
    paths = category_paths(pd.Series(["1", "2"]), pd.Series(["2", "1"]))
    assert set(paths) == {"1", "2"}


@pytest.mark.parametrize(
    "items", ["['B1', 'B2']", "['B1' 'B2']", "['B1'\n 'B2']"], ids=["list", "numpy", "numpy over lines"]
)
def test_amazon_m2_sessions_of_a_locale(tmp_path, items):
    quoted = items.replace('"', '""')
    (tmp_path / "sessions.csv").write_text(f'prev_items,next_item,locale\n"{quoted}",B3,UK\n"[\'B9\']",B8,DE\n')
    (tmp_path / "products.csv").write_text(
        "id,locale,title,price,brand,color,size,model,material,author,desc\nB1,UK,Lamp,9.99,Lumen,Red,,,,,A lamp\n"
        "B1,DE,Lampe,9.99,Lumen,Rot,,,,,\nB7,UK,Cold,1,,,,,,,\n"
    )
    keep = [{"column": "locale", "matches": "UK"}]
    facts = {"reader": "amazon_m2", "path": "products.csv", "keep": keep}
    events = load(tmp_path, {"reader": "amazon_m2", "path": "sessions.csv", "keep": keep}, facts)
    assert lines(events) == [(0, "B1", "view"), (0, "B2", "view"), (0, "B3", "view")]
    catalogue = events.catalogue.frame.set_index("item")
    assert catalogue.at["B1", "title"] == "Lamp, Red"
    assert "B7" in catalogue.index and "B9" not in catalogue.index


def test_amazon_m2_products_whose_facts_stand_in_a_description(tmp_path):
    (tmp_path / "sessions.csv").write_text("next_item,prev_items\nB2,\"['B1']\"\nB2,\n")
    (tmp_path / "products.csv").write_text('id,price,description\nB1,2.5,"title: Pot\nbrand: Moon\ncolor: \nsize: 3"\n')
    events = load(
        tmp_path,
        {"reader": "amazon_m2", "path": "sessions.csv", "default_kind": "purchase"},
        {"reader": "amazon_m2", "path": "products.csv"},
    )
    assert events.facts.by_kind == (0, 0, 3)
    assert events.catalogue.frame.set_index("item").loc["B1", ["title", "brand", "price"]].tolist() == [
        "Pot",
        "Moon",
        2.5,
    ]


def test_amazon_reviews_count_verified_purchases(tmp_path):
    head = (
        "marketplace\tcustomer_id\treview_id\tproduct_id\tproduct_parent\tproduct_title\tproduct_category\tstar_rating"
    )
    head += "\tverified_purchase\treview_headline\treview_date\n"
    row = 'US\t{}\tR{}\t{}\t1\tA "quoted title\tToys\t5\t{}\tfine\t{}\n'
    rows = [(1, 1, "A", "Y", "2015-08-31"), (1, 2, "B", "Y", "2015-08-31"), (1, 3, "C", "N", "2015-08-31")]
    rows += [(2, 4, "A", "Y", "2015-08-30")]
    with gzip.open(tmp_path / "reviews.tsv.gz", "wt") as file:
        file.write(head + "".join(row.format(*values) for values in rows))
    events = load(tmp_path, {"reader": "amazon_reviews", "path": "reviews.tsv.gz"})
    assert events.counts.filtered == {"verified_purchase: no": 1}
    assert baskets(events) == [["A"], ["A", "B"]]
    assert events.catalogue.frame["title"].tolist() == ['A "quoted title'] * 2


def test_amazon_ratings_of_four_columns(tmp_path):
    (tmp_path / "ratings.csv").write_text("U1,A,5.0,1369699200\nU1,B,3.0,1369699200\nU1,C,3.0,1400457600\n")
    events = load(tmp_path, {"reader": "amazon_reviews", "path": "ratings.csv"})
    assert baskets(events) == [["A", "B"], ["C"]]
    assert str(events.facts.first) == "2013-05-28 00:00:00"


def test_links_are_sessions_and_orders_of_two(tmp_path):
    frame = pd.DataFrame(
        [("A", "B", "also_viewed"), ("A", "C", "also_bought"), ("C", "A", "also_bought"), ("A", "B", "also_bought")],
        columns=["src", "dst", "rel"],
    )
    frame.to_parquet(tmp_path / "links.parquet")
    events = load(tmp_path, {"reader": "links", "path": "links.parquet"})
    assert events.facts.by_kind == (2, 0, 4)
    assert {tuple(basket) for basket in map(sorted, map(set, baskets(events)))} == {("A", "C")}
    assert events.counts.filtered == {"relation: a complement link that is a substitute link too": 2}


def ga4_event(name, stamp, items, session=11, user="u.1", **more):
    params = [
        {"key": "page", "value": {"string_value": "x"}},
        {"key": "ga_session_id", "value": {"int_value": str(session)}},
    ]
    return {"event_name": name, "event_timestamp": str(stamp), "user_pseudo_id": user, "event_params": params} | {
        "items": items,
        **more,
    }


def test_ga4_export_makes_a_row_of_each_item(tmp_path):
    lamp = {"item_id": "L", "item_name": "Lamp", "item_brand": "Lumen", "item_category": "Home"}
    lamp |= {"item_category2": "Light", "price": 9.5, "quantity": 1}
    bulb = {"item_id": "B", "item_name": "Bulb", "item_brand": "(not set)", "item_category": "Home", "price": 1}
    log = [
        ga4_event("page_view", 1_700_000_000_000_000, []),
        ga4_event("view_item", 1_700_000_001_000_000, [lamp]),
        ga4_event("purchase", 1_700_000_002_000_000, [lamp, bulb], ecommerce={"transaction_id": "T1"}),
        ga4_event("add_to_cart", 1_700_000_003_000_000, [bulb], session=12),
        ga4_event("view_item", 1_700_000_004_000_000, []),
        ga4_event("purchase", 1_700_000_005_000_000, [lamp | {"quantity": -1}]),
    ]
    text = "\n".join(map(json.dumps, log))
    with gzip.open(tmp_path / "events.json.gz", "wt") as file:
        file.write(text + '\n{"event_name": "view_it\n')
    events = load(tmp_path, {"reader": "ga4", "path": "events.json.gz", "max_rejected_share": 0.2})
    assert lines(events) == [(0, "L", "view"), (0, "L", "purchase"), (0, "B", "purchase"), (1, "B", "cart")]
    assert events.counts.read == 8
    assert events.counts.rejected == {"line: are no JSON objects": 1}
    assert events.counts.filtered == {
        "event_name: no event of a shop": 1,
        "items: none": 1,
        "quantity: 0 or less, a return": 1,
    }
    catalogue = events.catalogue.frame.set_index("item")
    assert catalogue.loc["L", ["type", "category_path", "brand"]].tolist() == ["Light", "Home / Light", "Lumen"]
    assert pd.isna(catalogue.at["B", "brand"])


@pytest.mark.parametrize(
    ("reader", "text", "said"),
    [
        ("ga4", '{"event": "x"}\n', "lacks event_name"),
        ("amazon_m2", '{"a": 1}\n', "lacks the columns prev_items"),
        ("links", '{"src": "a"}\n', "no column for a link's target"),
        ("retailrocket", '{"itemid": 1}\n', "column 'timestamp' .* is not in"),
    ],
)
def test_a_file_of_another_shape_is_told(tmp_path, reader, text, said):
    (tmp_path / "log.jsonl").write_text(text)
    with pytest.raises(EventsError, match=said):
        load(tmp_path, {"reader": reader, "path": "log.jsonl"})


@needs_data
@pytest.mark.parametrize(
    ("name", "read", "used", "items"),
    [
        ("retailrocket", 91_423, 91_423, 24_316),
        ("retailrocket_sessions", 685_984, 685_984, 36_968),
        ("rees46_electronics", 20_000, 19_865, 5_064),
        ("amazon_m2_uk", 102_460, 102_460, 6_690),
        ("amazon_beauty", 1_321_096, 585_868, 12_101),
        ("amazon_cellphones", 1_321_096, 503_110, 10_429),
    ],
)
def test_real_files_are_read_whole(name, read, used, items):
    events = load_events(load_config(CONFIGS / f"{name}.yaml"))
    assert (events.counts.read, events.counts.used, len(events.catalogue)) == (read, used, items)

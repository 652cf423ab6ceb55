"""Several items in a cell, a line or a row: each becomes a row of its own, and every one is counted."""

import gzip
import json

import pandas as pd
import pytest

from graphrec.config import parse_config
from graphrec.doctor import examine, findings
from graphrec.errors import ConfigError, EventsError, GraphError
from graphrec.events import load_events, packed_items
from graphrec.graph import build_graph, require_complements

BASKETS = [["A", "B"], ["A", "B", "C"], ["B"], ["C", "A"]]


def config(path, columns, **settings):
    events = {"path": str(path), "columns": columns, "default_kind": "purchase"} | settings
    return parse_config({"events": events}, "test")


def load(path, columns, **settings):
    return load_events(config(path, columns, **settings))


def baskets(events):
    """The items of each session, in their order."""
    frame = events.frame
    named = frame.assign(item=events.catalogue.items[frame["item"]])
    return [list(items) for _, items in named.groupby("session", sort=True)["item"]]


def written(tmp_path, text, name="log.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def adds_up(events):
    counts = events.counts
    return counts.used + sum(counts.rejected.values()) + sum(counts.filtered.values()) == counts.read


PACKED = "order,items\n1,A x1; B x2\n2,A x3; B x1; C x1\n3,B x1;\n4,C x2; A x1\n"


def test_a_packed_cell_becomes_a_row_of_each_item(tmp_path):
    explode = {"column": "items", "separator": ";", "item": r"(.+) x-?\d+", "quantity": r"x(-?\d+)$"}
    text = PACKED + "5,C x-1; A x1\n6,\n7,B x1; C\n"
    events = load(
        written(tmp_path, text),
        {"item": "items", "session": "order"},
        explode=explode,
        max_rejected_share=0.2,
    )
    assert baskets(events) == [*BASKETS, ["A"], ["B"]]
    # 8 items of the first orders, 2 of the fifth, the sixth that has none, 2 of the seventh.
    assert events.counts.read == 13
    assert events.counts.rejected == {"items.item: are missing": 1, "items.item: cannot be taken apart into items": 1}
    assert events.counts.filtered == {"quantity: 0 or less, a return": 1}
    assert adds_up(events)
    assert sorted(events.rejected["row"]) == [6, 7]  # lines of the file, not of what came of them


def test_columns_that_are_packed_alike_go_together(tmp_path):
    text = "order,skus,prices\n1,A|B,1.5|2\n2,A|B|C,1.5|2|4\n3,B|C,2\n"
    settings = {"explode": {"column": "skus", "separator": "|", "price": "prices"}, "max_rejected_share": 0.5}
    events = load(written(tmp_path, text), {"session": "order"}, **settings)
    assert baskets(events) == [["A", "B"], ["A", "B", "C"]]
    assert events.catalogue.frame.set_index("item")["price"].to_dict() == {"A": 1.5, "B": 2, "C": 4}
    assert events.counts.rejected == {"skus: cannot be taken apart into items": 1}  # two items and one price


def orders():
    facts = [[{"sku": item, "title": f"the {item}", "price": "2.5", "n": 1} for item in basket] for basket in BASKETS]
    return [{"id": number, "of": {"mail": f"u{number}"}, "lines": lines} for number, lines in enumerate(facts)]


@pytest.mark.parametrize("shape", ["lines", "array", "pretty", "parquet"])
def test_nested_lists_and_their_fields(tmp_path, shape):
    path = tmp_path / ("log.parquet" if shape == "parquet" else "log.json")
    if shape == "parquet":
        pd.DataFrame(orders()).to_parquet(path)
    elif shape == "lines":
        path.write_text("\n".join(map(json.dumps, orders())))
    else:
        path.write_text(json.dumps(orders(), indent=1 if shape == "pretty" else None))
    columns = {"session": "id", "user": "of.mail", "title": "lines.title"}
    explode = {"column": "lines", "item": "sku", "price": "price", "quantity": "n"}
    events = load(path, columns, explode=explode)
    assert baskets(events) == BASKETS
    assert events.frame["user"].nunique() == len(BASKETS)
    assert events.catalogue.frame["title"].tolist() == ["the A", "the B", "the C"]
    assert set(events.catalogue.frame["price"]) == {2.5}


def test_an_empty_list_is_filtered_and_what_is_no_list_is_rejected(tmp_path):
    lines = [*orders(), {"id": 9, "lines": []}, {"id": 10, "lines": "A and B"}]
    path = written(tmp_path, "\n".join(map(json.dumps, lines)), "log.jsonl")
    events = load(path, {"session": "id"}, explode={"column": "lines", "item": "sku"}, max_rejected_share=0.2)
    assert events.counts.filtered == {"lines: an empty list": 1}
    assert events.counts.rejected == {"lines.sku: cannot be taken apart into items": 1} or adds_up(events)
    assert events.counts.used == 8


def test_lists_of_plain_ids(tmp_path):
    pd.DataFrame({"order": range(4), "ids": BASKETS}).to_parquet(tmp_path / "log.parquet")
    assert baskets(load(tmp_path / "log.parquet", {"session": "order"}, explode={"column": "ids"})) == BASKETS
    text = "order;ids\n" + "".join(f"{place};{basket}\n" for place, basket in enumerate(BASKETS))  # as Python writes it
    assert baskets(load(written(tmp_path, text), {"session": "order"}, explode={"column": "ids"})) == BASKETS


@pytest.mark.parametrize("column", ["item*", ["item1", "item2", "item3"]], ids=["pattern", "names"])
def test_wide_columns(tmp_path, column):
    lines = [",".join([str(place), *[*basket, "", ""][:3]]) for place, basket in enumerate(BASKETS)]
    path = written(tmp_path, "order,item1,item2,item3\n" + "\n".join(lines) + "\n")
    events = load(path, {"session": "order"}, explode={"column": column})
    assert baskets(events) == BASKETS
    assert events.counts.read == 8  # blank cells are no rows
    with pytest.raises(EventsError, match=r"joins 3 columns .* events.explode: \{column: \[item1, item2, item3\]\}"):
        load(path, {"session": "order", "item": ["item1", "item2", "item3"]})


def test_wide_columns_with_their_quantities(tmp_path):
    path = written(tmp_path, "o,i1,i2,q1,q2\n1,A,B,1,-1\n2,A,,2,\n")
    explode = {"column": ["i1", "i2"], "quantity": ["q1", "q2"]}
    events = load(path, {"session": "o"}, explode=explode)
    assert baskets(events) == [["A"], ["A"]]
    with pytest.raises(EventsError, match=r"names 1 columns and events.explode.column 2"):
        load(path, {"session": "o"}, explode=explode | {"quantity": ["q1"]})


@pytest.mark.parametrize("name", ["log.csv", "retail.dat", "retail.dat.gz"])
def test_lines_that_are_baskets(tmp_path, name):
    sign = "," if name == "log.csv" else " "
    text = "\ufeff" + "\n".join(sign.join(basket) for basket in BASKETS) + f"\n\n{sign}\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    events = load(path, {}, reader="baskets", max_rejected_share=0.5)
    assert baskets(events) == BASKETS
    assert adds_up(events)


def test_baskets_with_quotes_and_fields_before_the_items(tmp_path):
    text = '7,2024-01-01,"tea, green",12" pot\n8,2024-01-02,"a ""b""",tea\n'
    events = load(written(tmp_path, text), {"user": "who", "time": "day"}, reader="baskets", header=["who", "day"])
    assert baskets(events) == [["tea, green", '12" pot'], ['a "b"', "tea"]]
    assert str(events.facts.first) == "2024-01-01 00:00:00"


def test_baskets_read_as_a_table_are_recognised(tmp_path):
    path = written(tmp_path, "\n".join(",".join(basket) for basket in [["B"], *BASKETS] * 5) + "\n")
    for settings in ({}, {"header": ["sku"]}):
        with pytest.raises(EventsError, match=r"hold 1 to 3 fields: if each is a basket, set events.reader: baskets"):
            load(path, {"item": "sku", "session": "order"}, **settings)


def one_hot(yes="True", no="False"):
    rows = [
        ",".join([str(place), *(yes if item in basket else no for item in "ABC")])
        for place, basket in enumerate(BASKETS)
    ]
    return "order,A,B,C\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(("yes", "no"), [("True", "False"), ("1", "0"), ("3", ""), ("x", "")])
def test_a_column_for_each_item(tmp_path, yes, no):
    events = load(written(tmp_path, one_hot(yes, no)), {"session": "order"}, reader="one_hot")
    assert sorted(map(sorted, baskets(events))) == sorted(map(sorted, BASKETS))
    assert events.counts.read == events.counts.used == 8


def test_one_hot_rows_that_mark_nothing_and_cells_that_say_neither(tmp_path):
    text = "A,B,C\n1,0,1\n0,0,0\nmaybe,1,1\n-1,1,0\n"
    events = load(written(tmp_path, text), {}, reader="one_hot", max_rejected_share=0.5)
    assert baskets(events) == [["A", "C"], ["B", "C"], ["B"]]
    assert events.counts.filtered == {"row: no item is marked": 1, "quantity: 0 or less, a return": 1}
    assert sum(events.counts.rejected.values()) == 1 and list(events.rejected["row"]) == [3]
    assert adds_up(events)


def test_a_shape_that_is_none_is_told(tmp_path):
    with pytest.raises(EventsError, match="has no column that is left for an item"):
        load(written(tmp_path, "order\n1\n"), {"session": "order"}, reader="one_hot")
    with pytest.raises(EventsError, match=r"first: 'A x1; B x2' at row 1\); set events.explode.separator"):
        load(written(tmp_path, PACKED), {"session": "order"}, explode={"column": "items"})
    with pytest.raises(EventsError, match=r"explode.column names column 'lines', which is not in log.csv"):
        load(written(tmp_path, PACKED), {"session": "order"}, explode={"column": "lines"})


SHOPIFY = (
    "Name,Email,Created at,Cancelled at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku\n"
    "#1,a@x,2024-01-03 12:08:00 +0100,,1,Tea,2.5,T\n#1,,,,2,Pot,9,P\n"
    "#2,,2024-01-04 12:08:00 +0100,,1,Cup,3,C\n#2,,,,1,Card,1,\n"
    "#3,b@x,2024-01-05 12:08:00 +0100,2024-01-06 09:00:00 +0100,1,Tea,2.5,T\n#3,,,,1,Pot,9,P\n"
)


def test_what_stands_on_the_first_line_of_an_order_is_filled_down_within_it(tmp_path):
    path = written(tmp_path, SHOPIFY)
    columns = {"item": "Lineitem name", "session": "Name", "user": "Email", "time": "Created at"}
    with pytest.raises(EventsError, match=r"'Created at' has 3 values .*missing.*events.fill_down: \[Created at\]"):
        load(path, columns)
    events = load(path, columns, fill_down=["Email", "Created at"])
    assert events.counts.used == 6
    times = events.frame.groupby("session")["time"].agg(["nunique", "min"])
    assert times["nunique"].tolist() == [1, 1, 1]
    assert str(times["min"].iloc[0]) == "2024-01-03 11:08:00"
    users = events.frame.groupby("session")["user"].agg(list).tolist()
    assert users[1][0] not in users[0]  # an order without a customer does not take that of the order before
    assert users[0][0] == users[0][1]
    with pytest.raises(EventsError, match=r"fill_down names column 'Mail'"):
        load(path, columns, fill_down=["Mail"])


def test_an_order_that_is_named_once_is_filled_down_to_the_next(tmp_path):
    path = written(tmp_path, "order,who,item\n1,u,A\n,,B\n2,,B\n,,C\n")
    events = load(path, {"session": "order", "user": "who", "item": "item"}, fill_down=["order", "who"])
    assert baskets(events) == [["A", "B"], ["B", "C"]]
    assert events.frame.groupby("session")["user"].nunique().tolist() == [1, 1]
    assert len(set(events.frame["user"])) == 2


def test_shopify_orders(tmp_path):
    events = load(written(tmp_path, SHOPIFY), {}, reader="shopify", default_kind=None)
    assert baskets(events) == [["T", "P"], ["C", "Card"]]
    assert events.counts.filtered == {"Cancelled at: the order was cancelled": 2}
    assert events.catalogue.frame.set_index("item").loc["P", ["title", "price"]].tolist() == ["Pot", 9]


@pytest.mark.parametrize(
    "text",
    [
        "order_id,date,customer,line_items\n1,2024-01-03 12:00:00,u,A x1; B x2\n2,2024-01-04 12:00:00,v,B x1\n",
        "order_id,date,customer,line_items\n1,2024-01-03 12:00:00,u,sku:A|quantity:1;sku:B|quantity:2\n"
        "2,2024-01-04 12:00:00,v,id:5|sku:B|quantity:1\n",
        "Order Number,Order Date,SKU,Quantity,Item Name\n1,2024-01-03 12:00:00,A,1,Tea\n1,2024-01-03 12:00:00,B,2,Pot\n"
        "2,2024-01-04 12:00:00,B,1,Pot\n",
    ],
    ids=["packed", "pairs", "rows"],
)
def test_woocommerce_orders(tmp_path, text):
    assert baskets(load(written(tmp_path, text), {}, reader="woocommerce", default_kind=None)) == [["A", "B"], ["B"]]


def test_magento_orders(tmp_path):
    text = (
        "item_id,order_id,parent_item_id,created_at,sku,name,qty_ordered,price\n"
        "1,7,,2024-01-03 12:00:00,T-L,Shirt,1,9\n2,7,1,2024-01-03 12:00:00,T-L,Shirt,1,0\n"
        "3,7,,2024-01-03 12:00:00,P,Pot,2,4\n4,8,,2024-01-04 12:00:00,P,Pot,1,4\n"
    )
    events = load(written(tmp_path, text), {}, reader="magento", default_kind=None)
    assert baskets(events) == [["T-L", "P"], ["P"]]
    assert events.counts.filtered == {"parent_item_id: part of another line": 1}
    with pytest.raises(EventsError, match=r"no column for session of Magento's order export"):
        load(written(tmp_path, "sku,name\nA,B\n"), {}, reader="magento")


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        (PACKED, {"item": "items", "session": "order"}, "explode: {column: items, separator: ';', item: "),
        ("order;items\n1;A,B\n2;A,B,C\n3;B\n4;C,A\n", {"item": "items", "session": "order"}, "separator: ','"),
        (
            'order;l\n1;[{"sku": "A", "price": 2}]\n2;[{"sku": "B", "price": 3}]\n',
            {"item": "l", "session": "order"},
            "{column: l, item: sku, price: price}",
        ),
        (one_hot(), {"item": "A", "session": "order"}, "set events.reader: one_hot"),
    ],
    ids=["packed", "commas", "nested", "one-hot"],
)
def test_the_doctor_names_what_would_split_the_items_and_fit_refuses_with_it(tmp_path, text, columns, said):
    settings = config(written(tmp_path, text), columns, quoted="[" not in text)
    events = load_events(settings)
    told = [finding.text for finding in findings(examine(events, settings))]
    assert any(said in text for text in told), told
    with pytest.raises(GraphError, match=r"set events"):
        require_complements(build_graph(events, settings.graph), packed_items(events.catalogue, settings.events))


def test_plain_ids_are_not_taken_for_several(make_events):
    rows = [{"session": s, "item": item} for s in range(30) for item in ("SKU-1", "red/blue", "tea, green")]
    assert packed_items(make_events(rows, default_kind="purchase").catalogue, parse_config({}, "test").events) is None


def test_keep_rules_on_blank_cells(tmp_path):
    path = written(tmp_path, "order,item,cancelled\n1,A,\n1,B,\n2,A,2024-01-02\n2,B,2024-01-02\n")
    columns = {"item": "item", "session": "order"}
    for rule, kept in (({"empty": True}, 1), ({"empty": False}, 2), ({"matches": "$"}, 1), ({"matches": "2024"}, 2)):
        events = load(path, columns, keep=[{"column": "cancelled"} | rule])
        assert baskets(events) == [["A", "B"]], rule
        assert events.counts.used == 2 and kept in (1, 2)
    with pytest.raises(ConfigError, match=r"needs either 'above' or 'matches' or 'empty'"):
        load(path, columns, keep=[{"column": "cancelled", "empty": True, "above": 1}])


def test_a_number_beside_the_day_orders_a_session(tmp_path):
    text = "session,item,day,frame\n1,C,2024-02-03,93021\n2,A,2024-02-03,5\n1,A,2024-02-03,310\n1,B,2024-02-03,62014\n"
    path = written(tmp_path, text)
    columns = {"item": "item", "session": "session", "time": ["day", "frame"]}
    events = load(path, columns)
    assert sorted(baskets(events), key=len) == [["A"], ["A", "B", "C"]]
    said = " ".join(finding.text for finding in findings(examine(events, config(path, columns))))
    assert "whole days" not in said
    (tmp_path / "clock.csv").write_text(text.replace("93021", "12:00:00").replace("62014", "11:00:00"))
    mixed = load(tmp_path / "clock.csv", columns)
    assert str(mixed.facts.last) == "2024-02-03 12:00:00"

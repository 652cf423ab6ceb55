"""How items sell: shares in which old purchases fade, and what an item without purchases is worth."""

import numpy as np
import pytest

from graphrec.graph import item_sales


def line(session, day, item):
    return {"session": session, "time": f"2024-01-{day:02d}", "item": item}


def test_purchases_fade_by_half_lives(make_events):
    events = make_events([line(1, 1, "a"), line(1, 1, "a"), line(2, 11, "b")], default_kind="purchase")
    # a was bought once, ten days before b: half of it is left after a half-life of ten days, a quarter after five.
    weights = np.array([[0.5 + 0.01, 0.25 + 0.01], [1.01, 1.01]])
    np.testing.assert_allclose(item_sales(events, (10.0, 5.0)).trend, weights / weights.sum(axis=0))


def test_without_times_all_purchases_count_alike(make_events):
    rows = [{"session": s, "item": item} for s, item in ((1, "a"), (1, "b"), (2, "a"), (3, "a"))]
    events = make_events(rows, default_kind="purchase")
    assert item_sales(events, (7.0,)).trend[:, 0].tolist() == pytest.approx([3 / 4, 1 / 4])


def shop(new_sells):
    """Sell item a in 18 baskets; of the two last, one or none holds the new item b. Nobody has bought c yet."""
    rows = [{"session": n, "time": f"2024-01-{n + 1:02d}", "item": "a", "kind": "purchase"} for n in range(20)]
    late = {"session": 19, "time": "2024-01-20", "item": "b", "kind": "purchase" if new_sells else "view"}
    return [*rows, late, {"session": 0, "time": "2024-01-01", "item": "c", "kind": "view"}]


def test_what_new_items_sold_of_late_is_what_unsold_ones_are_worth(make_events):
    events = make_events(shop(new_sells=True))
    worth = dict(zip(events.catalogue.items, item_sales(events, ()).popularity, strict=True))
    # Of the two items unsold in the first 18 baskets one sold once, among 3 purchases; before there were 18.
    assert worth == {"a": 20.5, "b": 1.5, "c": pytest.approx(0.5 * 18 / 3)}


def test_where_new_items_do_not_sell_they_are_worth_next_to_nothing(make_events):
    events = make_events(shop(new_sells=False))
    worth = dict(zip(events.catalogue.items, item_sales(events, ()).popularity, strict=True))
    assert worth == {"a": 20.5, "b": 0.5, "c": 0.5}

"""What sells these days: shares in which old purchases fade."""

import numpy as np
import pytest

from graphrec.graph import purchase_trend


def line(session, day, item):
    return {"session": session, "time": f"2024-01-{day:02d}", "item": item}


def test_purchases_fade_by_half_lives(make_events):
    events = make_events([line(1, 1, "a"), line(1, 1, "a"), line(2, 11, "b")], default_kind="purchase")
    # a was bought once, ten days before b: half of it is left after a half-life of ten days, a quarter after five.
    weights = np.array([[0.5 + 0.01, 0.25 + 0.01], [1.01, 1.01]])
    np.testing.assert_allclose(purchase_trend(events, (10.0, 5.0)), weights / weights.sum(axis=0))


def test_without_times_all_purchases_count_alike(make_events):
    rows = [{"session": s, "item": item} for s, item in ((1, "a"), (1, "b"), (2, "a"), (3, "a"))]
    events = make_events(rows, default_kind="purchase")
    assert purchase_trend(events, (7.0,))[:, 0].tolist() == pytest.approx([3 / 4, 1 / 4])

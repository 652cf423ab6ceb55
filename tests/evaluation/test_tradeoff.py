"""The trade-off between plain accuracy and what is beyond chance: lists at several specificities, and the curves."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graphrec.evaluation.diversity import share_with_types
from graphrec.evaluation.fit_graphrec import of_model
from graphrec.evaluation.tradeoff import COUNTS, beyond_at_counts, highest_at, points_above, tradeoff_in_words

SPECIFICITIES = (0.0, 0.5, 1.0)


def curve(model, *points):
    return pd.DataFrame([(model, n, *point) for n, point in enumerate(points)]).set_axis(
        ["model", "setting", "ndcg", "ndcg_beyond_chance"], axis=1
    )


def test_what_a_curve_reaches_is_read_between_its_points():
    falling = curve("a", (0.4, 0.1), (0.2, 0.3), (0.1, 0.35))
    assert highest_at(falling, 0.4) == pytest.approx(0.1)
    assert highest_at(falling, 0.3) == pytest.approx(0.2)  # half way from .1 to .3
    assert highest_at(falling, 0.05) == pytest.approx(0.35)
    assert np.isnan(highest_at(falling, 0.5))
    # A curve may first rise: its best point at or above the floor counts.
    assert highest_at(curve("b", (0.3, 0.1), (0.35, 0.2), (0.25, 0.3)), 0.3) == pytest.approx(0.25)


def test_models_are_compared_where_they_are_as_accurate_as_plain_counts():
    points = pd.concat(
        [
            curve(COUNTS, (0.3, 0.1), (0.2, 0.4)),
            curve("graphrec", (0.4, 0.1), (0.2, 0.3)),
            curve("graphrec without memory", (0.4, 0.9), (0.3, 0.9)),
            curve("lift", (0.1, 0.5), (0.1, 0.6)),
        ]
    )
    reached = beyond_at_counts(points)
    assert reached["graphrec"] == pytest.approx(0.2) and reached[COUNTS] == pytest.approx(0.1)
    assert np.isnan(reached["lift"])
    assert beyond_at_counts(points[points["model"] != COUNTS]).empty
    facts = tradeoff_in_words(points, "graphrec")
    assert "has 0.2000 beyond chance" in facts["beyond chance, as accurate as counts"] and "without memory" not in str(
        facts
    )
    assert "above 1 of the 4 points" in facts["trade-off"]  # the first of plain counts
    above = points_above(points[points["model"] != "graphrec without memory"], "graphrec")
    assert above["model"].tolist() == [COUNTS, "lift", "lift"]


def test_a_list_holds_three_types_or_not():
    types = np.array([0, 0, 1, 2, 3])
    ranked = np.array([[0, 2, 3, 4], [0, 1, 2, -1], [-1, -1, -1, -1], [0, 1, 2, 3]])
    assert share_with_types(ranked, types, 3) == 0.5
    assert share_with_types(ranked, types, 2) == 0.75


def test_one_scoring_ranks_as_a_model_of_each_specificity_does(planted):
    model, codes = planted.recommender.model, np.arange(40)
    lists, sources = of_model(model).at_specificities(codes, 10, SPECIFICITIES, None)
    for specificity, found in zip(SPECIFICITIES, lists, strict=True):
        settings = model.config.lists.model_copy(update={"specificity": specificity})
        changed = replace(model, config=model.config.model_copy(update={"lists": settings}))
        np.testing.assert_array_equal(found, of_model(changed).complements(codes, 10, None))
    np.testing.assert_allclose(sources.sum(axis=1), 1)
    popularity = [model.graph.bought[found].mean() for found in lists]
    assert popularity[0] > popularity[1] > popularity[2]

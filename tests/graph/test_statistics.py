"""Each measure of a pair against values worked out by hand or taken from the literature."""

import ibis
import numpy as np
import pytest
from scipy.stats import chi2, chi2_contingency

from graphrec.config import CoPurchaseConfig, CoViewConfig, GraphConfig
from graphrec.graph import build_graph
from graphrec.graph.statistics import MEASURES, PairFacts, threshold


def measure(name, count, left, right, sessions, weight=None):
    numbers = (ibis.literal(value) for value in (float(weight or count), count, left, right))
    expression = MEASURES[name](PairFacts(*numbers, sessions))
    return ibis.duckdb.connect().execute(expression)


def test_measures_by_hand():
    # 10 sessions; the items stand in 4 and 5 of them, together in 3.
    assert measure("weight", 3, 4, 5, 10, weight=2.5) == 2.5
    assert measure("lift", 3, 4, 5, 10) == pytest.approx(1.5)
    assert measure("cosine", 3, 4, 5, 10) == pytest.approx(3 / np.sqrt(20))
    assert measure("weighted_lift", 3, 4, 5, 10, weight=2) == pytest.approx(2 * np.log(2.5))


@pytest.mark.parametrize(
    ("count", "left", "right", "sessions"), [(3, 4, 5, 10), (110, 2552, 221, 31_777), (1, 1, 1, 9)]
)
def test_log_likelihood_is_the_g_test_of_the_table(count, left, right, sessions):
    table = [[count, left - count], [right - count, sessions - left - right + count]]
    by_scipy = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert measure("log_likelihood", count, left, right, sessions) == pytest.approx(by_scipy)


def test_a_pair_that_meets_less_than_by_chance_counts_against_itself():
    assert measure("log_likelihood", 1, 50, 50, 100) < 0
    assert measure("log_likelihood", 25, 50, 50, 100) == pytest.approx(0, abs=1e-9)


def test_threshold_is_that_of_a_one_sided_test():
    assert threshold(0.05) == pytest.approx(chi2.isf(0.1, df=1))


def line(session, item, day=1, minute=0, kind="purchase"):
    return {"session": session, "item": item, "kind": kind, "time": f"2024-01-{day:02d} 10:{minute:02d}:00"}


def test_age_length_and_distance_weigh_a_pair(make_events):
    # The last session is on the 21st: the first, 20 days before, is two half-lives old.
    rows = [line("old", item, 1, minute) for minute, item in enumerate("abc")]
    rows += [line("new", item, 21, minute) for minute, item in enumerate("ab")]
    settings = CoPurchaseConfig(half_life_days=10, length_power=1, distance_decay=0.5, reverse_weight=1)
    graph = build_graph(make_events(rows), GraphConfig(co_purchase=settings))
    a, b, c = range(3)
    pairs = graph.evidence_columns(np.array([a, a]), np.array([b, c]))
    age = 20 + 1 / (24 * 60)  # from the last event of the old session to the last of the log, in days
    age -= 2 / (24 * 60)
    old = 0.5 ** (age / 10) / 2
    np.testing.assert_allclose(pairs["weight"], [old + 1, old * 0.5], rtol=1e-6)
    np.testing.assert_array_equal(pairs["count"], [2, 1])


def test_planted_pairs_are_significant_and_shuffled_ones_are_at_chance(make_events):
    rng = np.random.default_rng(0)
    baskets = [rng.choice(30, 3, replace=False) for _ in range(400)]
    planted = [line(f"p{n}", item) for n in range(40) for item in ("x", "y")]
    noise = [line(f"n{n}", f"i{item:02d}") for n, basket in enumerate(baskets) for item in basket]
    events = make_events(planted + noise)
    everything = build_graph(events, GraphConfig())
    kept = build_graph(events, GraphConfig(co_purchase=CoPurchaseConfig(significance=0.05)))
    x, y = events.catalogue.codes(["x", "y"])
    assert kept.evidence(x, y).bought_together == 40
    # Of 435 independent pairs about one in twenty passes a test at 5%.
    by_chance = (len(kept.complement) - 2) / (len(everything.complement) - 2)
    assert 0.01 < by_chance < 0.12


@pytest.mark.parametrize("measure_name", sorted(MEASURES))
def test_every_measure_prunes_to_its_best(make_events, measure_name):
    rows = []
    for n in range(30):
        rows += [line(f"{n}", "a", kind="view"), line(f"{n}", "popular", kind="view")]
        rows += [line(f"alone{n}", "popular", kind="view")]
    for n in range(5):
        rows += [line(f"r{n}", "a", kind="view"), line(f"r{n}", "rare", kind="view")]
    rows += [line("end", "a"), line("end", "rare")]
    settings = CoViewConfig(top_k=1, rank_by=measure_name)
    graph = build_graph(make_events(rows), GraphConfig(co_view=settings))
    best = graph.similar.indices[graph.similar.indptr[0]]
    by_frequency = {"weight", "weighted_lift", "cosine"}
    assert best == (1 if measure_name in by_frequency else 2)

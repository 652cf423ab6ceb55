"""Ways to complete a graph of given links: against values worked out by hand, and on planted groups."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from graphrec.baselines import BASELINES, rank_codes
from graphrec.baselines.link_graph import IGNORED, LEFT_OUT, WALKED, not_of_links
from graphrec.baselines.node2vec import biased_walks
from tests.baselines.conftest import A, B, C, D, E, training_data

OF_LINKS = [key for key, baseline in BASELINES.items() if baseline.why_not is not_of_links]
LOG2, LOG3 = np.log(2), np.log(3)
NONE = -np.inf


@pytest.fixture
def five():
    """A triangle A, B, C, of which A and B are linked both ways, and D that hangs on C; E has no link."""
    links = [[A, B], [B, A], [A, C], [B, C], [C, D]]
    return replace(training_data([*"abcde"], links, types=[0] * 5), of_links=True)


def scores(data, key, query, **parameters):
    return BASELINES[key].fit(data, {"substitutes": IGNORED, **parameters}, 0)(np.array([query]))


@pytest.mark.parametrize(
    ("key", "parameters", "query", "expected"),
    [
        # A has 2 links, B 2, C 3, D 1. From A over B back or to C, over C back, to B or to D.
        ("link-walk-2", {"beta": 0}, A, [1 / 4 + 1 / 6, 1 / 6, 1 / 4, 1 / 6, 0]),
        ("link-walk-2", {"beta": 1}, A, [5 / 12 / 2, 1 / 6 / 2, 1 / 4 / 3, 1 / 6, 0]),
        ("link-walk-2", {"beta": 0}, E, [0, 0, 0, 0, 0]),
        # From D over C to A, B or D, and from there by one link more.
        ("link-walk-3", {"beta": 0}, D, [1 / 6, 1 / 6, 1 / 6 + 1 / 6 + 1 / 3, 0, 0]),
        ("link-walk-3", {"beta": 1}, D, [1 / 12, 1 / 12, 2 / 9, 0, 0]),
        ("common-neighbours", {}, A, [2, 1, 1, 1, 0]),
        ("adamic-adar", {}, A, [1 / LOG2 + 1 / LOG3, 1 / LOG3, 1 / LOG2, 1 / LOG3, 0]),
        # D, with a single link, joins no two.
        ("adamic-adar", {}, C, [1 / LOG2, 1 / LOG2, 2 / LOG2, 0, 0]),
        ("resource-allocation", {}, A, [1 / 2 + 1 / 3, 1 / 3, 1 / 2, 1 / 3, 0]),
        # The first factor is known: degrees over their sum. All factors are the links themselves.
        ("link-svd", {"rank": 1}, A, [4 / 8, 4 / 8, 6 / 8, 2 / 8, 0]),
        ("link-svd", {"rank": 128}, A, [0, 1, 1, 0, 0]),
    ],
)
def test_scores_are_what_the_hand_works_out(five, key, parameters, query, expected):
    np.testing.assert_allclose(scores(five, key, query, **parameters), [expected], atol=1e-12)


def test_katz_sums_the_paths_of_up_to_four_links():
    square = training_data([*"abcde"], [[A, B], [B, C], [C, D], [D, A]], types=[0] * 5)
    # Largest eigenvalue 2, so that a link is worth .1. From A: 2 paths of two links to C, 8 of four; 1 and 4 to B, D.
    expected = [0.02 + 0.0008, 0.1 + 0.004, 0.02 + 0.0008, 0.1 + 0.004, 0]
    np.testing.assert_allclose(scores(square, "katz", A, share=0.2), [expected], atol=1e-12)
    assert not scores(replace(square, baskets=square.baskets[:0]), "katz", A, share=0.2).any()


@pytest.mark.parametrize("key", [key for key in OF_LINKS if key != "node2vec"])
def test_no_opinion_is_had_on_known_substitutes(five, key):
    viewed = np.zeros((5, 5), np.float32)
    viewed[A, D] = viewed[D, A] = 3
    data, parameters = replace(five, viewed_together=sparse.csr_array(viewed)), dict(BASELINES[key].grid[-1])
    plain = scores(data, key, A, **parameters | {"substitutes": IGNORED})
    assert plain[0, D] > NONE
    plain[0, D] = NONE
    np.testing.assert_array_equal(scores(data, key, A, **parameters | {"substitutes": LEFT_OUT}), plain)
    assert scores(data, key, A, **parameters | {"substitutes": WALKED})[0, D] == NONE


def test_walks_may_go_over_substitute_links(five):
    viewed = np.zeros((5, 5), np.float32)
    viewed[A, D] = viewed[D, A] = 3
    data = replace(five, viewed_together=sparse.csr_array(viewed))
    # A has now 3 links and D 2: from A over B or D to C, over C to B, and back over all three.
    expected = [1 / 6 + 1 / 9 + 1 / 6, 1 / 9, 1 / 6 + 1 / 6, NONE, 0]
    np.testing.assert_allclose(scores(data, "link-walk-2", A, beta=0, substitutes=WALKED), [expected])


def test_they_complete_links_and_no_logs(five):
    assert {"link-walk-2", "link-walk-3", "katz", "link-svd", "node2vec"} <= set(OF_LINKS)
    for key in OF_LINKS:
        assert BASELINES[key].why_not(five) is None
        assert "log of purchases" in (BASELINES[key].why_not(replace(five, of_links=False)) or "")


@pytest.mark.parametrize("q", [0.5, 1, 4])
def test_a_walk_turns_away_as_often_as_q_says(five, q):
    walks = biased_walks(five.linked, 4_000, 5, q, seed=0)
    assert walks.shape == (4 * 4_000, 5)
    assert np.bincount(walks[:, 0]).tolist() == [4_000] * 4
    here, there = walks[:, :-1], walks[:, 1:]
    assert (five.linked.toarray()[here, there] == 1).all()
    # Where a walk came from A to C it goes back, or to B, a neighbour of both, or away to D.
    through = (walks[:, :-2] == A) & (walks[:, 1:-1] == C)
    went = np.bincount(walks[:, 2:][through], minlength=5) / through.sum()
    np.testing.assert_allclose(went, np.array([1, 1, 0, 1 / q, 0]) / (2 + 1 / q), atol=0.02)
    np.testing.assert_array_equal(walks, biased_walks(five.linked, 4_000, 5, q, seed=0))


@pytest.fixture(scope="module")
def groups():
    """A hundred groups of six, all linked but three pairs of each group; and some links between groups."""
    generator = np.random.default_rng(5)
    pairs = [(6 * g + i, 6 * g + j) for g in range(100) for i in range(6) for j in range(i) if i // 2 != j // 2]
    across = generator.integers(0, 600, (60, 2))
    links = [list(pair) for pair in [*pairs, *across] if pair[0] // 2 != pair[1] // 2]
    return replace(training_data([f"p{n:03d}" for n in range(600)], links, types=[0] * 600), of_links=True)


@pytest.mark.parametrize("key", ["popularity", *OF_LINKS])
def test_the_missing_links_of_groups_are_found(groups, key):
    baseline, codes = BASELINES[key], np.arange(600)
    if baseline.library:
        pytest.importorskip(baseline.library)
    scorer = baseline.fit(groups, baseline.grid[0], 1)
    found = rank_codes(scorer, groups.bought, codes, 1, groups.linked.astype(bool))[:, 0] == codes ^ 1
    assert found.mean() < 0.1 if key == "popularity" else found.mean() > 0.9

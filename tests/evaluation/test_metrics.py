"""Each metric against a value worked out by hand, and against ranx."""

import numpy as np
import pandas as pd
import pytest

from graphrec.evaluation import METRICS, Questions, hit_matrix
from graphrec.evaluation.diversity import (
    contamination,
    coverage,
    direction_accuracy,
    gini,
    share_of_commonest,
    types_per_list,
)
from graphrec.evaluation.lift import Meetings
from graphrec.evaluation.metrics import (
    BEYOND_CHANCE,
    PLAIN,
    answer_shares,
    gains_beyond_chance,
    metrics_beside_chance,
    metrics_per_question,
    ranking_metrics,
    row_shares,
    type_recall,
    weighted_recall,
)
from graphrec.evaluation.oracle import answer_lists
from graphrec.evaluation.questions import OrderedPairs
from graphrec.evaluation.single_items import single_items
from graphrec.graph.pairs import top_pairs

# Question 0: answers {1, 2, 3}; list 1 9 3 8 -> hits at ranks 1 and 3.
# Question 1: answers {5}; list 9 8 7 (short) -> none.
RANKED = np.array([[1, 9, 3, 8], [9, 8, 7, -1]])
QUESTIONS = Questions(np.array([0, 0]), np.array([0, 1]), np.array([0, 0, 0, 1]), np.array([1, 2, 3, 5]))
HITS = hit_matrix(RANKED, QUESTIONS)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("hit_rate", [1, 0]),
        ("precision", [2 / 4, 0]),
        ("recall", [2 / 3, 0]),
        ("capped_recall", [2 / 3, 0]),
        ("ndcg", [(1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3) + 1 / np.log2(4)), 0]),
        ("mrr", [1, 0]),
    ],
)
def test_by_hand(name, values):
    np.testing.assert_allclose(METRICS[name](HITS, QUESTIONS.answers), values)


def test_padding_is_never_a_hit():
    questions = Questions(np.array([1, 1]), np.array([0, 1]), np.array([0, 1]), np.array([0, 0]))
    assert not hit_matrix(np.full((2, 2), -1), questions).any()


def test_no_answers_no_hits():
    nothing = np.zeros(0, dtype=np.int64)
    assert not hit_matrix(np.array([[1, 2]]), Questions(np.array([0]), np.array([0]), nothing, nothing)).any()


def test_reciprocal_rank_counts_the_first_hit():
    hits = np.array([[False, False, True, True]])
    assert METRICS["mrr"](hits, np.array([2]))[0] == pytest.approx(1 / 3)


def test_capped_recall_asks_for_no_more_than_a_list_can_hold():
    np.testing.assert_allclose(METRICS["capped_recall"](HITS[:, :2], QUESTIONS.answers), [1 / 2, 0])


def test_rare_answers_weigh_more():
    # Answers 1, 2, 3 bought 0, 1, 3 times: weights 1, 1/2, 1/4; the list holds 1 and 3.
    weight = 1 / (np.array([9, 0, 1, 3, 9, 9, 9, 9, 9, 9]) + 1)
    np.testing.assert_allclose(weighted_recall(HITS, RANKED, QUESTIONS, weight), [1.25 / 1.75, 0])


def test_types_of_the_answers_that_the_list_holds():
    # Answers 1, 2, 3 are of types 0, 1, 1; the list's 9 is of type 1, so both types are held. Answer 5 is of type 3.
    types = np.array([9, 0, 1, 1, 9, 3, 9, 2, 2, 1])
    np.testing.assert_allclose(type_recall(RANKED[:, :2], QUESTIONS, types), [1, 0])
    np.testing.assert_allclose(type_recall(RANKED[:, :1], QUESTIONS, types), [0.5, 0])
    assert types_per_list(RANKED, types) == pytest.approx((3 + 2) / 2)  # 0 1 1 2 and 1 2 2


def test_coverage_and_gini():
    groups = np.array([0, 0, 1, 2, -1])
    assert coverage(np.array([[0, 4], [2, -1]]), groups) == pytest.approx(2 / 3)
    assert gini(np.array([[0, 1], [2, 3]]), 4) == pytest.approx(0)
    assert gini(np.array([[0], [0]]), 4) == pytest.approx(3 / 4)  # one of n has all: (n - 1) / n
    # Places 0, 1, 3 of three items: sum((2i - n - 1) x) / (n sum x) = (0 + 0 + 6) / 12
    assert gini(np.array([[0, 1], [1, 1]]), 3) == pytest.approx(6 / 12)


def test_only_the_most_similar_are_substitutes():
    # 0 is similar to 1 (weight 3), 2 (2), 3 (1).
    links = np.array([1.0, 2.0, 3.0])
    similar = top_pairs(5, np.zeros(3, int), np.array([3, 2, 1]), links, {}, 5)
    ranked, query = np.array([[1, 3, 4, -1]]), np.array([0])
    assert contamination(ranked, query, similar, 3) == pytest.approx(2 / 3)
    assert contamination(ranked, query, similar, 2) == pytest.approx(1 / 3)


def test_direction_is_right_where_the_second_stands_higher_with_the_first():
    query, ranked = np.array([0, 1, 2]), np.array([[1, 2], [2, 0], [5, 6]])
    pairs = OrderedPairs(np.array([0, 2, 1]), np.array([1, 1, 7]))
    # 0 -> 1: rank 0 against 1: right. 2 -> 1: not in the list of 2, first in that of 1: wrong. 7 was not asked.
    assert direction_accuracy(ranked, query, pairs) == pytest.approx(1 / 2)
    assert np.isnan(direction_accuracy(ranked, query, OrderedPairs(np.array([7]), np.array([8]))))


def test_ranx_agrees():
    ranx = pytest.importorskip("ranx")
    rng = np.random.default_rng(0)
    ranked = np.stack([rng.permutation(60)[:20] for _ in range(200)])
    answers = [rng.permutation(60)[: rng.integers(1, 9)] for _ in range(200)]
    question = np.repeat(np.arange(200), [len(own) for own in answers])
    questions = Questions(np.arange(200), np.arange(200), question, np.concatenate(answers))
    truth = ranx.Qrels({f"q{q}": {f"i{i}": 1 for i in own} for q, own in enumerate(answers)})
    run = ranx.Run({f"q{q}": {f"i{i}": 20.0 - r for r, i in enumerate(row)} for q, row in enumerate(ranked)})
    ours = ranking_metrics(hit_matrix(ranked, questions), questions.answers)
    every = metrics_per_question(ranked, questions, np.zeros(60), np.ones(60), np.zeros(60, dtype=int))
    assert set(ours) <= set(every)
    for name in METRICS.keys() - {"capped_recall"}:
        for cut in (5, 10, 20):
            theirs = ranx.evaluate(truth, run, f"{name}@{cut}", make_comparable=True)
            assert ours[f"{name}@{cut}"].mean() == pytest.approx(float(theirs), abs=1e-12), (name, cut)


# The baskets 0 1 2 3 and 0 5: six rows, of which 0 is two.
SHARE = row_shares(QUESTIONS, 10)


def test_chance_is_the_share_of_all_rows_times_the_other_items_of_the_basket():
    questions = Questions(np.array([0, 4, 1]), np.arange(3), np.array([0, 0, 1, 2]), np.array([1, 2, 1, 2]))
    # Rows: 0 1 2, 4 1, 1 2: seven, of which 1 has three and 2 two; nobody asked about 3.
    share = row_shares(questions, 5)
    np.testing.assert_allclose(share, np.array([1, 3, 2, 0, 1]) / 7)
    np.testing.assert_allclose(answer_shares(questions, 5), np.array([0, 2, 2, 0, 0]) / 4)
    ranked = np.array([[1, 3], [2, 1], [2, -1]])
    gains = gains_beyond_chance(hit_matrix(ranked, questions), ranked, questions.answers, share)
    # Of two other items 1 would be one in 6/7 of strangers' baskets; of one other item in 3/7.
    np.testing.assert_allclose(gains, [[1 - 6 / 7, 0], [-2 / 7, 1 - 3 / 7], [1 - 2 / 7, 0]])


def test_what_chance_would_find_is_taken_off_by_hand():
    second, third = 1 / np.log2(3), 1 / np.log2(4)
    # 1 and 3 are 1/6 of the rows, times three other items 1/2. 9 and 8 are in no basket.
    values = metrics_beside_chance(RANKED, QUESTIONS, SHARE, (2, 4))
    np.testing.assert_allclose(values["hits_beyond_chance@2"], [1 / 2, 0])
    np.testing.assert_allclose(values["hits_beyond_chance@4"], [2 / 2, 0])
    np.testing.assert_allclose(values["ndcg_beyond_chance@4"], [(1 / 2 + third / 2) / (1 + second + third), 0])
    # The second question has one other item, 5: 1 and 2 are expected by 1/6 each, and are no hits.
    lists = np.array([[1, 9], [1, 2]])
    values = metrics_beside_chance(lists, QUESTIONS, SHARE, (2,))
    np.testing.assert_allclose(values["hits_beyond_chance@2"], [1 / 2, -2 / 6])
    np.testing.assert_allclose(values["ndcg_beyond_chance@2"], [1 / 2 / (1 + second), -(1 + second) / 6])


def test_chance_is_never_more_than_certain():
    questions = Questions(np.array([0]), np.array([0]), np.array([0, 0]), np.array([1, 2]))
    ranked = np.array([[1, 3]])
    gains = gains_beyond_chance(hit_matrix(ranked, questions), ranked, questions.answers, np.array([0, 0.9, 0.1, 0.7]))
    assert gains.tolist() == [[0, -1]]


def test_an_item_that_holds_up_a_score_is_named_with_the_score_without_it():
    # Twenty questions of one answer each, found first: 1 in half of them, ten others once.
    answer = np.concatenate([np.full(10, 1), np.arange(2, 12)])
    questions = Questions(np.zeros(20, int), np.arange(20), np.arange(20), answer)
    found = single_items([answer[:, None], answer[:, None]], questions, np.zeros(12))
    assert found.item.tolist() == [1] and found.share == pytest.approx(0.5) and found.without == pytest.approx(0.5)
    # Beyond chance 1 earns as much as each of the others: of so few questions all hold 1/11 of the score.
    chance = np.where(np.arange(12) == 1, 0.9, 0.0)
    found = single_items([answer[:, None]], questions, chance)
    assert found.share == pytest.approx(np.full(11, 1 / 11)) and found.without == pytest.approx(0)
    assert not len(single_items([np.full((20, 1), -1)], questions, chance).item)


def test_places_of_the_commonest():
    ranked = np.array([[0, 1], [0, 2], [0, -1], [3, 0]])  # 0 four times, 1, 2 and 3 once
    assert share_of_commonest(ranked, 1) == pytest.approx(4 / 7)
    assert share_of_commonest(ranked, 2) == pytest.approx(5 / 7)
    assert share_of_commonest(ranked, 20) == 1
    assert np.isnan(share_of_commonest(np.full((2, 2), -1), 20))


def test_listed_pairs_of_a_lift_below_one_by_hand():
    # Ten baskets. 0: seven of them; 1: six; 2: two; 3: one; 4: five. 0 and 1 meet three times: 3 * 10 < 7 * 6.
    baskets = [[0, 1], [0, 1], [0, 1, 2], [0, 2], [0], [0], [0], [1, 4], [1, 4], [1, 4, 3]]
    lines = pd.DataFrame([(number, item) for number, items in enumerate(baskets) for item in items])
    lines = lines.set_axis(["basket", "item"], axis=1)
    meetings = Meetings.of(lines, np.array([0, 1]), 6)
    # 0 with 2: 2 * 10 >= 7 * 2. With 3: never, .7 expected: unknown. With 4: never, 2.1 expected: unknown.
    assert meetings.share_below_chance(np.array([[1, 2, 3, 4], [-1, -1, -1, -1]])) == pytest.approx(1 / 2)
    # 1 with 4: 3 * 10 >= 6 * 3.
    assert meetings.share_below_chance(np.array([[2, -1], [4, 0]])) == pytest.approx(1 / 3)
    # Twice as many of the same: 0 with 4 would have met 4.2 times by chance, and never did.
    twice = pd.concat([lines, lines.assign(basket=lines["basket"] + 10)])
    assert Meetings.of(twice, np.array([0, 1]), 6).share_below_chance(np.array([[3, 4], [-1, -1]])) == 1
    assert np.isnan(meetings.share_below_chance(np.array([[3, 5], [5, 5]])))


def test_no_ranking_does_better_than_the_answers_themselves():
    # Question 0 has answers 1, 2, 3, of which nobody had bought 3; question 1 has 0 alone.
    asked = Questions(np.array([0, 4]), np.array([0, 1]), np.array([0, 0, 0, 1]), np.array([1, 2, 3, 0]))
    bought = np.array([5, 9, 2, 0, 1])
    lists = answer_lists(asked, -bought, 3)
    assert lists.tolist() == [[3, 2, 1], [0, -1, -1]]
    whole = np.pad(lists, ((0, 0), (0, 17)), constant_values=-1)
    values = metrics_per_question(whole, asked, row_shares(asked, 5), bought, np.zeros(5, int))
    assert values["recall@20"].tolist() == values[PLAIN].tolist() == [1, 1]
    # Each item is one of six rows; 0 is two of them, and asked about with one other item.
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    np.testing.assert_allclose(values[BEYOND_CHANCE], [(ideal - ideal * 3 / 6) / ideal, 1 - 2 / 6])
    assert answer_lists(asked, -bought, 2).tolist() == [[3, 2], [0, -1]]

"""Each metric against a value worked out by hand, and against ranx."""

import numpy as np
import pytest

from graphrec.evaluation import METRICS, Questions, hit_matrix
from graphrec.evaluation.diversity import contamination, coverage, direction_accuracy, gini, types_per_list
from graphrec.evaluation.metrics import metrics_per_question, ranking_metrics, type_recall, weighted_recall
from graphrec.evaluation.oracle import answer_lists
from graphrec.evaluation.questions import OrderedPairs
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
    assert set(ours) <= set(metrics_per_question(ranked, questions, np.ones(60), np.zeros(60, dtype=int)))
    for name in METRICS.keys() - {"capped_recall"}:
        for cut in (5, 10, 20):
            theirs = ranx.evaluate(truth, run, f"{name}@{cut}", make_comparable=True)
            assert ours[f"{name}@{cut}"].mean() == pytest.approx(float(theirs), abs=1e-12), (name, cut)


def test_no_ranking_of_what_is_known_does_better_than_the_answers_themselves():
    # Question 0 has answers 1, 2, 3, of which 3 is unknown; question 1 has 0 alone.
    asked = Questions(np.array([0, 4]), np.array([0, 1]), np.array([0, 0, 0, 1]), np.array([1, 2, 3, 0]))
    bought = np.array([5, 9, 2, 0, 1])
    lists = answer_lists(asked, bought[asked.answer_item] > 0, bought, 3)
    assert lists.tolist() == [[2, 1, -1], [0, -1, -1]]
    values = metrics_per_question(np.pad(lists, ((0, 0), (0, 17)), constant_values=-1), asked, bought, np.zeros(5, int))
    assert values["recall@20"].tolist() == [2 / 3, 1]
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert values["ndcg@10"].tolist() == [pytest.approx((1 + 1 / np.log2(3)) / ideal), 1]
    assert answer_lists(asked, np.zeros(4, bool), bought, 2).tolist() == [[-1, -1], [-1, -1]]

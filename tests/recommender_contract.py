"""What graphrec and every baseline owe whoever asks them: one class, inherited by the tests of each."""

import numpy as np
import pytest

from graphrec.errors import EventsError, GraphrecWarning, UnknownItem
from graphrec.results import LIST_COLUMNS
from graphrec.results.interface import ComplementRecommender


class RecommenderContract:
    """What every recommender of complements owes whoever asks it.

    A test class inherits it and has a fixture `asked`: a fitted recommender of 20 items or more.
    """

    def test_it_is_asked_as_all_others_are(self, asked):
        assert isinstance(asked, ComplementRecommender)

    def test_k_answers_ranked_and_never_the_query(self, asked):
        answers = asked.recommend(asked.items[3], k=7)
        assert [answer.rank for answer in answers] == list(range(1, 8))
        assert len({answer.item for answer in answers} - {asked.items[3]}) == 7
        assert {answer.item for answer in answers} <= set(asked.items)
        assert all(np.isfinite([answer.score, answer.uplift]).all() for answer in answers)
        assert all((answer.source == "observed") == (answer.evidence.bought_together > 0) for answer in answers)

    def test_a_cart_is_not_in_its_answer_and_its_order_does_not_matter(self, asked):
        cart = asked.items[2:6]
        answers = asked.recommend(cart, k=10)
        assert len({answer.item for answer in answers} - set(cart)) == 10
        assert answers == asked.recommend([*cart[::-1], cart[0]], k=10)

    def test_lists_end_with_the_last_other_item(self, asked):
        answers = asked.recommend(asked.items[0], k=len(asked.items) + 3)
        assert sorted(answer.item for answer in answers) == sorted(asked.items[1:])

    def test_what_the_session_took_is_left_out(self, asked):
        first, second, *_ = [answer.item for answer in asked.recommend(asked.items[0], k=4)]
        answers = asked.recommend(asked.items[0], k=4, session=[(first, "cart"), second, (second, "view")])
        assert len(answers) == 4
        assert first not in {answer.item for answer in answers}
        with pytest.raises(EventsError, match="'steal'"):
            asked.recommend(asked.items[0], k=4, session=[(first, "steal")])

    def test_unknown_ids_raise_or_are_skipped(self, asked):
        item = asked.items[1]
        with pytest.raises(UnknownItem, match="nobody"):
            asked.recommend("nobody")
        with pytest.raises(UnknownItem, match="nobody"):
            asked.recommend_many([item, "nobody"])
        with pytest.raises(UnknownItem, match="nobody"):
            asked.recommend("nobody", unknown="skip")
        with pytest.warns(GraphrecWarning, match="nobody"):
            assert asked.recommend([item, "nobody"], k=3, unknown="skip") == asked.recommend(item, k=3)
        with pytest.warns(GraphrecWarning, match="nobody"):
            frame = asked.recommend_many(["nobody", item], k=3, unknown="skip")
        assert frame["query"].tolist() == [1, 1, 1]
        for nothing in ({"query": []}, {"query": item, "k": 0}):
            with pytest.raises(EventsError):
                asked.recommend(**nothing)

    def test_a_batch_gives_what_its_queries_give_one_by_one(self, asked):
        queries = [*asked.items[:20], asked.items[:3], asked.items[5:9], asked.items[4]]
        frame = asked.recommend_many(iter(queries), k=5)
        assert list(frame.columns) == ["query", *LIST_COLUMNS]
        for position, query in enumerate(queries):
            rows = frame[frame["query"] == position]
            answers = asked.recommend(query, k=5)
            assert rows["item"].tolist() == [query if isinstance(query, str) else tuple(query)] * 5
            assert rows["complement"].tolist() == [answer.item for answer in answers]
            assert rows["rank"].tolist() == [answer.rank for answer in answers]
            assert rows["score"].tolist() == [answer.score for answer in answers]
            assert rows["uplift"].tolist() == [answer.uplift for answer in answers]
            assert rows["source"].tolist() == [answer.source for answer in answers]
            assert rows["bought_together"].tolist() == [answer.evidence.bought_together for answer in answers]
            assert rows["lift"].tolist() == [answer.evidence.lift for answer in answers]

    def test_every_item_gets_a_list(self, asked):
        frame = asked.recommend_all(k=5)
        assert list(frame.columns) == list(LIST_COLUMNS)
        assert frame["item"].drop_duplicates().tolist() == asked.items
        assert frame.groupby("item")["rank"].apply(list).map(lambda ranks: ranks == [1, 2, 3, 4, 5]).all()
        assert (frame["item"] != frame["complement"]).all()

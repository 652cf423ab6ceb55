"""What every caller may rely on."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from graphrec import EventsError, GraphrecWarning, Recommendation, Recommender, UnknownItem
from graphrec.evaluation.fit_graphrec import of_model
from graphrec.results import SOURCES
from graphrec.sessions import SessionMatrix, candidate_log_probabilities
from tests.conftest import completing, listing, quick_config


@pytest.fixture(scope="module")
def popular(recommender):
    order = np.argsort(-recommender.model.graph.bought, kind="stable")
    return [recommender.items[code] for code in order[:40]]


def test_answers_are_frozen_ranked_and_never_the_query(recommender, popular):
    answers = recommender.recommend(popular[0], k=7)
    assert [answer.rank for answer in answers] == list(range(1, 8))
    assert popular[0] not in {answer.item for answer in answers}
    assert all(0 < answer.score < 1 and answer.uplift > 0 for answer in answers)
    assert all(isinstance(answer, Recommendation) and answer.source in SOURCES for answer in answers)
    assert all((answer.source == "observed") == (answer.evidence.bought_together > 0) for answer in answers)
    with pytest.raises(dataclasses.FrozenInstanceError):
        answers[0].score = 1.0


def test_a_cart_is_never_in_its_answer_and_its_order_does_not_matter(recommender, popular):
    cart = popular[:4]
    answers = recommender.recommend(cart, k=10)
    assert not set(cart) & {answer.item for answer in answers}
    assert answers == recommender.recommend(cart[::-1], k=10)
    assert answers == recommender.recommend([*cart, cart[0]], k=10)


def test_batch_equals_scalar(recommender, popular):
    queries = [*popular, *recommender.items[:300], popular[:3], recommender.items[5:9]]
    frame = recommender.recommend_many(queries, k=5)
    for position, query in enumerate(queries[-60:], start=len(queries) - 60):
        rows = frame[frame["query"] == position]
        answers = recommender.recommend(query, k=5)
        assert rows["complement"].tolist() == [answer.item for answer in answers]
        assert rows["score"].tolist() == [answer.score for answer in answers]
        assert rows["source"].tolist() == [answer.source for answer in answers]
        assert rows["bought_together"].tolist() == [answer.evidence.bought_together for answer in answers]


def test_every_item_gets_k_rows_and_the_columns_of_the_export(recommender):
    frame = recommender.recommend_all(k=10)
    assert list(frame.columns) == [
        "item", "complement", "rank", "score", "uplift", "source", "bought_together", "lift", "item_type",
        "complement_type",
    ]  # fmt: skip
    assert frame.groupby("item").size().eq(10).all()
    assert frame["item"].nunique() == len(recommender.items)
    assert (frame["item"] != frame["complement"]).all()
    assert not frame.duplicated(["item", "complement"]).any()


def test_lists_are_filled_up_to_the_last_other_item(recommender):
    everything = len(recommender.items)
    answers = recommender.recommend(recommender.items[0], k=everything + 5)
    assert len(answers) == everything - 1
    assert len({answer.item for answer in answers}) == everything - 1
    assert {answer.source for answer in answers} == set(SOURCES)


def test_substitutes_are_not_predicted_as_complements(recommender, popular):
    model = recommender.model
    for item in popular[:20]:
        code = model.catalogue.codes([item])[0]
        edges = slice(model.graph.similar.indptr[code], model.graph.similar.indptr[code + 1])
        similar = {recommender.items[j] for j in model.graph.similar.indices[edges]}
        predicted = {answer.item for answer in recommender.recommend(item, k=20) if answer.source == "predicted"}
        assert not similar & predicted


def test_unknown_ids_are_named_or_skipped_with_a_warning(recommender, popular):
    with pytest.raises(UnknownItem, match="'nothing-like-it'"):
        recommender.recommend("nothing-like-it")
    with pytest.raises(UnknownItem, match="'nope'"):
        recommender.similar_items("nope")
    with pytest.warns(GraphrecWarning, match="nope"):
        answers = recommender.recommend([popular[0], "nope"], k=5, unknown="skip")
    assert answers == recommender.recommend(popular[0], k=5)
    with pytest.warns(GraphrecWarning, match="nope"):
        frame = recommender.recommend_many(["nope", popular[0]], k=5, unknown="skip")
    assert set(frame["query"]) == {1}
    with pytest.raises(EventsError, match="query is empty"):
        recommender.recommend([])
    with pytest.raises(EventsError, match="k is 0"):
        recommender.recommend(popular[0], k=0)


def test_ids_may_be_given_as_numbers(recommender, popular):
    assert recommender.recommend(int(popular[0]), k=3) == recommender.recommend(popular[0], k=3)


def test_similar_items_leave_the_item_out(recommender, popular):
    answers = recommender.similar_items(popular[0], k=6)
    assert [answer.rank for answer in answers] == list(range(1, 7))
    assert popular[0] not in {answer.item for answer in answers}
    assert all(-1.001 <= answer.score <= 1.001 for answer in answers)


NEW = pd.DataFrame(
    {
        "item": ["n2", "n1"],
        "title": ["Quill Fjord Tent Summit 9", "Kestrel Alder Camera Nova 9"],
        "type": ["outdoor.tent", "electronics.camera"],
        "category_path": ["outdoor.tent", "electronics.camera"],
        "brand": ["quill", "kestrel"],
        "price": [330.0, None],
    }
)


def test_new_products_are_placed_beside_their_like_and_completed(planted):
    recommender = planted.recommender
    vectors = recommender.embed(NEW)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert vectors.dtype == np.float32
    names = np.array(recommender.model.features.types.names, dtype=object)[recommender.model.type_codes]
    nearest = np.argsort(-(vectors @ recommender.model.embeddings.T), axis=1)[:, :5]
    assert (names[nearest[0]] == "outdoor.tent").mean() >= 0.8
    assert (names[nearest[1]] == "electronics.camera").mean() >= 0.8
    lenders = recommender.model.new_queries(NEW).likeness
    assert np.diff(lenders.indptr).tolist() == [recommender.model.config.complements.look_alikes] * len(NEW)
    assert (recommender.model.graph.bought[lenders.indices] > 0).all()
    assert (names[lenders[[0]].indices] == "outdoor.tent").mean() >= 0.8
    lists = recommender.recommend_new(NEW, k=10)
    assert lists.groupby("item", sort=False).size().to_dict() == {"n2": 10, "n1": 10}
    row = list(recommender.model.features.types.names).index("outdoor.tent")
    targets = {recommender.model.features.types.names[t] for t in np.flatnonzero(planted.truth()[row])}
    assert lists[lists["item"] == "n2"]["complement_type"].isin(targets).mean() >= 0.7


def test_a_new_row_of_a_known_product_is_not_its_own_complement(recommender, popular):
    row = recommender.model.catalogue.frame.set_index("item", drop=False).loc[[popular[0]]]
    lists = recommender.recommend_new(row.reset_index(drop=True), k=10)
    assert popular[0] not in set(lists["complement"])
    assert lists["rank"].tolist() == list(range(1, 11))


def test_bad_product_tables_are_told(recommender):
    with pytest.raises(EventsError, match="needs a column 'item'"):
        recommender.embed(NEW.drop(columns="item"))
    with pytest.raises(EventsError, match="'n1' stands 2 times"):
        recommender.embed(pd.concat([NEW, NEW.iloc[1:]]))
    with pytest.raises(EventsError, match="'price' has 1 values that are no numbers"):
        recommender.embed(NEW.assign(price=["cheap", 1]))


def test_rerank_keeps_the_candidates_and_orders_them_anew(recommender, popular):
    answers = recommender.recommend(popular[0], k=10)
    reranked = recommender.rerank(answers, [(popular[5], "cart"), popular[6]])
    assert {answer.item for answer in reranked} == {answer.item for answer in answers}
    assert [answer.rank for answer in reranked] == list(range(1, 11))
    assert all(a.score >= b.score for a, b in itertools.pairwise(reranked))
    assert recommender.rerank(answers, []) == answers
    assert len(recommender.rerank([answer.item for answer in answers], [popular[3]])) == 10
    with pytest.raises(EventsError, match="kind 'stare'"):
        recommender.rerank(answers, [(popular[5], "stare")])
    inside = recommender.recommend(popular[0], k=5, session=[popular[7]])
    assert len(inside) == 5 and popular[0] not in {answer.item for answer in inside}
    taken = answers[0].item
    assert taken not in {answer.item for answer in recommender.recommend(popular[0], k=10, session=[(taken, "cart")])}


def test_scores_after_a_rerank_are_log_scores(recommender, popular):
    model, steps = recommender.model, [(popular[5], "cart"), popular[6]]
    answers = recommender.recommend(popular[0], k=8)
    codes = model.catalogue.codes(answer.item for answer in answers)
    session = SessionMatrix.of_one(model.catalogue.codes(popular[5:7]), np.array([1, 0]), 20)
    likely = candidate_log_probabilities(model.session_model, session, codes[None])[0]
    expected = np.log([answer.score for answer in answers]) + model.config.rerank.weight * likely
    scores = {answer.item: answer.score for answer in recommender.rerank(answers, steps)}
    assert [scores[answer.item] for answer in answers] == pytest.approx(expected.tolist())
    assert max(scores.values()) < 0


def test_an_unknown_step_of_a_session_is_warned_of_once_and_moves_nothing(recommender, popular):
    with pytest.warns(GraphrecWarning, match="nope") as warned:
        answers = recommender.recommend(popular[0], k=5, session=["nope", popular[6]], unknown="skip")
    assert len(warned) == 1
    assert answers == recommender.recommend(popular[0], k=5, session=[popular[6]])
    with pytest.warns(GraphrecWarning, match="nope"):
        answers = recommender.recommend(popular[0], k=5, session=["nope"], unknown="skip")
    assert answers == recommender.recommend(popular[0], k=5)


def test_embeddings_of_new_products_may_be_handed_in(recommender):
    lists = recommender.recommend_new(NEW, 5)
    pd.testing.assert_frame_equal(recommender.recommend_new(NEW, 5, recommender.embed(NEW)), lists)
    turned = recommender.recommend_new(NEW, 5, recommender.embed(NEW)[::-1])
    assert turned["complement"].tolist() != lists["complement"].tolist()


def test_the_weight_says_how_far_a_session_moves_a_list(recommender, popular):
    answers = recommender.recommend(popular[0], k=10)

    def reranked(weight):
        settings = recommender.model.config.rerank.model_copy(update={"weight": weight})
        config = recommender.model.config.model_copy(update={"rerank": settings})
        model = dataclasses.replace(recommender.model, config=config)
        return [answer.item for answer in Recommender(model).rerank(answers, [(popular[5], "cart"), popular[6]])]

    assert reranked(0.0) == [answer.item for answer in sorted(answers, key=lambda a: (-a.score, a.item))]
    assert reranked(0.0) != reranked(1_000.0)


def test_explanation_tells_the_evidence(recommender, popular):
    best = recommender.recommend(popular[0], k=1)[0]
    told = recommender.explain(popular[0], best.item)
    assert (told.rank, told.source, told.evidence) == (1, best.source, best.evidence)
    assert f"{best.evidence.bought_together:,} times" in told.sentence
    assert 0 <= told.type_probability <= 1
    untouched = recommender.items[int(np.flatnonzero(recommender.model.graph.bought == 0)[0])]
    assert "never bought together" in recommender.explain(popular[0], untouched).sentence


def test_explanation_tells_rank_and_score_of_the_list_however_far_down(recommender, popular):
    answers = recommender.recommend(popular[1], k=len(recommender.items))
    for answer in [*answers[:5], answers[60], answers[150], answers[-1]]:
        told = recommender.explain(popular[1], answer.item)
        assert (told.rank, told.score, told.source) == (answer.rank, answer.score, answer.source)
    assert "likelier than for anyone" in recommender.explain(popular[1], answers[-1].item).sentence


def test_what_the_rules_leave_out_has_no_place_in_an_explanation(recommender):
    one_way = Recommender(listing(recommender.model, one_way=True))
    whole = len(recommender.items)
    for item in recommender.items[:100]:
        left = {answer.item for answer in recommender.recommend(item, whole)}
        left -= {answer.item for answer in one_way.recommend(item, whole)}
        for other in left:
            told = one_way.explain(item, other)
            assert (told.rank, told.score, told.source) == (None, None, None)
            assert told.sentence.endswith("left out by the rules of lists")
            return
    pytest.fail("no item is clearly bought before another")


def test_smallest_shop(make_events):
    """Two items, a handful of baskets: every stage runs and the lists hold the one other item."""
    rows = [{"session": s, "item": item} for s in range(6) for item in ("a", "b")]
    recommender = Recommender.fit(make_events(rows, default_kind="purchase"), quick_config())
    assert [answer.item for answer in recommender.recommend("a", k=3)] == ["b"]
    assert recommender.recommend("a")[0].evidence.bought_together == 6
    assert [answer.item for answer in recommender.similar_items("a", k=3)] == ["b"]


def test_a_ranker_orders_the_lists_and_its_scores_are_shares(recommender):
    assert recommender.model.complements.ranker is not None
    lists = recommender.recommend_many(recommender.items[:50], 10)
    total = lists.groupby("query")["score"].sum()
    assert (total <= 1 + 1e-9).all() and (total > 0.05).all()


def test_a_candidate_that_is_given_twice_counts_once(recommender, popular):
    answers = recommender.recommend(popular[0], k=4)
    once = recommender.rerank(answers, [popular[5]])
    assert recommender.rerank([*answers, answers[0]], [popular[5]]) == once


def test_an_item_is_not_explained_by_itself(recommender, popular):
    with pytest.raises(EventsError, match="cannot complete itself"):
        recommender.explain(popular[0], popular[0])


def test_the_first_ten_places_hold_as_many_types_as_are_asked_for(recommender):
    model, codes = recommender.model, np.arange(60)

    def types(least):
        asked = listing(model, min_types=least)
        ranking = asked.rank(asked.carts(list(codes[:, None])), 10)
        kinds = model.type_codes[ranking.item].reshape(len(codes), 10)
        return np.array([len(set(row)) for row in kinds.tolist()])

    assert types(6).min() >= 6
    assert types(1).min() < 6


def test_lists_that_lead_one_way_leave_out_what_is_bought_before(recommender):
    model, graph = recommender.model, recommender.model.graph
    pairs = graph.complement
    first, later = (pairs.columns[name].astype(float) for name in ("first", "later"))
    backwards = (later - first - 1 >= 2.33 * np.sqrt(first + later)) & (first + later > 0)
    codes = np.unique(pairs.rows[backwards])
    assert len(codes) >= 5, "the shop has too few pairs of clear order"

    def lists(one_way):
        asked = listing(model, one_way=one_way)
        ranking = asked.rank(asked.carts(list(codes[:, None])), 10)
        edge = pairs.find(codes[ranking.query], ranking.item)
        assert (np.bincount(ranking.query) == 10).all()
        return (np.append(backwards, False)[edge]).sum()

    assert lists(one_way=False) > 5
    assert lists(one_way=True) == 0


def test_new_items_that_nothing_names_stand_below_the_others_of_their_type(planted):
    model, new = planted.recommender.model, planted.recommender.model.graph.bought == 0
    kinds = np.unique(model.type_codes[new])
    codes = np.resize(np.flatnonzero(~new), len(kinds))

    def above_others(**changes):
        """Count the new items that stand before an item with a past."""
        ranked = of_model(completing(model, **changes)).within_type(codes, kinds, len(model.catalogue))
        is_new = np.append(new, True)[ranked] & (ranked >= 0)
        is_old = ~np.append(new, True)[ranked] & (ranked >= 0)
        old_below = is_old[:, ::-1].cumsum(axis=1)[:, ::-1]
        return (is_new & (old_below > 0)).sum(axis=1)

    # Of each type the networks name as many as they are asked for.
    assert above_others(candidates_per_type=1, borrowed_candidates=0).max() <= 1
    assert above_others(candidates_per_type=1_000).max() > 1

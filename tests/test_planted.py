"""The whole way on a shop whose truth is known: found when planted, at chance when dealt out anew."""

import numpy as np
import pytest

from graphrec.recommender import Recommender
from tests.conftest import QUICK, Planted, quick_config


def top_type_hits(case: Planted, items: np.ndarray) -> float:
    """Share of the three likeliest types that are planted targets."""
    model = case.recommender.model
    likely = np.argsort(-model.snapshot.predictor.type_probabilities(model.embeddings), axis=1)[:, :3]
    return float(np.take_along_axis(case.truth()[model.type_codes], likely, axis=1)[items].mean())


def list_type_hits(case: Planted, items: np.ndarray) -> float:
    """Share of the complements listed for some items whose type is a planted target."""
    model = case.recommender.model
    lists = case.recommender.recommend_all(10)
    left, right = (model.catalogue.codes(lists[column]) for column in ("item", "complement"))
    return float(case.truth()[model.type_codes[left], model.type_codes[right]][items[left]].mean())


def test_type_transitions_are_recovered(planted):
    assert top_type_hits(planted, ~planted.cold()) >= 0.9


def test_type_transitions_of_a_shuffled_log_are_at_chance(shuffled):
    # Three of 32 types are targets of each; bestselling types may be hit a little more often than 3 / 32.
    assert top_type_hits(shuffled, ~shuffled.cold()) < 0.25


def test_held_out_pairs_are_found_several_times_as_often_as_by_popularity(planted):
    ours, popular, counts = planted.ours(), planted.baseline("popularity"), planted.baseline("count")
    assert ours["recall@10"] > 3 * popular["recall@10"]
    assert ours["recall@10"] > counts["recall@10"]
    assert ours["ndcg@10"] > counts["ndcg@10"]


def test_held_out_pairs_of_a_shuffled_log_are_found_no_better_than_by_popularity(shuffled):
    assert shuffled.ours()["recall@10"] < 1.15 * shuffled.baseline("popularity")["recall@10"]


def test_cold_items_get_complements_of_the_planted_types_like_warm_ones(planted):
    cold = planted.cold()
    warm_hits, cold_hits = list_type_hits(planted, ~cold), list_type_hits(planted, cold)
    assert warm_hits > 0.6
    assert cold_hits > warm_hits - 0.1


def new_items_listed(recommender: Recommender, case: Planted) -> tuple[float, float]:
    """Share of the places of lists that items hold which nobody ever touched; of these, in how many the type is a
    planted target."""
    model, lists = recommender.model, recommender.recommend_all(10)
    left, right = (model.catalogue.codes(lists[column]) for column in ("item", "complement"))
    new, of_target = case.cold()[right], case.truth()[model.type_codes[left], model.type_codes[right]]
    return float(new.mean()), float(of_target[new].mean()) if new.any() else 0.0


@pytest.mark.slow
def test_new_items_are_listed_where_the_ranker_has_seen_some_arrive(planted):
    networks = {**QUICK["networks"], "epochs": 2}
    rerank = {"epochs": 1, "max_sessions": 100}
    unprepared = Recommender.fit(
        planted.split.train, quick_config(networks=networks, ranker={"hidden_items": 0}, rerank=rerank)
    )
    (few, _), (some, of_target) = (new_items_listed(r, planted) for r in (unprepared, planted.recommender))
    cold = planted.cold().mean()
    # It starts from the posterior, so that some are listed even by one that has seen none arrive.
    assert few < 0.6 * some
    assert 0 < some < cold, "a new item should not be listed more often than any other"
    assert of_target > 0.6


def test_similar_items_are_of_the_same_type(planted):
    model = planted.recommender.model
    items = planted.recommender.items
    asked = [*range(0, len(items), 40), *np.flatnonzero(planted.cold())[:5]]
    same = [
        model.type_codes[code] == model.type_codes[model.catalogue.codes([answer.item])[0]]
        for code in asked
        for answer in planted.recommender.similar_items(items[code], 5)
    ]
    assert np.mean(same) > 0.9


def test_the_session_moves_what_it_speaks_for(planted):
    """A shopper who looked at a product of a type sees that type's candidates move up."""
    recommender, model = planted.recommender, planted.recommender.model
    types = np.array(model.features.types.names, dtype=object)[model.type_codes]
    moved = []
    for code in np.argsort(-model.graph.bought)[:30]:
        plain = recommender.recommend(recommender.items[code], k=20)
        kinds = [types[model.catalogue.codes([answer.item])[0]] for answer in plain]
        wanted = kinds[-1]
        seen = recommender.items[int(np.flatnonzero((types == wanted) & (model.graph.viewed > 0))[0])]
        reranked = recommender.rerank(plain, [seen])
        before = np.mean([rank for rank, kind in enumerate(kinds) if kind == wanted])
        places = {answer.item: answer.rank - 1 for answer in reranked}
        after = np.mean([places[answer.item] for answer, kind in zip(plain, kinds, strict=True) if kind == wanted])
        moved.append(before - after)
    assert np.mean(moved) > 1

"""The order of lists, in a small shop of which it is known what goes with what and what is bought by all."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graphrec import Recommender
from graphrec.baselines import BASELINES
from graphrec.complements import QueryRows, describe_pairs
from graphrec.evaluation import make_question_sets, split_log
from graphrec.evaluation.fit_baselines import of_scorer
from graphrec.evaluation.fit_graphrec import of_model
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.metrics import BEYOND_CHANCE, metrics_beside_chance, row_shares
from graphrec.events import Catalogue
from graphrec.lists import Staples
from tests.conftest import completing, knowing, listing
from tests.staple_shop import BAG, BLUE, GROUPS, LARGE, MUG, PARTS, RARE, RED, SMALL, group, write_staple_shop


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    return split_log(write_staple_shop(tmp_path_factory.mktemp("staples")))


@pytest.fixture(scope="module")
def model(split):
    return Recommender.fit(split.train, split.config).model


@pytest.fixture(scope="module")
def together(split, model):
    """Count by hand: `bought` baskets of each item, `pairs` baskets of two, and how many there are."""
    bought = split.train.frame.query("kind == 2")
    baskets = pd.crosstab(bought["session"], bought["item"]).reindex(columns=range(len(model.catalogue)), fill_value=0)
    counts = (baskets > 0).astype(int).to_numpy()
    return counts.sum(axis=0), counts.T @ counts, len(counts)


def lists(model, k, **settings):
    return Recommender(listing(model, **settings)).recommend_all(k)


def answers(model, query, k=10, **settings):
    return [answer.item for answer in Recommender(listing(model, **settings)).recommend(query, k)]


def test_a_staple_stands_in_every_list_by_what_is_bought_most_and_in_few_by_what_the_query_changes(model, together):
    bought, _, baskets = together
    bag = model.catalogue.codes([BAG])[0]
    assert bought[bag] == baskets == model.graph.baskets

    def listed(specificity):
        three = lists(model, 3, specificity=specificity, staples="keep")
        return set(three.loc[three["complement"] == BAG, "item"])

    everything = set(model.catalogue.frame["item"]) - {BAG}
    assert listed(0.0) == everything
    # It stands still where an item has no three partners.
    assert listed(1.0) <= {RED, BLUE, SMALL, LARGE, MUG, *RARE}
    assert len(listed(1.0)) < 0.4 * len(everything)


def test_a_staple_stands_behind_what_is_bought_together_beyond_chance_or_last_as_the_shop_wants(model, together):
    bought, pairs, baskets = together
    whole = len(model.catalogue) - 1
    kept, demoted, dropped = (
        lists(model, whole, specificity=0.0, staples=place, min_types=1)
        .set_index(["item", "complement"])["rank"]
        .sort_index()
        for place in ("keep", "demote", "drop")
    )
    chosen = group(0)
    codes, bag = model.catalogue.codes(chosen), model.catalogue.codes([BAG])[0]
    partners = pairs[np.ix_(codes, codes)] * baskets > 2 * np.outer(bought[codes], bought[codes])
    for row, item in enumerate(chosen):
        others = [other for column, other in enumerate(chosen) if column != row and partners[row, column]]
        assert others and kept[item, BAG] == 1
        assert all(demoted[item, BAG] > demoted[item, other] for other in others)
    assert (dropped >= demoted).xs(BAG, level="complement").all()
    assert (dropped > demoted).xs(BAG, level="complement").any()
    # Red and blue are in half of all baskets each, the mug in a tenth: only those may be staples.
    assert demoted[SMALL, MUG] < min(demoted[SMALL, RED], demoted[SMALL, BLUE], demoted[SMALL, BAG])
    assert bought[bag] == baskets


def test_what_is_bought_together_beyond_chance_is_no_staple(model, together):
    bought, _, baskets = together
    red = model.catalogue.codes([RED])
    share = bought[red[0]] / baskets
    expected = np.array([100.0 * share])

    def staple(together, share):
        return bool(Staples("demote", share).among(model.snapshot, red, np.array([together]), expected)[0])

    spread = 1.64 * np.sqrt(expected[0] * (1 - share))
    assert staple(expected[0] + spread - 0.1, 0.2) and not staple(expected[0] + spread + 0.1, 0.2)
    assert not staple(0.0, 0.7), "of half of the baskets where a staple is one of more than seven tenths"


def test_without_a_setting_the_lists_are_by_what_the_fit_has_chosen(model):
    assert model.config.lists.specificity is None
    pd.testing.assert_frame_equal(lists(model, 5), lists(model, 5, specificity=model.chosen_specificity))
    assert not lists(model, 5).equals(lists(model, 5, specificity=0.0))


def test_the_order_changes_no_score(model):
    whole = len(model.catalogue) - 1
    plain, by_uplift = (lists(model, whole, specificity=s).set_index(["item", "complement"]) for s in (0.0, 1.0))
    known = plain[plain["source"] == "observed"]
    pd.testing.assert_frame_equal(
        known[["score", "uplift"]], by_uplift.loc[known.index, ["score", "uplift"]], check_exact=True
    )
    popularity = model.snapshot.memory.popularity[model.catalogue.codes(plain.index.get_level_values("complement"))]
    np.testing.assert_allclose(plain["uplift"], plain["score"] / popularity, rtol=1e-12)


@pytest.mark.parametrize("specificity", [0.0, 0.5, 1.0, 2.0])
def test_what_goes_with_an_item_is_ordered_by_its_share_without_that_of_anyone(model, together, specificity):
    _, pairs, _ = together
    listed = lists(model, 3, specificity=specificity, min_types=1)
    left, right = (model.catalogue.codes(listed[name]) for name in ("item", "complement"))
    key = listed["score"] - specificity * model.complements.anyone[right]
    own = listed["item"].str.endswith(PARTS).to_numpy()
    assert own.sum() == 3 * len(GROUPS) * len(PARTS) and (pairs[left, right] > 0)[own].all()
    assert (key[own].groupby(listed["item"]).diff().dropna() <= 1e-9).all()


def test_what_anyone_buys_is_the_mean_over_what_is_bought(model):
    whole = lists(model, len(model.catalogue) - 1)
    left, right = (model.catalogue.codes(whole[name]) for name in ("item", "complement"))
    mean = np.zeros(len(model.catalogue))
    for query, popularity in enumerate(model.snapshot.memory.popularity):
        mean[right[left == query]] += popularity * whole["score"].to_numpy()[left == query]
    np.testing.assert_allclose(model.complements.anyone, mean, atol=2e-4)
    # Shares of the purchases are something else: a basket of more items says more of what is bought together.
    assert np.abs(model.complements.anyone - model.snapshot.memory.popularity).max() > 4e-3
    assert model.complements.anyone.sum() == pytest.approx(1, abs=1e-3)


def against_chance(model, together):
    """Tell pairs that met less often than chance, and those that never met though they should have or should not."""
    bought, pairs, baskets = together
    expected = np.outer(bought, bought) / baskets
    never = pairs == 0
    return (~never & (pairs < expected)) | (never & (expected >= 3)), never & (expected > 0.8) & (expected < 3)


@pytest.mark.parametrize("specificity", [0.0, 1.0])
def test_what_is_bought_together_less_often_than_chance_stands_behind_everything_else(model, together, specificity):
    unlikely, unclear = against_chance(model, together)
    red, blue, alder, other = model.catalogue.codes([RED, BLUE, group(0)[0], group(1)[0]])
    assert together[1][red, blue] == 1 and unlikely[red, blue], "met once, and should have met in hundreds of baskets"
    assert together[1][alder, other] == 0 and unlikely[alder, other]
    whole = lists(model, len(model.catalogue) - 1, specificity=specificity, near_duplicates="keep", min_types=1)
    left, right = (model.catalogue.codes(whole[name]) for name in ("item", "complement"))
    substitutes = model.graph.similar.find(left, right) >= 0
    last = unlikely[left, right]
    ordinary = ~last & ~unclear[left, right] & (~substitutes | (together[1][left, right] > 0))
    behind = whole["rank"].where(last).groupby(left).min()
    front = whole["rank"].where(ordinary).groupby(left).max()
    # A bag is bought with everything as often as chance has it, and what is rare should have met little.
    assert set(np.flatnonzero(behind.isna())) <= set(model.catalogue.codes([BAG, *RARE]))
    assert front.notna().all() and (front < behind)[behind.notna()].all()


def test_two_packs_of_one_thing_take_one_of_the_first_five_places(model):
    others = len(model.catalogue) - 1
    kept, one = (lists(model, others, near_duplicates=how).set_index(["item", "complement"]) for how in ("keep", "one"))
    # Nobody's list is shorter for it.
    assert (kept.groupby(level=0).size() == others).all() and (one.groupby(level=0).size() == others).all()
    for query, pack in ((SMALL, LARGE), (LARGE, SMALL)):
        assert kept.loc[(query, pack), "rank"] <= 5
        assert one.loc[(query, pack), "rank"] == 6, "another pack of the query"
    better, worse = kept.loc[MUG]["rank"].reindex([SMALL, LARGE]).sort_values().index
    assert kept.loc[(MUG, worse), "rank"] <= 5
    assert one.loc[(MUG, better), "rank"] == kept.loc[(MUG, better), "rank"]
    assert one.loc[(MUG, worse), "rank"] == 6, "the second of two packs"
    # What has nothing to do with them stays where it is.
    alder = group(0)[0]
    pd.testing.assert_series_equal(one.loc[alder]["rank"].head(5), kept.loc[alder]["rank"].head(5))
    # A pack that is in the cart keeps the other one out as well.
    assert LARGE in answers(model, [MUG, SMALL], 3, near_duplicates="keep")
    assert LARGE not in answers(model, [MUG, SMALL], 5, near_duplicates="one")


def test_the_first_ten_places_hold_as_many_types_as_are_asked_for(model):
    def types(least):
        listed = lists(model, 10, min_types=least, near_duplicates="keep")
        kinds = model.type_codes[model.catalogue.codes(listed["complement"])]
        return listed.assign(type=kinds).groupby("item")["type"].nunique()

    alone, varied = types(1), types(4)
    assert (varied >= 4).all() and (varied >= alone).all()
    assert (types(7) > alone).any()


def test_lists_that_lead_one_way_leave_out_what_is_bought_before(model):
    graph, (alder, birch) = model.graph, group(0)[:2]
    pairs, (before, after) = graph.complement, model.catalogue.codes([alder, birch])
    # Let the alder have been bought before the birch in each of the baskets that hold both.
    edge, back = pairs.find(np.array([before, after]), np.array([after, before]))
    first, later = (np.zeros(len(pairs), dtype=np.int32) for _ in range(2))
    first[edge] = later[back] = pairs.columns["count"][edge]
    directed = replace(pairs, columns={**pairs.columns, "first": first, "later": later})
    memory = replace(model.snapshot.memory, graph=replace(graph, complement=directed))
    in_order = knowing(model, memory=memory)
    assert birch in answers(in_order, alder, 5, one_way=True) and alder in answers(in_order, birch, 5)
    assert alder not in answers(in_order, birch, 50, one_way=True)


@pytest.mark.parametrize("k", [1, 10, 100])
def test_every_item_gets_as_many_rows_as_there_are_others(model, k):
    for how in ("one", "keep"):
        for specificity in (0.0, 2.0):
            listed = lists(model, k, near_duplicates=how, specificity=specificity)
            assert (listed.groupby("item").size() == min(k, len(model.catalogue) - 1)).all()
            assert listed["item"].nunique() == len(model.catalogue)


@pytest.mark.parametrize("few", [{}, {"sources": ("bought_with",)}], ids=["as fitted", "few candidates"])
@pytest.mark.parametrize("how", ["one", "keep"])
def test_a_short_list_is_the_head_of_a_longer_one(model, few, how):
    asked = completing(model, **few)
    whole = lists(asked, 50, near_duplicates=how)
    assert (whole.groupby("item").size() == len(model.catalogue) - 1).all()
    for k in (1, 5, 10):
        head = whole[whole["rank"] <= k].reset_index(drop=True)
        pd.testing.assert_frame_equal(lists(asked, k, near_duplicates=how), head, check_exact=True)
    recommender = Recommender(listing(asked, near_duplicates=how))
    for row in whole[::97].itertuples():
        assert recommender.explain(row.item, row.complement).rank == row.rank


def test_of_a_cart_the_staple_that_fits_all_comes_after_what_fits_this_one(model):
    one, other = group(0), group(1)
    assert answers(model, one[:2], specificity=0.0, staples="keep")[0] == BAG
    assert set(answers(model, one[:2], specificity=1.0, staples="keep")[:2]) == set(one[2:])
    # Of two groups all that fits either.
    mixed = answers(model, [one[0], other[0]], specificity=1.0, staples="keep")
    assert set(mixed[:6]) == {*one[1:], *other[1:]}
    assert BAG not in mixed[:6]
    assert BAG in answers(model, [one[0], other[0]], specificity=0.0, staples="keep")[:1]


def test_the_score_of_a_cart_is_the_mean_of_its_members(model):
    cart = group(0)[:2]
    recommender = Recommender(listing(model, specificity=1.0))
    alone = [{a.item: a.score for a in recommender.recommend(item, 60)} for item in cart]
    for answer in recommender.recommend(cart, 4):
        assert answer.score == pytest.approx(np.mean([scores[answer.item] for scores in alone]), rel=1e-6)


@pytest.mark.parametrize("specificity", [0.0, 1.0, 5.0])
def test_a_product_that_no_log_holds_is_completed(model, specificity):
    new = pd.DataFrame({"item": ["n1", "n2", "n3"], "title": ["brilliant thing", None, f"{group(0)[0]}"]})
    new = new.assign(type=["alder", "nothing like it", None])
    recommender = Recommender(listing(model, specificity=specificity))
    listed = recommender.recommend_new(new, 10)
    assert listed.groupby("item").size().to_dict() == {"n1": 10, "n2": 10, "n3": 10}
    assert not listed.duplicated(["item", "complement"]).any()
    assert np.isfinite(listed[["score", "uplift"]]).all(axis=None) and (listed["bought_together"] == 0).all()
    assert set(listed["source"]) <= {"predicted", "fallback"}
    # Nothing was counted of it: all that is known is what the networks say.
    everything = np.arange(len(model.catalogue))
    queries = model.new_queries(Catalogue.from_frame(new).frame)
    rows = QueryRows.of(model.snapshot, queries)
    prior = describe_pairs(model.snapshot, queries, rows, np.zeros_like(everything), everything).prior
    first = listed[listed["item"] == "n1"]
    np.testing.assert_allclose(first["score"], prior[model.catalogue.codes(first["complement"])], rtol=1e-5)
    alone = pd.concat([recommender.recommend_new(new.iloc[[n]], 10) for n in range(3)], ignore_index=True)
    pd.testing.assert_frame_equal(alone.drop(columns="item_type"), listed.drop(columns="item_type"))


def test_within_a_type_items_are_ordered_as_in_the_whole_list_and_beyond_what_anyone_buys_of_it(model):
    query = model.catalogue.codes([group(number)[0] for number in range(len(GROUPS))])
    kinds = model.type_codes[model.catalogue.codes([group(0)[1]])]
    plain = listing(model, specificity=0.0)
    within = of_model(plain).within_type(query, np.repeat(kinds, len(query)), 5)
    assert (model.type_codes[within] == kinds).all()
    # Of six birches the own group's comes first.
    assert within[:, 0].tolist() == model.catalogue.codes([group(number)[1] for number in range(len(GROUPS))]).tolist()
    # Were one birch what nearly everybody buys of birches, it would stand last at twice that, and the others as before.
    staple = within[0, 0]
    anyone = np.where(np.arange(len(model.catalogue)) == staple, 1.0, 1e-3)
    sold = listing(replace(model, complements=replace(model.complements, anyone=anyone)), specificity=2.0)
    by_uplift = of_model(sold).within_type(query, np.repeat(kinds, len(query)), len(GROUPS))
    assert (by_uplift[:, -1] == staple).all()
    assert by_uplift[1:, 0].tolist() == within[1:, 0].tolist()


def ndcg_beyond_chance(fitted, sets, items):
    codes, place = sets.known.distinct
    ranked = fitted.complements(codes, 20, None)[place]
    return metrics_beside_chance(ranked, sets.known, row_shares(sets.known, items))[BEYOND_CHANCE].mean()


def test_a_log_too_small_for_a_ranker_ends_at_the_quality_of_counts(split, model):
    assert model.complements.ranker is None and not model.report["ranker"]["served"]
    assert model.report["ranker"]["lists"] < 100
    materials = Materials(split)
    sets, items = make_question_sets(split, materials.data, 0), len(model.catalogue)
    counts = BASELINES["count"].fit(materials.data, BASELINES["count"].grid[0], 0)
    by_uplift = of_scorer(counts, materials.data, {}, True, model.specificity)
    best = ndcg_beyond_chance(by_uplift, sets, items)
    plain = listing(model, staples="keep")
    assert ndcg_beyond_chance(of_model(plain), sets, items) > 0.98 * best > 0.3
    # To trust the networks, which so little teaches nothing, would cost much of it.
    trusting = of_model(completing(plain, prior_strength=3_000.0))
    assert ndcg_beyond_chance(trusting, sets, items) < 0.95 * best


def test_ranks_rise_by_one(model):
    listed = lists(model, 7)
    assert all(group["rank"].tolist() == list(range(1, 8)) for _, group in listed.groupby("item"))
    assert all(a != b for a, b in itertools.pairwise(zip(listed["item"], listed["complement"], strict=True)))

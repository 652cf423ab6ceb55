"""Models fitted on given links: what is known comes first, and what is missing is found by walks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graphrec import Recommender
from graphrec.complements import Ranker, Snapshot, collect_candidates
from graphrec.complements.folds import answers_of, held_out_links, labelled_lists
from graphrec.config import Config
from graphrec.events import load_events
from graphrec.graph import build_graph
from tests.conftest import listing, quick_config

GROUPS, SIZE = 20, 12
ITEMS = GROUPS * SIZE


def group_of(items):
    return pd.Series(items).str[1:].astype(int) % GROUPS


@pytest.fixture(scope="module")
def truth():
    """All pairs of a group, of which seven in ten are given."""
    pairs = np.array([(a, b) for a in range(ITEMS) for b in range(a) if a % GROUPS == b % GROUPS])
    return pairs, np.random.default_rng(0).random(len(pairs)) < 0.7


@pytest.fixture(scope="module")
def config(truth, tmp_path_factory) -> Config:
    file = tmp_path_factory.mktemp("links") / "links.parquet"
    pairs, given = truth
    both = np.concatenate([pairs[given], pairs[given][:, ::-1]])
    pd.DataFrame({"src": both[:, 0], "dst": both[:, 1]}).map("p{}".format).assign(rel="also_bought").to_parquet(file)
    return quick_config(
        events={"reader": "links", "path": str(file)},
        encoder={"epochs": 1, "pairs_per_epoch": 5_000},
        networks={"epochs": 1, "pairs_per_epoch": 10_000},
        rerank={"epochs": 1, "max_sessions": 100},
    )


@pytest.fixture(scope="module")
def model(config):
    return Recommender.fit(load_events(config), config).model


@pytest.fixture(scope="module")
def known(truth):
    pairs, given = truth
    return {(f"p{a}", f"p{b}") for pair in pairs[given].tolist() for a, b in (pair, pair[::-1])}


@pytest.mark.parametrize("specificity", [0.0, 1.0, 3.0])
def test_known_links_come_first_whatever_the_order(model, known, specificity):
    listed = Recommender(listing(model, specificity=specificity)).recommend_all(2 * SIZE)
    given = pd.Series([pair in known for pair in zip(listed["item"], listed["complement"], strict=True)])
    assert given.sum() == len(known), "a known link is missing"
    assert (listed["source"] == "observed").tolist() == given.tolist()
    assert (listed["score"][given] == 1).all() and (listed["score"][~given] < 1).all()
    last = listed["rank"][given].groupby(listed["item"]).max()
    first = listed["rank"][~given].groupby(listed["item"]).min()
    assert (last + 1 == first).all()


def test_a_known_link_comes_first_however_much_everybody_buys_of_it(model, known):
    item, staple = min(known)
    codes = np.arange(len(model.catalogue))
    anyone = np.where(codes == model.catalogue.codes([staple])[0], 1.0, model.complements.anyone)
    bought_by_all = listing(replace(model, complements=replace(model.complements, anyone=anyone)), specificity=2.0)
    answers = Recommender(bought_by_all).recommend(item, 2 * SIZE)
    given = sum(pair[0] == item for pair in known)
    assert staple in {answer.item for answer in answers[:given]}


def test_what_a_group_lacks_is_predicted_next(model, known):
    listed = Recommender(model).recommend_all(SIZE - 1)
    assert (listed.groupby("item").size() == SIZE - 1).all()
    new = listed[[pair not in known for pair in zip(listed["item"], listed["complement"], strict=True)]]
    own = group_of(new["item"]).to_numpy() == group_of(new["complement"]).to_numpy()
    assert len(new) > 500 and own.mean() > 0.95


def test_known_links_take_no_share_from_what_is_predicted(model):
    """Shares of what is not known sum to 1 at most, and to nearly that where walks lead to all of it."""
    listed = Recommender(model).recommend_all(ITEMS - 1)
    predicted = listed[listed["source"] != "observed"].groupby("item")["score"].sum()
    assert (predicted <= 1 + 1e-9).all() and predicted.median() > 0.9
    # A ranker that has learned nothing takes what is linked already for the likeliest by far.
    untaught = Ranker(model.complements.ranker.columns, 4, 1).double().eval()
    queries = model.snapshot.known.queries(np.arange(len(model.catalogue)))
    candidates = collect_candidates(model.snapshot, queries)
    shares = replace(model.complements, ranker=untaught).shares(queries, candidates)
    linked = candidates.facts["count"] > 0
    assert linked.any() and (shares[linked] == 0).all() and (shares[~linked] > 0).all()


def test_what_is_kept_out_of_an_answer_leaves_the_places_to_others(model, known):
    codes = np.arange(len(model.catalogue))
    pairs = model.snapshot.memory.bought_together
    ranking = model.rank(model.carts(list(codes[:, None])), 5, excluded=pairs)
    names = model.catalogue.frame["item"].to_numpy()
    assert (np.bincount(ranking.query) == 5).all()
    assert not known & set(zip(names[ranking.query], names[ranking.item], strict=True))


def test_the_lists_that_teach_the_ranker_hold_no_known_link(model, config):
    events = load_events(config)
    parts = held_out_links(events, config.ranker.learned_from, config.ranker.folds)
    before, held = parts[1]
    graph = build_graph(before, config.graph, similar=False)
    answers = answers_of(held, config.graph)
    snapshot = Snapshot.at(before, graph, model.snapshot.predictor, model.snapshot.known, config)
    lists = labelled_lists(snapshot, answers, 0)
    asked = np.flatnonzero(np.diff(answers.complement.indptr))
    assert len(lists) == len(asked) and not lists.count.any()
    pairs = graph.complement
    assert len(pairs) and (pairs.find(asked[lists.owner], lists.item) < 0).all()
    # What was held out is among the candidates nearly always.
    assert lists.gain.sum() > 0.95 * lists.total.sum()

"""Each variant of graphrec is fitted, and lacks what it says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from graphrec.complements import Lenders, Memory, collect_candidates
from graphrec.complements.evidence import PairsInView, describe
from graphrec.complements.networks.losses import hinge_loss, softmax_loss
from graphrec.compute.progress import Silent
from graphrec.config import ShopConfig, load_config
from graphrec.embeddings.features import fit_item_features
from graphrec.evaluation import Split, split_log
from graphrec.evaluation.ablations import ABLATIONS
from graphrec.evaluation.evaluate import model_keys
from graphrec.evaluation.evaluated_models import evaluated_models
from graphrec.evaluation.fit_graphrec import of_model
from graphrec.evaluation.leaks import find_leaks
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.provenance import key_of
from graphrec.events.shop import generate_shop, write_shop
from graphrec.model.directory import load_model, save_model
from graphrec.model.fit import fit_model
from graphrec.retrieval import lay_out_by_size
from tests.cli.test_commands import QUICK
from tests.conftest import completing, knowing

SETTINGS = [*QUICK[1::2], "ranker.epochs=1", "ranker.folds=2", "ranker.fold_queries=200"]


@pytest.fixture(scope="module")
def split(tmp_path_factory) -> Split:
    folder = tmp_path_factory.mktemp("ablated")
    write_shop(generate_shop(ShopConfig(events=8_000, items=150, noise=0.05, seed=2)), folder)
    return split_log(load_config(folder / "shop.yaml", SETTINGS))


@pytest.fixture(scope="module")
def model_of(split):
    """Fit a variant once, by its key."""
    models = {}

    def fitted(key):
        if key not in models:
            models[key] = fit_model(split.train, ABLATIONS[key].config(split.config), Silent())
        return models[key]

    return fitted


@pytest.mark.parametrize("key", ABLATIONS)
def test_every_variant_is_fitted_kept_and_asked(key, model_of, split, tmp_path):
    model, types = model_of(key), Materials(split).types[0]
    assert find_leaks(model, split) == []
    save_model(model, tmp_path / "model")
    codes = np.arange(30)
    fitted, again = (of_model(one, types) for one in (model, load_model(tmp_path / "model")))
    lists = fitted.complements(codes, 10, None)
    assert (lists >= 0).all()
    np.testing.assert_array_equal(lists, again.complements(codes, 10, None))
    within = fitted.within_type(codes, types[lists[:, 0]], 5)
    listed = within >= 0
    assert listed[:, 0].all()
    assert (types[within] == types[lists[:, :1]])[listed].all()


def test_without_the_graph_features_alone_place_an_item(model_of):
    model = model_of("without-graph")
    matrix = torch.from_numpy(model.features.transform(model.catalogue.frame))
    np.testing.assert_allclose(model.embeddings, model.encoder.embed_alone(matrix).numpy(), atol=1e-5)
    with_graph = model_of("hinge")
    moved = with_graph.embeddings - with_graph.encoder.embed_alone(matrix).numpy()
    assert np.abs(moved).max() > 0.1


def test_without_features_nothing_that_the_catalogue_says_is_looked_at(split):
    frame, config = split.train.catalogue.frame, ABLATIONS["without-features"].config(split.config)
    features = fit_item_features(frame, config.features, 3)
    matrix = features.transform(frame)
    np.testing.assert_allclose(np.linalg.norm(matrix, axis=1), 1, rtol=1e-5)
    other = frame.assign(title="the same", brand="one", price=1.0, category_path="a.b")
    np.testing.assert_array_equal(matrix, features.transform(other))
    types = features.type_codes(frame)
    assert np.ptp(features.price_columns(frame, types), axis=0).tolist() == [0, 0, 0]
    cosine = matrix @ matrix.T
    np.fill_diagonal(cosine, 0)
    assert np.abs(cosine).max() < 0.6
    assert not np.array_equal(matrix, fit_item_features(frame, config.features, 4).transform(frame))


def test_without_types_there_is_one(model_of):
    model = model_of("without-types")
    assert len(model.features.types) == 1
    new = pd.DataFrame([{"item": "n", "type": "t", "category_path": None, "brand": None, "price": 1.0, "title": "x"}])
    assert model.features.type_codes(new).tolist() == [0] and not model.type_codes.any()


def seen_by(model):
    """Collect the candidates of some items, and tell what the ranker sees of them."""
    snapshot = model.snapshot
    queries = snapshot.known.queries(np.arange(20))
    found = collect_candidates(snapshot, queries)
    return found, describe(PairsInView(snapshot, queries, found), model.config.complements.evidence).features


def with_counts_dealt_out_anew(model):
    """Shuffle what was counted of the pairs."""
    pairs = model.graph.complement
    columns = {name: np.random.default_rng(0).permutation(values) for name, values in pairs.columns.items()}
    graph = replace(model.graph, complement=replace(pairs, columns=columns))
    memory, types = model.snapshot.memory, len(model.features.types)
    memory = Memory.of(graph, model.type_codes, types, memory.sales, memory.ranks, 0)
    return knowing(model, memory=memory, expected=lay_out_by_size(memory.right, model.config.retrieval))


def with_embeddings_dealt_out_anew(model):
    """Shuffle the places of items, and look for look-alikes there."""
    known = model.snapshot.known
    dealt = model.embeddings[np.random.default_rng(0).permutation(len(model.embeddings))]
    lenders = Lenders.lay_out(dealt, model.graph.bought)
    likeness = lenders.look_alikes(dealt, np.arange(len(dealt)), model.config.complements.look_alikes)
    return knowing(model, known=replace(known, embeddings=dealt, likeness=likeness))


def test_without_counts_the_counts_of_pairs_change_nothing(model_of):
    model = model_of("without-counts")
    (found, rows), (other, changed) = (seen_by(one) for one in (model, with_counts_dealt_out_anew(model)))
    np.testing.assert_array_equal(found.item, other.item)
    np.testing.assert_array_equal(rows, changed)
    full = model_of("hinge")
    assert not np.array_equal(*(seen_by(one)[1] for one in (full, with_counts_dealt_out_anew(full))))


def test_without_look_alikes_nobody_lends_and_nothing_is_borrowed(model_of):
    model, lending = model_of("without-look-alikes"), model_of("hinge")
    assert model.snapshot.known.likeness.nnz == 0 and lending.snapshot.known.likeness.nnz > 0
    borrowed = ("borrowed_by_query", "borrowed_by_candidate", "lenders_bought", "lenders_sell")
    for name in borrowed:
        assert not seen_by(model)[0].facts[name].any() and seen_by(lending)[0].facts[name].any()


def test_without_the_networks_embeddings_change_nothing(model_of):
    model = model_of("without-networks")
    dealt = with_embeddings_dealt_out_anew(model)
    (found, rows), (found_again, changed) = seen_by(model), seen_by(dealt)
    np.testing.assert_array_equal(found.item, found_again.item)
    np.testing.assert_array_equal(rows, changed)
    assert not found.prior.any()
    new = np.flatnonzero(model.graph.bought == 0)
    codes, types = np.arange(len(new)), model.type_codes[new]
    ours, theirs = (of_model(completing(one, candidates_per_type=1)) for one in (model, dealt))
    np.testing.assert_array_equal(ours.complements(codes, 10, None), theirs.complements(codes, 10, None))
    np.testing.assert_array_equal(ours.within_type(codes, types, 20), theirs.within_type(codes, types, 20))
    for key in ("hinge", "one-space"):
        full = model_of(key)
        assert not np.array_equal(seen_by(full)[1], seen_by(with_embeddings_dealt_out_anew(full))[1])


def test_in_one_space_a_query_lies_where_its_item_does(model_of):
    def gap(key):
        predictor, embeddings = model_of(key).snapshot.predictor, model_of(key).embeddings[:50]
        kinds = np.arange(50) % len(model_of(key).features.types)
        return np.abs(predictor.queries(embeddings, kinds, np.arange(len(kinds))) - predictor.places(embeddings)).max()

    assert gap("one-space") == 0
    assert gap("hinge") > 0.1


def test_hinge_loss_by_hand():
    # Squared distances 2 - 2 * product: the complement's 1; the others' 3 and .4, of which the last does not count.
    products = torch.tensor([[0.5, -0.5, 0.5, 0.8]])
    offset = torch.tensor([[0.0, -1.0, -9.0, float("-inf")]])
    assert float(hinge_loss(products, offset, 0.1)) == pytest.approx(1.0 + (0.0 + 1.0) / 2)
    assert float(softmax_loss(torch.zeros(1, 2), torch.tensor([[0.0, np.log(3.0)]]), 0.1)) == pytest.approx(np.log(4))


def test_variants_are_kept_apart_by_their_settings(split):
    assert model_keys(["ablations"]) == ["graphrec", *ABLATIONS]
    assert "hinge" not in model_keys(["all"]) and model_keys(["hinge", "count"]) == ["count", "hinge"]
    config = split.config
    own = evaluated_models(["graphrec", *ABLATIONS], 1, config)
    assert len({key_of(model, "run", config) for model in own}) == len(ABLATIONS) + 1
    assert len({model.name for model in own}) == len(ABLATIONS) + 1
    other = config.model_copy(update={"encoder": config.encoder.model_copy(update={"epochs": 9})})
    counts, _ = evaluated_models(["count"], 1, config)
    assert key_of(own[1], "run", config) != key_of(own[1], "run", other)
    assert key_of(counts, "run", config) == key_of(counts, "run", other)

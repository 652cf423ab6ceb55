"""What the embedding regressor learns from beside its pairs, planted so that without it something else is learned."""

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from graphrec.complements.networks.pair_data import ComplementPairs, EmbeddedCatalogue, log_popularity_in_type
from graphrec.complements.networks.regressor import fit_regressor
from graphrec.compute.run import Run
from graphrec.config import NetworksConfig
from graphrec.graph import Pairs

QUERIES, TARGETS = 12, 12
"""Items 0 to 11 are of type 0 and are each completed by one of the items 12 to 23, of type 1."""
ITEMS, DIM = QUERIES + TARGETS, 16
SETTINGS = {"hidden": 32, "dim": 16, "batch": 64, "pairs_per_epoch": 2_000, "draws_per_pair": 1_000, "epochs": 4}


def vectors(seed, rows=ITEMS):
    return normalize(torch.randn((rows, DIM), generator=torch.Generator().manual_seed(seed)), dim=1)


def pairs_of(left, right, weight, embeddings, alone=None):
    """Let items be bought together, each pair by its weight."""
    types = np.repeat([0, 1], [QUERIES, TARGETS])
    bought = np.bincount(right, weight, minlength=ITEMS) + 0.5
    popularity = torch.from_numpy(log_popularity_in_type(bought, types, 2))
    catalogue = EmbeddedCatalogue(
        embeddings, embeddings if alone is None else alone, torch.from_numpy(types), popularity, 2
    )
    weight = torch.tensor(weight, dtype=torch.float32)
    return ComplementPairs(catalogue, torch.tensor(left), torch.tensor(right), weight, weight.double().cumsum(0))


def similar_of(links):
    """Lay out who is similar to whom, a row an item."""
    rows = [links.get(item, []) for item in range(ITEMS)]
    indices = np.array([other for row in rows for other in row], dtype=np.int32)
    indptr = np.cumsum([0, *(len(row) for row in rows)])
    return Pairs(indptr, indices, np.ones(len(indices), dtype=np.float32), {})


def fitted(pairs, links=None, **settings):
    return fit_regressor(pairs, pairs, similar_of(links or {}), NetworksConfig(**(SETTINGS | settings)), Run(0))


@torch.no_grad()
def products(model, queries, places):
    """Compare queries that ask for type 1 with all places, `(queries, places)`."""
    return model.query(queries, torch.ones(len(queries), dtype=torch.long)) @ model.place(places).T


def one_to_one(**changes):
    left = list(range(QUERIES))
    return pairs_of(left, [QUERIES + item for item in left], [1.0] * QUERIES, **({"embeddings": vectors(0)} | changes))


def test_a_query_is_told_from_its_substitutes():
    # Nobody asks for type 0: that a query is not completed by its like is learned from hard negatives alone.
    embeddings = vectors(0)
    links = {item: [(item + 1) % QUERIES] for item in range(QUERIES)}
    alike = [
        products(fitted(one_to_one(), links, hard_negatives=count)[0], embeddings[:QUERIES], embeddings)[
            np.arange(QUERIES), (np.arange(QUERIES) + 1) % QUERIES
        ].mean()
        for count in (0, 4)
    ]
    assert alike[1] < alike[0] - 0.2


@pytest.mark.parametrize(("dropout", "low", "high"), [(0.0, 0.0, 0.5), (0.5, 0.8, 1.0)])
def test_a_cold_query_is_completed_if_some_were_shown_as_cold(dropout, low, high):
    # Where an item lies without neighbours has nothing to do with where it lies among them.
    embeddings, alone = vectors(0), vectors(1)
    model, _ = fitted(one_to_one(alone=alone), neighbour_dropout=dropout)
    best = products(model, alone[:QUERIES], embeddings[QUERIES:]).argmax(dim=1)
    assert low <= (best == torch.arange(QUERIES)).float().mean() <= high


def test_what_is_bought_most_of_a_type_is_no_nearer_for_that():
    # Every query is completed by every target, by the first of them thirty times as often.
    left = [item for item in range(QUERIES) for _ in range(TARGETS)]
    right = [QUERIES + target for _ in range(QUERIES) for target in range(TARGETS)]
    weight = [30.0 if target == QUERIES else 1.0 for target in right]
    embeddings = vectors(0)
    model, _ = fitted(pairs_of(left, right, weight, embeddings), temperature=0.5)
    product = products(model, embeddings[:QUERIES], embeddings[QUERIES:])
    assert product[:, 0].mean() - product[:, 1:].mean() < 0.5


def test_a_temperature_that_melts_all_differences_teaches_nothing():
    falls = [np.ptp(fitted(one_to_one(), temperature=temperature)[1].validation) for temperature in (0.1, 1e5)]
    assert falls[0] > 0.1 and falls[1] < 1e-3


def test_the_loss_is_the_one_that_is_set():
    softmax, hinge = (fitted(one_to_one(), loss=loss, epochs=1)[1] for loss in ("softmax", "hinge"))
    assert softmax != hinge

"""Sampling draws real neighbours, and GraphSAGE learns who is similar to whom."""

import numpy as np
import pytest
import torch

from graphrec.compute.run import Run
from graphrec.config import EncoderConfig
from graphrec.embeddings import Adjacency, GraphSage, fit_encoder
from graphrec.embeddings.sampling import sample_blocks, sample_neighbours
from graphrec.graph import top_pairs


def graph_of(edges, items):
    left, right = (np.array(side) for side in zip(*edges, strict=True))
    sources, targets = np.concatenate([left, right]), np.concatenate([right, left])
    return top_pairs(items, sources, targets, np.ones(len(sources)), {}, 100)


def test_sampled_neighbours_are_neighbours_and_differ():
    pairs = graph_of([(0, n) for n in range(1, 21)] + [(21, 22)], 24)
    adjacency = Adjacency.from_pairs(pairs)
    nodes = torch.tensor([0, 21, 23])
    seen = set()
    for seed in range(50):
        drawn, there = sample_neighbours(adjacency, nodes, 5, torch.Generator().manual_seed(seed))
        assert there.sum(dim=1).tolist() == [5, 1, 0]
        assert len(set(drawn[0].tolist())) == 5
        assert drawn[1][there[1]].tolist() == [22]
        seen |= set(drawn[0].tolist())
    assert seen == set(range(1, 21))


def test_blocks_hide_the_partner_and_leave_lone_seeds_alone():
    pairs = graph_of([(0, 1), (0, 2), (1, 2), (3, 0)], 4)
    seeds, hidden = torch.tensor([0, 3]), torch.tensor([1, 2])
    alone = torch.tensor([False, True])
    _, second = sample_blocks(Adjacency.from_pairs(pairs), seeds, hidden, alone, (5, 5), torch.Generator())
    _, end, last = second.matrix.indptr.tolist()
    neighbours = second.sources[second.matrix.indices[:end]] % 4
    assert set(neighbours.tolist()) == {2, 3}
    assert last == end


def test_whole_graph_pass_equals_blocks_with_every_neighbour():
    pairs = graph_of([(0, 1), (0, 2), (1, 2), (3, 0)], 5)
    torch.manual_seed(0)
    model, features = GraphSage(6, 8, 4), torch.randn(5, 6)
    adjacency, nobody = Adjacency.from_pairs(pairs), torch.full((5,), -1)
    blocks = sample_blocks(
        adjacency, torch.arange(5), nobody, torch.zeros(5, dtype=torch.bool), (9, 9), torch.Generator()
    )
    with torch.no_grad():
        sampled = model(features, *blocks)
    torch.testing.assert_close(sampled, model.embed_all(features, adjacency))
    torch.testing.assert_close(model.embed_alone(features)[4], model.embed_all(features, adjacency)[4])


@pytest.mark.parametrize(("planted", "low", "high"), [(True, 0.8, 1.0), (False, 0.0, 0.45)])
def test_embeddings_gather_linked_items_and_nothing_else(planted, low, high):
    """Four groups of items told apart by noisy features; links within groups, or between any two items."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(4), 40)
    means = rng.standard_normal((4, 12))
    matrix = (means[group] * (1.0 if planted else 0.0) + rng.standard_normal((160, 12))).astype(np.float32)
    left = rng.integers(0, 160, 1500)
    partner = rng.integers(0, 40, 1500)
    right = group[left] * 40 + partner if planted else rng.integers(0, 160, 1500)
    edges = [(a, b) for a, b in zip(left, right, strict=True) if a != b]
    config = EncoderConfig(dim=16, hidden=32, batch=128, epochs=3)
    fit = fit_encoder(matrix, graph_of(edges, 160), config, Run(0))
    np.testing.assert_allclose(np.linalg.norm(fit.embeddings, axis=1), 1, rtol=1e-5)
    cosine = fit.embeddings @ fit.embeddings.T
    np.fill_diagonal(cosine, -2)
    nearest = np.argsort(-cosine, axis=1)[:, :5]
    assert low <= (group[nearest] == group[:, None]).mean() <= high


def test_one_seed_one_model():
    pairs = graph_of([(n, (n + 1) % 30) for n in range(30)], 30)
    matrix = np.random.default_rng(0).standard_normal((30, 5)).astype(np.float32)
    config = EncoderConfig(dim=8, hidden=8, batch=16, epochs=2)
    first, second, other = (fit_encoder(matrix, pairs, config, Run(seed)).embeddings for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)

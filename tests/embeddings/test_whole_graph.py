"""CSR products are what torch-geometric computes, and a hidden link is as if it had never been there."""

import numpy as np
import pytest
import torch
from torch_geometric.nn import SAGEConv

from graphrec.compute.run import Run
from graphrec.config import EncoderConfig
from graphrec.embeddings import Adjacency, GraphSage, fit_encoder
from graphrec.embeddings.csr import mean_matrix
from graphrec.embeddings.fitting import _pairs_per_step
from graphrec.embeddings.whole_graph import HidingGraph, embed_seeds
from graphrec.graph import top_pairs


def one_way(edges, items):
    sources, targets = (np.array(side) for side in zip(*edges, strict=True))
    return top_pairs(items, sources, targets, np.ones(len(sources)), {}, 100)


def test_means_worked_out_by_hand_forward_and_backward():
    """Row 0 is the mean of 1 and 2, row 1 is empty, row 2 is 0 alone."""
    matrix = mean_matrix(torch.tensor([0, 2, 2, 3]), torch.tensor([1, 2, 0]), 3)
    x = torch.tensor([[1.0], [2.0], [4.0]], requires_grad=True)
    y = matrix @ x
    assert y.tolist() == [[3.0], [0.0], [1.0]]
    y.backward(torch.tensor([[10.0], [7.0], [3.0]]))
    assert x.grad.tolist() == [[3.0], [5.0], [5.0]]


def test_layers_and_gradients_equal_those_over_edge_index():
    rng = np.random.default_rng(0)
    pairs = one_way([(a, b) for a, b in rng.integers(0, 30, (120, 2)) if a != b and a < 25], 30)
    torch.manual_seed(0)
    model, features = GraphSage(6, 8, 4), torch.randn(30, 6)
    edge_index = torch.from_numpy(np.stack([pairs.indices.astype(np.int64), pairs.rows]))
    ours = model.whole(features, Adjacency.from_pairs(pairs).mean_matrix())
    assert isinstance(model.first, SAGEConv)
    h = torch.relu(model.first(torch.relu(model.enter(features)), edge_index))
    theirs = torch.nn.functional.normalize(model.second(h, edge_index) + model.own(features), dim=-1)
    torch.testing.assert_close(ours, theirs)
    weights = torch.randn(30, 4)
    gradients = [torch.autograd.grad((out * weights).sum(), list(model.parameters())) for out in (ours, theirs)]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_a_hidden_link_is_as_if_it_had_never_been_there_in_either_direction():
    edges = [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (3, 0), (2, 3)]
    pairs = one_way(edges, 5)
    graph = HidingGraph.from_pairs(pairs, np.ones(len(edges), dtype=bool))
    asked = torch.tensor([int(pairs.find(np.array([0]), np.array([1]))[0]), int(pairs.find([3], [0])[0])])
    left = one_way([edge for edge in edges if edge not in {(0, 1), (1, 0), (3, 0)}], 5)
    torch.manual_seed(0)
    model, features = GraphSage(6, 8, 4), torch.randn(5, 6)
    expected = model.whole(features, Adjacency.from_pairs(left).mean_matrix())
    hidden = model.whole(features, graph.without(asked))
    torch.testing.assert_close(hidden, expected)
    torch.testing.assert_close(
        torch.autograd.grad(hidden[:, 0].sum(), model.enter.weight)[0],
        torch.autograd.grad(expected[:, 0].sum(), model.enter.weight)[0],
    )
    assert not torch.allclose(hidden[0], model.whole(features, graph.matrix)[0])


def test_seeds_shown_alone_are_placed_by_their_features():
    pairs = one_way([(0, 1), (1, 0)], 2)
    torch.manual_seed(0)
    model, features = GraphSage(3, 8, 4), torch.randn(2, 3)
    matrix = Adjacency.from_pairs(pairs).mean_matrix()
    out = embed_seeds(model, features, matrix, torch.tensor([0, 0, 1]), torch.tensor([False, True, False]))
    torch.testing.assert_close(out[1], model.alone(features)[0])
    torch.testing.assert_close(out[[0, 2]], model.whole(features, matrix))


def test_a_step_hides_a_small_part_of_a_small_graph():
    config = EncoderConfig(batch=100, whole_graph_batches=4, whole_graph_below=1000)
    assert [_pairs_per_step(999, links, config) for links in (50, 5_000, 10**6)] == [100, 200, 400]
    assert _pairs_per_step(1000, 10**6, config) == 100


@pytest.mark.parametrize("whole_graph_below", [0, 1000])
def test_both_ways_of_a_step_learn_the_same_planted_groups_and_repeat(whole_graph_below):
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(4), 40)
    matrix = (rng.standard_normal((4, 12))[group] + rng.standard_normal((160, 12))).astype(np.float32)
    left = rng.integers(0, 160, 1500)
    right = group[left] * 40 + rng.integers(0, 40, 1500)
    pairs = one_way([(a, b) for a, b in zip(left, right, strict=True) if a != b], 160)
    config = EncoderConfig(dim=16, hidden=32, batch=128, epochs=3, whole_graph_below=whole_graph_below)
    fits = [fit_encoder(matrix, pairs, config, Run(0)) for _ in range(2)]
    np.testing.assert_array_equal(fits[0].embeddings, fits[1].embeddings)
    cosine = fits[0].embeddings @ fits[0].embeddings.T
    np.fill_diagonal(cosine, -2)
    assert (group[np.argsort(-cosine, axis=1)[:, :5]] == group[:, None]).mean() > 0.8

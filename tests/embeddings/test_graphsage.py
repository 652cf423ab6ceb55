"""The layers are torch-geometric's, and hold for the whole graph as for a part of it."""

import pytest
import torch
from torch.nn import functional as F
from torch_geometric.nn import SAGEConv

from graphrec.embeddings import Adjacency, GraphSage
from graphrec.embeddings.graphsage import CsrSageConv
from graphrec.embeddings.neighbourhoods import neighbourhood_of
from tests.embeddings.links import both_ways, one_way

NOTHING = torch.zeros(0, dtype=torch.long)


def part(graph, seeds, alone, fan_out=None, hidden=NOTHING):
    return neighbourhood_of(graph, torch.tensor(seeds), torch.tensor(alone), hidden, fan_out, torch.Generator())


def made(items, features=6):
    torch.manual_seed(0)
    return GraphSage(features, 8, 4), torch.randn(items, features)


def csr(dense):
    return torch.tensor(dense).to_sparse_csr()


def test_a_layer_worked_out_by_hand_forward_and_backward():
    """Item 0 hears a quarter of 1 and three quarters of 2, item 1 nobody, item 2 all of 0."""
    layer = CsrSageConv(1, 1)
    with torch.no_grad():
        layer.lin_l.weight.fill_(2.0)
        layer.lin_l.bias.fill_(0.5)
        layer.lin_r.weight.fill_(-1.0)
    x = torch.tensor([[1.0], [2.0], [4.0]], requires_grad=True)
    y = layer((x, x), csr([[0, 0.25, 0.75], [0, 0, 0], [1.0, 0, 0]]))
    assert y.tolist() == [[2 * 3.5 + 0.5 - 1], [0.5 - 2], [2 * 1 + 0.5 - 4]]
    y.backward(torch.tensor([[10.0], [7.0], [3.0]]))
    assert x.grad.tolist() == [[2 * 3.0 - 10], [2 * 2.5 - 7], [2 * 7.5 - 3]]


def test_a_layer_and_its_gradients_are_those_of_torch_geometric_by_its_own_product():
    torch.manual_seed(0)
    ours, theirs = CsrSageConv(5, 3), SAGEConv(5, 3, aggr="sum")
    theirs.load_state_dict(ours.state_dict())
    x, targets = torch.randn(9, 5, requires_grad=True), torch.tensor([2, 2, 8, 0])
    adjacency = csr((torch.rand(4, 9) * (torch.rand(4, 9) < 0.4)).tolist())
    results = []
    for layer in (ours, theirs):
        out = layer((x, x[targets]), adjacency)
        results.append((out, *torch.autograd.grad((out * out).sum(), [x, *layer.parameters()])))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


def test_embeddings_and_gradients_equal_those_of_means_over_edge_index():
    pairs = one_way([(a, (3 * a + b) % 30) for a in range(25) for b in range(1, 5) if (3 * a + b) % 30 != a], 30)
    model, features = made(30)
    edge_index = torch.stack([torch.from_numpy(pairs.indices).long(), torch.from_numpy(pairs.rows)])
    means = [SAGEConv(8, width, aggr="mean") for width in (8, 4)]
    for mean, layer in zip(means, (model.first, model.second), strict=True):
        mean.load_state_dict(layer.state_dict())
    h = torch.relu(means[0](torch.relu(model.enter(features)), edge_index))
    theirs = F.normalize(means[1](h, edge_index) + model.own(features), dim=-1)
    ours = model(features, part(Adjacency.from_pairs(pairs), list(range(30)), [False] * 30))
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours.norm(dim=1), torch.ones(30))
    weights = torch.randn(30, 4)
    grads = [torch.autograd.grad((out * weights).sum(), model.enter.weight)[0] for out in (ours, theirs)]
    torch.testing.assert_close(*grads, rtol=1e-4, atol=1e-5)


def test_sampled_batches_with_full_fan_out_equal_the_whole_graph():
    graph = Adjacency.from_pairs(both_ways([(0, 1), (0, 2), (1, 2), (3, 0)], 5))
    model, features = made(5)
    whole = model.embed_all(features, graph)
    for seeds in ([0, 1, 2, 3, 4], [3, 0, 3]):
        for fan_out in (None, (9, 9)):
            sampled = model(features, part(graph, seeds, [False] * len(seeds), fan_out)).detach()
            torch.testing.assert_close(sampled, whole[seeds], rtol=1e-5, atol=1e-5)
    one = model(features, part(graph, [0], [False], (1, 1))).detach()
    assert not torch.allclose(one, whole[:1], atol=1e-3)


@pytest.mark.parametrize("fan_out", [None, (9, 9)])
def test_seeds_shown_alone_are_placed_by_their_features(fan_out):
    graph = Adjacency.from_pairs(both_ways([(0, 1)], 3))
    model, features = made(3)
    out = model(features, part(graph, [0, 0, 1], [False, True, False], fan_out)).detach()
    alone, whole = model.embed_alone(features), model.embed_all(features, graph)
    torch.testing.assert_close(out, torch.stack([whole[0], alone[0], whole[1]]))
    torch.testing.assert_close(whole[2], alone[2])
    assert not torch.allclose(whole[0], alone[0], atol=1e-3)


@pytest.mark.parametrize("fan_out", [None, (9, 9)])
def test_a_hidden_link_is_as_if_it_had_never_been_there(fan_out):
    edges = [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (3, 0), (2, 3)]
    pairs, gone = one_way(edges, 5), {(0, 1), (1, 0), (3, 0)}
    hidden = torch.tensor([int(pairs.find([a], [b])[0]) for a, b in gone])
    left = one_way([edge for edge in edges if edge not in gone], 5)
    model, features = made(5)
    everyone = (list(range(5)), [False] * 5, fan_out)
    out = model(features, part(Adjacency.from_pairs(pairs), *everyone, hidden)).detach()
    torch.testing.assert_close(out, model.embed_all(features, Adjacency.from_pairs(left)))
    assert not torch.allclose(out, model.embed_all(features, Adjacency.from_pairs(pairs)), atol=1e-3)

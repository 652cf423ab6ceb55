"""What is laid out around seeds is what the graph holds there, less what is hidden."""

import itertools

import torch

from graphrec.embeddings.neighbourhoods import Adjacency, mean_adjacency, neighbourhood_of
from tests.embeddings.links import both_ways

NOTHING = torch.zeros(0, dtype=torch.long)


def neighbours_of_seeds(near, items):
    """Items that each seed reads at the second layer."""
    keys = near.items[near.first.targets]
    ends = near.second.adjacency.crow_indices().tolist()
    read = keys[near.second.adjacency.col_indices()] % items
    return [set(read[a:b].tolist()) for a, b in itertools.pairwise(ends)]


def lay_out(graph, seeds, *, alone=(), hidden=NOTHING, fan_out=None, seed=0):
    shown_alone = torch.tensor([place in alone for place in range(len(seeds))])
    draws = torch.Generator().manual_seed(seed)
    return neighbourhood_of(graph, torch.tensor(seeds), shown_alone, hidden, fan_out, draws)


def test_an_adjacency_worked_out_by_hand():
    """Row 0 is the mean of 1 and 2, row 1 is empty, row 2 is 0 alone."""
    dense = mean_adjacency(torch.tensor([2, 0, 1]), torch.tensor([1, 2, 0]), 3).to_dense()
    assert dense.tolist() == [[0, 0.5, 0.5], [0, 0, 0], [1, 0, 0]]


def test_sampled_neighbours_are_neighbours_and_differ():
    graph = Adjacency.from_pairs(both_ways([(0, n) for n in range(1, 21)] + [(21, 22)], 24))
    seen = set()
    for seed in range(50):
        near = lay_out(graph, [0, 21, 23], fan_out=(5, 2), seed=seed)
        first, second, third = neighbours_of_seeds(near, 24)
        assert (len(first), second, third) == (5, {22}, set())
        seen |= first
    assert seen == set(range(1, 21))


def test_fan_out_bounds_each_hop_by_its_own_number():
    graph = Adjacency.from_pairs(both_ways([(a, b) for a in range(20) for b in range(a)], 20))
    for one, two in ((3, 7), (7, 3)):
        near = lay_out(graph, [0], fan_out=(one, two))
        assert near.second.adjacency.crow_indices().diff().tolist() == [one]
        assert set(near.first.adjacency.crow_indices().diff().tolist()) == {two}
    assert lay_out(graph, [0]).second.adjacency.crow_indices().diff().tolist() == [19]


def test_hidden_links_are_read_at_neither_hop_and_a_lone_seed_reads_nobody():
    pairs = both_ways([(0, 1), (0, 2), (1, 2), (3, 0)], 4)
    graph = Adjacency.from_pairs(pairs)
    hidden = torch.from_numpy(pairs.find([0, 1], [1, 0]))
    for fan_out in (None, (5, 5)):
        near = lay_out(graph, [0, 3, 3], alone={1}, hidden=hidden, fan_out=fan_out)
        assert neighbours_of_seeds(near, 4) == [{2, 3}, set(), {0}]
        zero = near.items[near.first.targets].tolist().index(0)
        ends = near.first.adjacency.crow_indices()
        read = near.items[near.first.adjacency.col_indices()[ends[zero] : ends[zero + 1]]]
        assert set(read.tolist()) == {2, 3}

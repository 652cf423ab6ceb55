"""Views of the graph for other libraries, and its way to a file and back."""

import numpy as np
import pytest

from graphrec.config import GraphConfig
from graphrec.graph import ProductGraph, build_graph
from tests.graph.test_build import LOG


@pytest.fixture
def graph(make_events):
    return build_graph(make_events(LOG), GraphConfig())


def test_pyg_holds_both_graphs(graph):
    data = graph.to_pyg()
    assert data["item"].num_nodes == 4
    assert data["item", "complement", "item"].edge_index.shape == (2, 4)
    assert data["item", "similar", "item"].edge_weight.shape == (4,)
    assert data.validate()


def test_networkx_holds_the_type_transitions(graph):
    transitions = graph.to_networkx(["lens", "bag", "bag", "film"])
    # Edges: a-b twice and a-c once, so lens <-> bag three times.
    assert transitions["lens"]["bag"] == {"count": 3, "probability": 1.0}
    assert transitions["bag"]["lens"]["count"] == 3
    assert transitions.nodes["bag"]["items"] == 2
    assert not list(transitions.successors("film"))


def test_arrays_hold_the_whole_graph(graph):
    copy = ProductGraph.from_arrays(graph.arrays(), graph.similar_sources)
    for name, values in graph.arrays().items():
        np.testing.assert_array_equal(copy.arrays()[name], values)
    assert copy.evidence(0, 1) == graph.evidence(0, 1)

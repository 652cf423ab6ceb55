"""What is known of a shop at a moment, as its settings say."""

import numpy as np
import pytest
import torch
from scipy import sparse

from graphrec.complements import KnownItems, Snapshot
from graphrec.complements.networks import ComplementPredictor, EmbeddingRegressor, TypeTransition
from graphrec.config import parse_config
from graphrec.graph import build_graph

OLD, NEW = "a", "b"


@pytest.fixture
def snapshot_of(make_events):
    """Ten baskets hold a and c, three weeks later five hold b and c."""
    days = [(n, 1, item) for n in range(10) for item in (OLD, "c")]
    days += [(n, 22, item) for n in range(10, 15) for item in (NEW, "c")]
    rows = [{"session": n, "time": f"2024-01-{day:02d} 10:00", "item": item} for n, day, item in days]
    events = make_events(rows, default_kind="purchase")
    torch.manual_seed(0)
    predictor = ComplementPredictor.of(TypeTransition(4, 8, 1), EmbeddingRegressor(4, 8, 1, 6), 0.1)
    embeddings = np.eye(3, 4, dtype=np.float32)
    known = KnownItems(embeddings, np.zeros(3, dtype=np.int64), np.zeros((3, 3)), sparse.csr_array((3, 3)))

    def make(**complements):
        config = parse_config({"complements": {"ranks": [1], **complements}}, "test")
        return Snapshot.at(events, build_graph(events, config.graph), predictor, known, config)

    return make


def test_what_sells_these_days_is_known_by_the_half_lives_that_are_set(snapshot_of):
    old, new = 0, 1
    memory = snapshot_of(trend_days=(1.0, 1_000.0)).memory
    assert memory.sales.trend.shape == (3, 2)
    assert memory.popularity[old] > memory.popularity[new]
    assert memory.sales.trend[old, 0] < memory.sales.trend[new, 0]
    assert memory.sales.trend[old, 1] > memory.sales.trend[new, 1]
    assert snapshot_of().memory.sales.trend.shape == (3, 0)

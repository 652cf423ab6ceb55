"""What a ranker learns from, and that it is served only where later baskets say so, in a shop of pairs."""

import numpy as np
import pytest

from graphrec.complements.learning import learn_to_rank
from graphrec.compute.run import Run
from graphrec.config import parse_config
from graphrec.embeddings.features import fit_item_features

PAIRS, TIMES = 60, 8
SMALL = {
    "features": {"text": "hashing", "text_dim": 4, "type_dim": 4, "brand_dim": 2},
    "encoder": {"epochs": 1, "pairs_per_epoch": 600, "dim": 8, "hidden": 8},
    "networks": {"epochs": 1, "pairs_per_epoch": 600, "dim": 8, "hidden": 8},
    "complements": {"ranks": [4], "expected_candidates": 5, "popular_candidates": 5, "prior_strength": 30.0},
}


@pytest.fixture
def learned(make_events):
    """Learn in a shop in which each item is always bought with the same other, which plain counts know best."""
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(PAIRS), TIMES))
    rows = [{"session": n, "item": f"{2 * pair + side:03d}"} for n, pair in enumerate(order) for side in (0, 1)]
    events = make_events(rows, default_kind="purchase")

    def learn(**ranker):
        settings = {"folds": 2, "epochs": 1, "hidden_items": 0.0} | ranker
        config = parse_config(SMALL | {"ranker": settings}, "test")
        features = fit_item_features(events.catalogue.frame, config.features, 0)
        matrix = features.transform(events.catalogue.frame)
        return learn_to_rank(events, matrix, features, config, Run(0))

    return learn


def test_a_ranker_that_finds_no_more_than_the_posterior_is_not_served(learned):
    # At so low a rate it stays the posterior, with which it begins: by equal trust in the networks.
    order = learned(learning_rate=1e-12)
    assert order.facts["lists"] >= 100, "so many lists that a better ranker would be seen"
    gains = [order.facts[f"gain_beyond_chance_of_the_{name}"] for name in ("ranker", "posterior", "counts")]
    assert gains[0] == pytest.approx(gains[1], rel=0.01) and min(gains) > 0.5
    assert order.ranker is None


def test_hidden_items_are_not_known_by_their_counts(learned):
    known, hidden = (learned(hidden_items=share).facts["gain_beyond_chance_of_the_counts"] for share in (0.0, 0.4))
    # Of a pair one is hidden or both, and six in ten times six in ten stay whole.
    assert hidden < 0.6 * known

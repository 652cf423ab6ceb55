"""The ranker: its loss and its shares by hand, and that it finds what lasts when there is something to find."""

import numpy as np
import pytest
import torch

from graphrec.complements.labelled_lists import LabelledLists, outside_features
from graphrec.complements.ranker import ListScorer, fit_ranker, list_loss, list_shares, listed_shares, ranker_loss
from graphrec.compute.run import Run
from graphrec.config import RankerConfig

POSTERIOR = 0
"""The column that a ranker corrects stands first."""


def labelled(start, features, gain, total=None, novel=None, chance=None):
    """Make lists by hand; what is novel was bought together never before, all else once."""
    start, gain = np.asarray(start), np.asarray(gain, dtype=np.float32)
    queries, owner = len(start) - 1, np.repeat(np.arange(len(start) - 1), np.diff(start))
    found = np.bincount(owner, gain, minlength=queries)
    return LabelledLists(
        columns=("posterior", *(f"column {n}" for n in range(1, np.shape(features)[1]))),
        start=start,
        item=np.arange(len(gain)) - start[owner],
        features=np.asarray(features, dtype=np.float32),
        gain=gain,
        count=np.ones(len(gain), dtype=np.float32) - (0 if novel is None else np.asarray(novel, dtype=np.float32)),
        posterior=np.zeros(len(gain), dtype=np.float32),
        chance=np.zeros(len(gain), dtype=np.float32) if chance is None else np.asarray(chance, dtype=np.float32),
        outside=np.zeros((queries, 3), dtype=np.float32),
        total=np.asarray(found if total is None else total, dtype=np.float32),
        popularity=np.full(queries, 1 / queries, dtype=np.float32),
    )


def test_loss_by_hand():
    scores, gain = torch.tensor([0.0, float(np.log(3)), 5.0]), torch.tensor([1.0, 1.0, 2.0])
    owner, nothing = torch.tensor([0, 0, 1]), torch.full((2,), -torch.inf)
    # List 0 has shares 1/4 and 3/4; list 1 holds one candidate, whose share is 1.
    expected = -(np.log(1 / 4) + np.log(3 / 4) + 2 * 0) / 4
    assert float(list_loss(scores, gain, owner, nothing, torch.tensor([2.0, 2.0]))) == pytest.approx(expected)


def test_what_is_bought_and_is_no_candidate_counts_in_the_loss():
    scores, gain, owner = torch.tensor([0.0, float(np.log(2))]), torch.tensor([1.0, 0.0]), torch.tensor([0, 0])
    # Shares 1/4 and 2/4, and 1/4 elsewhere, where two of the three purchases fall.
    expected = -(np.log(1 / 4) + 2 * np.log(1 / 4)) / 3
    assert float(list_loss(scores, gain, owner, torch.zeros(1), torch.tensor([3.0]))) == pytest.approx(expected)


def test_shares_by_hand():
    shares = list_shares(np.log([1.0, 2.0, 6.0]), np.array([0, 0, 2]), np.log([1.0, 5.0, 2.0]))
    assert shares.tolist() == pytest.approx([1 / 4, 2 / 4, 6 / 8])
    alone = list_shares(np.log([1.0, 3.0]), np.array([0, 0]), np.array([-np.inf, -np.inf]))
    assert alone.tolist() == pytest.approx([1 / 4, 3 / 4])


def test_what_is_outside_of_a_list_by_hand():
    found = outside_features(np.array([0, 0, 1]), 2, np.array([0.2, 0.3, 0.25]), np.array([9, 0]))
    assert found.ravel().tolist() == pytest.approx(np.log([0.5, 10, 3, 0.75, 1, 2]).tolist())


def test_a_network_begins_at_the_posterior():
    model = ListScorer(3, 4)
    features, outside = torch.randn(5, 3), torch.randn(2, 3)
    assert torch.equal(model(features), features[:, POSTERIOR])
    assert torch.equal(model.elsewhere(outside), outside[:, 0])


def test_what_was_never_bought_together_is_ordered_among_itself_too():
    model = ListScorer(1, 2)
    batch = labelled([0, 3], [[0.0], [1.0], [2.0]], [1, 0, 1], novel=[True, True, False]).batch(np.array([0]))
    # Elsewhere has the score 0.
    total = 1 + np.exp([0, 1, 2]).sum()
    whole = -(np.log(1 / total) + np.log(np.exp(2) / total)) / 2
    assert float(ranker_loss(model, batch, 0.0)) == pytest.approx(whole)
    # Of the two that are novel the first is the answer; its share among them is 1 / (1 + e).
    assert float(ranker_loss(model, batch, 0.5)) == pytest.approx(whole + 0.5 * np.log(1 + np.e))


def lists():
    features = np.arange(12).reshape(6, 2)
    return labelled([0, 2, 3, 6], features, [0, 0, 1, 0, 2, 0], novel=[False, True, False, True, True, True])


def test_lists_whose_query_was_not_bought_teach_nothing():
    kept = lists().bought()
    assert kept.start.tolist() == [0, 1, 4]
    assert kept.features[:, 0].tolist() == [4, 6, 8, 10]
    assert kept.gain.tolist() == [1, 0, 2, 0]
    assert kept.count.tolist() == [1, 0, 0, 0]
    assert kept.total.tolist() == [1, 2]


def test_batches_and_joined_lists():
    batch = lists().batch(np.array([2, 0]))
    assert batch.features[:, 0].tolist() == [6, 8, 10, 0, 2]
    assert batch.gain.tolist() == [0, 2, 0, 0, 0]
    assert batch.novel.tolist() == [True, True, True, False, True]
    assert batch.owner.tolist() == [0, 0, 0, 1, 1]
    assert batch.total.tolist() == [2, 0]
    twice = LabelledLists.joined([lists(), lists()])
    assert twice.columns == lists().columns == ("posterior", "column 1")
    assert twice.start.tolist() == [0, 2, 3, 6, 8, 9, 12]
    assert len(twice.total) == 6


def drawn(rng, queries, planted):
    """Draw 20 candidates a query; the answer is the one of the largest second feature, or any."""
    features = rng.standard_normal((queries * 20, 4)).astype(np.float32)
    features[:, POSTERIOR] *= 0.1
    best = features[:, 1].reshape(queries, 20).argmax(axis=1) if planted else rng.integers(0, 20, queries)
    gain = np.zeros((queries, 20), dtype=np.float32)
    gain[np.arange(queries), best] = 1
    return labelled(np.arange(queries + 1) * 20, features, gain.ravel(), novel=features[:, 2] > 0)


@pytest.mark.parametrize(("planted", "low", "high"), [(True, 0.9, 1.0), (False, 0.0, 0.15)])
def test_what_makes_an_answer_is_found_where_it_is_planted_only(planted, low, high):
    rng = np.random.default_rng(0)
    config = RankerConfig(epochs=20)
    ranker, curve = fit_ranker(drawn(rng, 800, planted), config, Run(0), validation=drawn(rng, 200, planted))
    test = drawn(rng, 300, planted)
    shares = listed_shares(ranker, test).reshape(300, 20)
    assert low <= (shares.argmax(axis=1) == test.gain.reshape(300, 20).argmax(axis=1)).mean() <= high
    assert len(curve.validation) == curve.best_epoch == 20, "the end of the schedule is kept"


def test_the_share_of_what_is_no_candidate_is_learned():
    rng = np.random.default_rng(1)
    part = drawn(rng, 800, planted=True)
    half_elsewhere = LabelledLists(**{**vars(part), "total": part.total * 2})
    inside = [
        listed_shares(fit_ranker(lists, RankerConfig(epochs=20), Run(0))[0], lists).reshape(-1, 20).sum(axis=1)
        for lists in (part, half_elsewhere)
    ]
    assert inside[0].mean() > 0.9
    assert inside[1].mean() == pytest.approx(0.5, abs=0.05)


def test_one_seed_one_ranker_and_its_networks_differ():
    part = drawn(np.random.default_rng(0), 100, True)
    one, other = (fit_ranker(part, RankerConfig(epochs=2), Run(3))[0] for _ in range(2))
    assert one.columns == part.columns
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))
    first, second = (network.layers[0].weight for network in one.networks)
    assert not torch.equal(first, second)

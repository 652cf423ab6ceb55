"""The ranker: its loss by hand, and that it finds what lasts when there is something to find."""

import numpy as np
import pytest
import torch

from graphrec.complements import LabelledLists, fit_ranker
from graphrec.complements.ranker import ListBatch, Ranker, _loss, list_loss
from graphrec.config import ComplementsConfig
from graphrec.progress import Silent


def test_loss_by_hand():
    scores, gain = torch.tensor([0.0, np.log(3.0), 5.0]), torch.tensor([1.0, 1.0, 2.0])
    owner = torch.tensor([0, 0, 1])
    # List 0 has shares 1/4 and 3/4; list 1 holds one candidate, whose share is 1.
    expected = -(np.log(1 / 4) + np.log(3 / 4) + 2 * 0) / 4
    assert float(list_loss(scores, gain, owner, 2)) == pytest.approx(expected)


def test_what_was_never_bought_together_is_ordered_among_itself_too():
    model = Ranker(1, 2)
    scores = torch.tensor([[0.0], [1.0], [2.0]])
    model.layers = torch.nn.Identity()
    gain, owner = torch.tensor([1.0, 0.0, 1.0]), torch.tensor([0, 0, 0])
    batch = ListBatch(scores, gain, torch.tensor([True, True, False]), owner, 1)
    shares = np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum()
    whole = -(np.log(shares[0]) + np.log(shares[2])) / 2
    # Of the two that are novel the first is the answer; its share among them is 1 / (1 + e).
    assert float(_loss(model, batch, 0.0)) == pytest.approx(whole)
    assert float(_loss(model, batch, 0.5)) == pytest.approx(whole + 0.5 * np.log(1 + np.e))


def lists():
    features = np.arange(12, dtype=np.float32).reshape(6, 2)
    gain, novel = np.array([0, 0, 1, 0, 2, 0], dtype=np.float32), np.array([0, 1, 0, 1, 1, 1], dtype=bool)
    return LabelledLists(np.array([0, 2, 3, 6]), features, gain, novel)


def test_lists_without_an_answer_teach_nothing():
    kept = lists().with_gain()
    assert kept.start.tolist() == [0, 1, 4]
    assert kept.features[:, 0].tolist() == [4, 6, 8, 10]
    assert kept.gain.tolist() == [1, 0, 2, 0]


def test_batches_and_joined_lists():
    batch = lists().batch(np.array([2, 0]))
    assert batch.features[:, 0].tolist() == [6, 8, 10, 0, 2]
    assert batch.gain.tolist() == [0, 2, 0, 0, 0]
    assert batch.novel.tolist() == [True, True, True, False, True]
    assert batch.owner.tolist() == [0, 0, 0, 1, 1]
    twice = LabelledLists.joined([lists(), lists()])
    assert twice.start.tolist() == [0, 2, 3, 6, 8, 9, 12]


def test_discounted_gain_by_hand():
    # The answer of list 1 is first of one; that of list 2 is put second by these scores.
    score = np.array([0, 0, 0, 3.0, 2.0, 1.0])
    assert lists().discounted_gain(score) == pytest.approx(1 + 2 / np.log2(3))


def drawn(rng, queries, planted):
    """Draw 20 candidates a query; the answer is the one of the largest second feature, or any."""
    features = rng.standard_normal((queries * 20, 4)).astype(np.float32)
    best = features[:, 1].reshape(queries, 20).argmax(axis=1) if planted else rng.integers(0, 20, queries)
    gain = np.zeros((queries, 20), dtype=np.float32)
    gain[np.arange(queries), best] = 1
    return LabelledLists(np.arange(queries + 1) * 20, features, gain.ravel(), features[:, 2] > 0)


@pytest.mark.parametrize(("planted", "low", "high"), [(True, 0.9, 1.0), (False, 0.0, 0.15)])
def test_what_makes_an_answer_is_found_where_it_is_planted_only(planted, low, high):
    rng = np.random.default_rng(0)
    config = ComplementsConfig(ranker_epochs=10)
    ranker, curve = fit_ranker(drawn(rng, 800, planted), drawn(rng, 200, planted), config, 0, Silent())
    test = drawn(rng, 300, planted)
    found = ranker.double().score(test.features.astype(np.float64)).reshape(300, 20).argmax(axis=1)
    hits = (found == test.gain.reshape(300, 20).argmax(axis=1)).mean()
    assert low <= hits <= high
    assert len(curve.validation) == 10


def test_one_seed_one_ranker():
    part = drawn(np.random.default_rng(0), 100, True)
    one, other = (fit_ranker(part, part, ComplementsConfig(ranker_epochs=2), 3, Silent())[0] for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))

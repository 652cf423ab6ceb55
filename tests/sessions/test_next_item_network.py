"""The next-item network: learns what is planted, reads no later event, and counts no padding."""

import numpy as np
import pytest
import torch

from graphrec.compute.ragged import offsets
from graphrec.compute.run import Run
from graphrec.config import SessionsConfig
from graphrec.sessions.fit_network import fit_network
from graphrec.sessions.next_item_network import NextItemNetwork, likeliest
from graphrec.sessions.padded_sessions import PaddedSessions, gap_classes
from graphrec.sessions.session_log import SessionLog
from tests.sessions.small_sessions import session_log

ITEMS = 30
SETTINGS = SessionsConfig(dim=16, negatives=64, batch=32, epochs=6, item_dropout=0.0, learning_rate=0.02)


def walks(count, seed, kind=0):
    """Draw sessions that walk along a circle of items, to the right, or to the left after a cart at their beginning."""
    rng = np.random.default_rng(seed)
    begin, length, turned = rng.integers(ITEMS, size=count), rng.integers(3, 8, count), rng.integers(2, size=count)
    start = offsets(length)
    place = np.arange(start[-1]) - np.repeat(start[:-1], length)
    item = (np.repeat(begin, length) + np.where(np.repeat(turned, length), -place, place)) % ITEMS
    kinds = np.where((place == 0) & np.repeat(turned, length).astype(bool), 1, 0)
    nothing = np.full(len(item), np.nan)
    return SessionLog(start, item, kinds, nothing, nothing.astype(np.float32))


def fitted(training, settings=SETTINGS):
    return fit_network(training, walks(100, 1), np.zeros(ITEMS, dtype=np.int64), settings, Run(0))[0]


def share_right(model, log, k=1):
    asked = np.flatnonzero(log.place == 1)
    lists, _ = likeliest(model, log.prefixes(asked), np.ones(ITEMS, dtype=bool), k, 20)
    return float((lists == log.item[asked][:, None]).any(axis=1).mean())


@pytest.fixture(scope="module")
def model():
    return fitted(walks(1_500, 0))


def test_the_next_item_is_found_where_it_is_planted_and_by_chance_where_items_are_shuffled(model):
    assert share_right(model, walks(300, 2)) > 0.9
    shuffled = walks(1_500, 0)
    shuffled = SessionLog(**{**vars(shuffled), "item": np.random.default_rng(3).permutation(shuffled.item)})
    assert share_right(fitted(shuffled), walks(300, 2)) < 0.2


def test_the_kind_of_an_event_tells_the_direction_where_it_is_an_input(model):
    without = fitted(walks(1_500, 0), SETTINGS.model_copy(update={"inputs": ("types", "gaps")}))
    assert share_right(without, walks(300, 2)) < 0.7
    assert share_right(without, walks(300, 2), k=2) > 0.9


def test_no_state_sees_a_later_event(model):
    one, other = (PaddedSessions.of(session_log([[3, 4, 5, last]]), 20) for last in (6, 17))
    with torch.no_grad():
        states = model(one), model(other)
    torch.testing.assert_close(states[0][:, :3], states[1][:, :3])
    assert not torch.allclose(states[0][:, 3], states[1][:, 3])


def test_padding_decides_nothing(model):
    short, long = [7, 8], [1, 2, 3, 4, 5, 6, 7]
    alone, beside = (
        likeliest(model, session_log(s), np.ones(ITEMS, dtype=bool), 5, 20) for s in ([short], [short, long])
    )
    np.testing.assert_array_equal(alone[0][0], beside[0][0])
    np.testing.assert_allclose(alone[1][0], beside[1][0], rtol=1e-5)


def test_items_that_may_not_be_named_are_not(model):
    able = np.zeros(ITEMS, dtype=bool)
    able[[2, 9]] = True
    lists, scores = likeliest(model, session_log([[8]]), able, 3, 20)
    assert set(lists[0, :2].tolist()) == {2, 9} and lists[0, 2] == -1 and scores[0, 2] == -np.inf


def test_one_seed_gives_one_model():
    settings = SETTINGS.model_copy(update={"epochs": 1})
    one, other = (fitted(walks(200, 0), settings).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_types_lend_an_item_what_others_of_its_type_have_learned():
    types = np.arange(ITEMS) % 3
    with_types = NextItemNetwork(torch.from_numpy(types), 3, SETTINGS)
    torch.nn.init.normal_(with_types.item_type.weight)
    alike = with_types.vectors(torch.tensor([0, 3, 1]))
    without = NextItemNetwork(torch.from_numpy(types), 3, SETTINGS.model_copy(update={"inputs": ()}))
    without.load_state_dict(with_types.state_dict())
    apart = without.vectors(torch.tensor([0, 3, 1]))
    assert not torch.allclose(alike, apart)


def test_one_type_makes_its_items_no_more_alike_before_anything_is_learned():
    items = torch.arange(ITEMS)
    torch.manual_seed(0)
    network = NextItemNetwork(torch.zeros(ITEMS, dtype=torch.long), 1, SETTINGS)
    cosine = (network.vectors(items) @ network.vectors(items).T).detach()
    assert abs(float(cosine[~torch.eye(ITEMS, dtype=torch.bool)].mean())) < 0.05


def test_gaps_are_classed_by_doubling_times():
    log = session_log([[1, 2, 3, 4], [5, 6]])
    time = np.array([0.0, 1.0, 5.0, 1005.0, 2000.0, np.nan])
    classes = gap_classes(SessionLog(log.start, log.item, log.kind, time, log.price))
    assert classes.tolist() == [0, 1, 2, 9, 0, 0]
    assert gap_classes(log).tolist() == [0] * 6

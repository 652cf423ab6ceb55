"""Look-alikes: the nearest of what was bought."""

import numpy as np
import pytest

from graphrec.complements import Lenders
from graphrec.config import RetrievalConfig


def on_circle(*degrees):
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


PLACES = on_circle(0, 10, 20, 60, 180)
BOUGHT = np.array([3, 0, 1, 7, 2])


def test_look_alikes_are_the_nearest_that_were_bought_and_never_the_item_itself():
    likeness = Lenders.lay_out(PLACES, BOUGHT).look_alikes(PLACES, np.arange(5), 2).toarray()
    near = [[2, 3], [0, 2], [0, 3], [2, 0], [3, 2]]  # item 1 was not bought and lends to nobody
    for row, lenders in zip(likeness, near, strict=True):
        assert set(np.flatnonzero(row)) == set(lenders)
    assert likeness[0, 2] == pytest.approx(np.cos(np.radians(20)) ** 4, abs=1e-5)
    assert likeness[4, 3] == pytest.approx(0.01**4)  # what is not like it at all weighs next to nothing


def test_a_new_product_has_all_that_were_bought_to_look_like():
    new = on_circle(1)
    likeness = Lenders.lay_out(PLACES, BOUGHT).look_alikes(new, np.array([-1]), 1).toarray()
    assert np.flatnonzero(likeness).tolist() == [0]


def test_none_are_asked_for_or_nothing_was_bought():
    assert Lenders.lay_out(PLACES, BOUGHT).look_alikes(PLACES, np.arange(5), 0).nnz == 0
    assert Lenders.lay_out(PLACES, np.zeros(5)).look_alikes(PLACES, np.arange(5), 3).nnz == 0


def test_many_lenders_are_searched_by_annoy_and_found_as_well():
    places = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    few = Lenders.lay_out(places, np.ones(500))
    assert few.with_forest(RetrievalConfig(), 0).forest is None
    many = few.with_forest(RetrievalConfig(exact_below=500), 0)
    assert few.forest is None and many.forest is not None
    exact, annoy = (lenders.look_alikes(places, np.arange(500), 5).toarray() > 0 for lenders in (few, many))
    assert (exact & annoy).sum() > 0.95 * exact.sum()


def test_look_alikes_of_a_product_do_not_depend_on_the_others_asked_with_it():
    generator = np.random.default_rng(0)
    places = np.repeat(generator.normal(size=(300, 64)), 4, axis=0).astype(np.float32)  # each four times: many ties
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    lenders = Lenders.lay_out(places, np.ones(len(places)))
    new = places[::7] + np.float32(0.01)
    unseen = np.full(len(new), -1)
    together = lenders.look_alikes(new, unseen, 10)
    for row in range(0, len(new), 11):
        alone = lenders.look_alikes(new[row : row + 1], unseen[:1], 10)
        np.testing.assert_array_equal(alone.toarray()[0], together[[row]].toarray()[0])

"""GraphSAGE learns who is similar to whom, and each of its settings changes what it learns."""

from contextlib import contextmanager

import numpy as np
import pytest

from graphrec.compute.progress import Silent
from graphrec.compute.run import Run
from graphrec.config import EncoderConfig
from graphrec.embeddings import fit_encoder
from tests.embeddings.links import both_ways, planted, share_of_own_group

SMALL = {"dim": 16, "hidden": 32, "batch": 128, "epochs": 3}


class StepCounter(Silent):
    """Remembers how many steps a stage announced."""

    steps = 0

    @contextmanager
    def stage(self, name, total=None):
        self.steps = total
        with super().stage(name, total) as advance:
            yield advance


def fitted(matrix, pairs, seed=0, display=None, **settings):
    return fit_encoder(matrix, pairs, EncoderConfig(**(SMALL | settings)), Run(seed, display or Silent()))


def steps_of(matrix, pairs, **settings):
    display = StepCounter()
    fitted(matrix, pairs, display=display, epochs=1, **settings)
    return display.steps


@pytest.mark.parametrize("whole_graph_below", [0, 1000])
def test_embeddings_gather_linked_items_alike_at_each_fit(whole_graph_below):
    group, matrix, pairs = planted()
    first, second = (fitted(matrix, pairs, whole_graph_below=whole_graph_below).embeddings for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-5)
    assert share_of_own_group(first, group) > 0.8


def test_embeddings_gather_nothing_where_links_and_features_say_nothing():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(4), 40)
    pairs = both_ways([(a, b) for a, b in rng.integers(0, 160, (1500, 2)) if a != b], 160)
    matrix = rng.standard_normal((160, 12)).astype(np.float32)
    assert share_of_own_group(fitted(matrix, pairs).embeddings, group) < 0.45


def test_another_seed_is_another_model():
    _, matrix, pairs = planted()
    first, other = (fitted(matrix, pairs, seed, epochs=1).embeddings for seed in (0, 1))
    assert not np.array_equal(first, other)


def test_catalogues_below_whole_graph_below_are_seen_whole_and_others_by_fan_out():
    _, matrix, pairs = planted()

    def curve(below, fan_out):
        return fitted(matrix, pairs, epochs=1, whole_graph_below=below, fan_out=fan_out).curve

    assert curve(161, (1, 1)) == curve(1000, (9, 9))
    assert curve(160, (1, 1)) == curve(0, (1, 1))
    assert len({curve(160, fan_out) for fan_out in ((1, 1), (1, 9), (9, 1))} | {curve(161, (1, 1))}) == 4


def test_batches_share_a_step_where_the_whole_graph_is_embedded_and_hide_little_of_it():
    _, matrix, pairs = planted(3000)
    whole = {"batch": 16, "pairs_per_epoch": 1600, "whole_graph_below": 1000}
    assert len(pairs) > 20 * 16 * 4
    assert steps_of(matrix, pairs, whole_graph_batches=1, **whole) == 100
    assert steps_of(matrix, pairs, whole_graph_batches=4, **whole) == 25
    assert steps_of(matrix, pairs, whole_graph_batches=4, **(whole | {"whole_graph_below": 0})) == 100
    assert len(pairs) < 20 * 300
    assert steps_of(matrix, pairs, whole_graph_batches=4, **(whole | {"batch": 300})) == 5


def test_without_neighbours_items_are_placed_by_features_alone():
    _, matrix, pairs = planted()
    blind, seeing = (fitted(matrix, pairs, epochs=1, neighbours=neighbours) for neighbours in (False, True))
    dropped = fitted(matrix, pairs, epochs=1, neighbour_dropout=1)
    assert blind.curve == dropped.curve != seeing.curve


def test_neighbour_dropout_places_a_cold_item_where_it_would_be_with_neighbours():
    _, matrix, pairs = planted(noise=2.0)
    fits = [fitted(matrix, pairs, neighbour_dropout=share) for share in (0.0, 0.3)]
    never, often = ((fit.alone * fit.embeddings).sum(axis=1).mean() for fit in fits)
    assert never < 0.9 < 0.94 < often


def test_a_temperature_that_melts_all_differences_teaches_nothing():
    _, matrix, pairs = planted()
    falls = [np.ptp(fitted(matrix, pairs, temperature=temperature).curve.validation) for temperature in (0.1, 1e5)]
    assert falls[0] > 0.1
    assert falls[1] < 1e-3


def test_popular_partners_are_near_though_they_are_negatives_often():
    """Partners are drawn by popularity alone: nearness must follow it, as each is a negative as often as a partner."""
    rng = np.random.default_rng(0)
    weight = np.where(np.arange(120) < 10, 40.0, 1.0)
    left, right = rng.integers(10, 120, 4000), rng.choice(120, 4000, p=weight / weight.sum())
    pairs = both_ways([(a, b) for a, b in zip(left, right, strict=True) if a != b], 120)
    matrix = np.eye(120, dtype=np.float32)
    fit = fitted(matrix, pairs, epochs=4, temperature=0.5)
    cosine = fit.embeddings[10:] @ fit.embeddings.T
    assert cosine[:, :10].mean() > cosine[:, 10:].mean() + 0.1

"""The temperature that makes a ranker's shares as large as what was bought."""

import numpy as np
import pytest

from graphrec.complements.calibration import choose_temperature
from graphrec.complements.ranker import Ranker, listed_shares
from tests.complements.test_ranker import labelled

QUERIES, CANDIDATES = 50, 4


@pytest.mark.parametrize("sharpness", [0.8, 1.0, 1.6])
def test_scores_that_are_too_sharp_or_too_flat_are_tempered(sharpness):
    bought = np.random.default_rng(0).dirichlet(np.ones(CANDIDATES + 1), QUERIES)
    inside, beyond = bought[:, :CANDIDATES], bought[:, CANDIDATES]
    # A ranker that has learned nothing scores by its first column, and all that is no candidate by its first number.
    ranker = Ranker(("posterior",), 2, 1).double()
    start = np.arange(QUERIES + 1) * CANDIDATES
    lists = labelled(start, sharpness * np.log(inside).reshape(-1, 1), inside.ravel(), total=np.ones(QUERIES))
    lists.outside[:, 0] = sharpness * np.log(beyond)
    temperature = choose_temperature(ranker, lists)
    assert temperature == pytest.approx(sharpness, rel=0.03)
    ranker.temperature.fill_(sharpness)
    np.testing.assert_allclose(listed_shares(ranker, lists), inside.ravel(), rtol=1e-4)

"""The peak of a process is what it held at most, until it is forgotten."""

from pathlib import Path

import numpy as np
import pytest

from graphrec.compute.memory import forget_peak, peak_gib

SLACK = 0.05
"""GiB: the system counts pages a little late."""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux forgets a peak")
def test_the_peak_stays_until_it_is_forgotten():
    forget_peak()
    before = peak_gib()
    held = np.ones(2**25)
    with_it = peak_gib()
    assert with_it - before == pytest.approx(held.nbytes / 2**30, abs=SLACK)
    del held
    assert peak_gib() > with_it - SLACK
    forget_peak()
    assert peak_gib() < with_it - 4 * SLACK

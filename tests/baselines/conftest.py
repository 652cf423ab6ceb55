"""Baskets small enough to count by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from graphrec.baselines import TrainingData
from graphrec.events import Catalogue

A, B, C, D, E = range(5)


def training_data(items, baskets, types, bought=None, age_days=None):
    rows = np.repeat(np.arange(len(baskets)), [len(basket) for basket in baskets])
    lines = (np.ones(len(rows), np.float32), (rows, np.concatenate(baskets)))
    incidence = sparse.csr_array(lines, shape=(len(baskets), len(items)))
    return TrainingData(
        catalogue=Catalogue.from_frame(pd.DataFrame({"item": items})),
        types=np.array(types),
        baskets=incidence,
        age_days=np.zeros(len(baskets)) if age_days is None else np.array(age_days, dtype=np.float64),
        bought=np.bincount(incidence.indices, minlength=len(items)) if bought is None else np.array(bought),
        viewed_together=None,
        bought_first=None,
    )


@pytest.fixture
def by_hand():
    """Five baskets. Pairs: AB 3, AC 2, BC 1, CD 1; baskets that hold A 4, B 3, C 3, D 1; D was once bought alone.

    E has never been bought; it is of D's type.
    """
    return training_data(
        ["a", "b", "c", "d", "e"],
        [[A, B], [A, B], [A, B, C], [A, C], [C, D]],
        types=[0, 1, 1, 2, 2],
        bought=[4, 3, 3, 2, 0],
        age_days=[120, 90, 60, 30, 0],
    )

"""What is evaluated: a model behind one interface, whether graphrec, a variant of it or a baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from graphrec.baselines.baseline import Baseline
from graphrec.compute.progress import Display
from graphrec.evaluation.ablations import Variant
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.question_sets import History

OURS = "graphrec"
"""Key and name of the model under test; the names of its variants begin with it."""
REPEAT_LAST, REPEAT_LAST_NAME = "repeat-last", "repeat last"
"""Key and name of the baseline that looks at the session alone: it has no lists but by session."""

BY_UPLIFT = ", by uplift"
"""Added to the name of a baseline whose lists are ordered by what the query changes."""

Ranked = np.ndarray
"""`(queries, k) int64` codes, the best first, -1 where a list is short."""


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    Parameters
    ----------
    complements : callable
        Codes, k and, optionally, a matrix of what must not be in the answer -> lists.
    within_type : callable
        Codes, types, k -> lists of items of that type.
    at_specificities : callable
        Codes, k, specificities, what must not be in the answer -> lists for each specificity, and for each the share
        of the first ten places per source (`SOURCES`; of no rows for baselines).
    by_session : callable or None
        Query of each question, what its shopper had touched, k -> a list for each question.
    chosen : mapping
        What was chosen on the validation part.
    curves : mapping
        Stage -> training and validation losses by epoch.
    """

    complements: Callable[[np.ndarray, int, sparse.csr_array | None], Ranked]
    within_type: Callable[[np.ndarray, np.ndarray, int], Ranked]
    at_specificities: Callable[
        [np.ndarray, int, Sequence[float], sparse.csr_array | None], tuple[np.ndarray, np.ndarray]
    ]
    by_session: Callable[[np.ndarray, History, int], Ranked] | None = None
    chosen: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EvaluatedModel:
    """Something that can be fitted and asked.

    Parameters
    ----------
    key : str
        On the command line and in file names.
    name : str
        On the leaderboard.
    seed : int
    fit : callable
    variant : Variant or None
        Of graphrec; None for a baseline.
    baseline : Baseline or None
        Which it is, plain or by uplift.
    """

    key: str
    name: str
    seed: int
    fit: Callable[[Materials, Display], Fitted]
    variant: Variant | None = None
    baseline: Baseline | None = None


def describe(chosen: Mapping[str, Any]) -> str:
    """Write what was chosen in a line."""
    return ", ".join(f"{name} {value:g}" for name, value in chosen.items() if isinstance(value, int | float))

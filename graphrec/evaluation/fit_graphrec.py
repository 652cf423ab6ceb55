"""Graphrec and its variants to evaluate: fitted, held against the leak guard, and asked by codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from graphrec.complements.learning import FitRanker
from graphrec.complements.ranker import fit_ranker
from graphrec.compute.progress import Display
from graphrec.evaluation.ablations import Variant
from graphrec.evaluation.boosted_trees import fit_boosted_trees
from graphrec.evaluation.by_session import recommended
from graphrec.evaluation.complements_within_type import rank_within_type
from graphrec.evaluation.evaluated_model import EvaluatedModel, Fitted, Ranked
from graphrec.evaluation.leaks import find_leaks, require_no_leaks
from graphrec.evaluation.materials import Materials
from graphrec.lists import Ranking, rank_at_specificities
from graphrec.model import Model
from graphrec.model.fit import fit_model
from graphrec.results import SOURCES

_OTHER_RANKERS: Mapping[str, FitRanker | None] = {"without-ranker": None, "boosted-trees": fit_boosted_trees}
"""Key of a variant -> how its ranker is fitted; None: it has none."""


def graphrec_model(key: str, variant: Variant, seed: int, number: int) -> EvaluatedModel:
    """Make graphrec, or a variant, with one of its seeds.

    Parameters
    ----------
    key : str
    variant : Variant
    seed : int
        Of the fit.
    number : int
        Which of the seeds it is, from 0.
    """

    def fit(materials: Materials, display: Display) -> Fitted:
        config = variant.config(materials.config).model_copy(update={"seed": seed})
        model = fit_model(materials.split.train, config, display, _OTHER_RANKERS.get(key, fit_ranker))
        require_no_leaks(find_leaks(model, materials.split))
        return of_model(model, materials.types[0])

    return EvaluatedModel(f"{key}-{number}", variant.name, seed, fit, variant)


def of_model(model: Model, types: np.ndarray | None = None) -> Fitted:
    """Ask a fitted model of graphrec by codes.

    Parameters
    ----------
    model : Model
    types : ndarray, optional
        `(items,) int64`: the types that are asked for, where the model does not have them.
    """

    def complements(query: np.ndarray, k: int, excluded: sparse.csr_array | None) -> Ranked:
        return laid_out(model.rank(model.carts(list(query[:, None])), k, excluded), query, k)

    def within_type(query: np.ndarray, kind: np.ndarray, k: int) -> Ranked:
        groups = model.type_codes if types is None else types
        return rank_within_type(model.complements, model.specificity, query, kind, k, groups)

    def at_specificities(
        query: np.ndarray, k: int, specificities: Sequence[float], excluded: sparse.csr_array | None
    ) -> tuple[np.ndarray, np.ndarray]:
        carts = model.carts(list(query[:, None]))
        rankings = rank_at_specificities(model.complements, model.list_rules, carts, k, specificities, excluded)
        sources = np.stack([source_shares(ranking, 10) for ranking in rankings])
        return np.stack([laid_out(ranking, query, k) for ranking in rankings]), sources

    chosen = {"specificity": model.specificity}
    stages: Mapping[str, Any] = model.report["stages"]
    curves = {name: (list(curve["training"]), list(curve["validation"])) for name, curve in stages.items()}
    return Fitted(complements, within_type, at_specificities, partial(recommended, model), chosen, curves)


def laid_out(ranking: Ranking, query: np.ndarray, k: int) -> Ranked:
    """Lay a ranking out as a list a query."""
    ranked = np.full((len(query), k), -1, dtype=np.int64)
    ranked[ranking.query, ranking.rank - 1] = ranking.item
    return ranked


def source_shares(ranking: Ranking, places: int) -> np.ndarray:
    """Share of the first places of all lists that each source fills, `(sources,) float64`."""
    count = np.bincount(ranking.source[ranking.rank <= places], minlength=len(SOURCES))
    return np.asarray(count / max(int(count.sum()), 1))

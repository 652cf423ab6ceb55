"""What is evaluated: graphrec and every baseline, behind one interface, fitted on what came before the cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy import sparse

from graphrec.config import Config
from graphrec.evaluation.ablations import ABLATIONS, Variant
from graphrec.evaluation.baselines import (
    BASELINES,
    Baseline,
    Scorer,
    TrainingData,
    is_installed,
    rank_codes,
    rank_codes_at_discounts,
    read_training_data,
)
from graphrec.evaluation.by_session import repeated, reranked
from graphrec.evaluation.exam import Exam, History
from graphrec.evaluation.leaks import find_leaks, require_no_leaks
from graphrec.evaluation.metrics import hit_matrix, ndcg
from graphrec.evaluation.questions import Questions, basket_lines, one_random_item
from graphrec.evaluation.split import Split, events_with_baskets
from graphrec.evaluation.within_type import rank_scores_within_type
from graphrec.features import ItemFeatures, fit_item_features
from graphrec.fitting import fit_model
from graphrec.graph import Pairs
from graphrec.model import Model
from graphrec.progress import Display
from graphrec.ranking import SOURCES, Members, Ranking, rank_at_specificities, rank_complements, rank_within_type
from graphrec.stages import both_graphs

OURS = "graphrec"
"""Key and name of the model under test; the names of its variants begin with it."""
REPEAT_LAST, REPEAT_LAST_NAME = "repeat-last", "repeat last"
"""Key and name of the baseline that looks at the session alone: it has no lists but by session."""

Ranked = np.ndarray
"""`(queries, k) int64` codes, the best first, -1 where a list is short."""


@dataclass(frozen=True)
class Fitted:
    """A fitted contender.

    Parameters
    ----------
    complements : callable
        Codes, k and, optionally, a matrix of what must not be in the answer -> lists.
    within_type : callable
        Codes, types, k -> lists of items of that type.
    discounted : callable
        Codes, k, popularity discounts, what must not be in the answer -> lists for each discount, and for each the
        share of the first ten places per source (`SOURCES`; of no rows for baselines).
    by_session : callable or None
        Query of each question, what its shopper had touched, k -> a list for each question.
    chosen : mapping
        What was chosen on the validation part.
    curves : mapping
        Stage -> training and validation losses by epoch.
    """

    complements: Callable[[np.ndarray, int, sparse.csr_array | None], Ranked]
    within_type: Callable[[np.ndarray, np.ndarray, int], Ranked]
    discounted: Callable[[np.ndarray, int, Sequence[float], sparse.csr_array | None], tuple[np.ndarray, np.ndarray]]
    by_session: Callable[[np.ndarray, History, int], Ranked] | None = None
    chosen: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
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
    """

    key: str
    name: str
    seed: int
    fit: Callable[[Materials, Display], Fitted]
    variant: Variant | None = None


@dataclass(frozen=True)
class Materials:
    """What contenders are fitted and tuned on; nothing in it was written after the cut.

    Parameters
    ----------
    split : Split
    """

    split: Split

    @property
    def config(self) -> Config:
        """The configuration of the run."""
        return self.split.config

    @cached_property
    def features(self) -> ItemFeatures:
        """How catalogue rows become numbers, from the catalogue as it was known at the cut."""
        return fit_item_features(self.split.train.catalogue.frame, self.config.features, self.config.seed)

    @cached_property
    def types(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """Type code of every item, and the names of the types."""
        return self.features.type_codes(self.split.train.catalogue.frame), self.features.types.names

    @cached_property
    def data(self) -> TrainingData:
        """The whole training log."""
        return read_training_data(self.split.train, self.types[0])

    @cached_property
    def earlier(self) -> TrainingData:
        """The training log before its validation part."""
        return read_training_data(self.split.validation[0], self.types[0])

    @cached_property
    def validation(self) -> Questions:
        """One random known item of each basket of the validation part."""
        seed, most = self.config.seed, self.config.evaluation.validation_questions
        lines = basket_lines(events_with_baskets(self.split.validation[1]), most, seed)
        return one_random_item(lines, self.earlier.bought > 0, seed)

    @cached_property
    def similar(self) -> Pairs:
        """The similar graph of the training log, by which substitutes are told."""
        matrix = self.features.transform(self.split.train.catalogue.frame)
        return both_graphs(self.split.train, matrix, self.types[0], self.config).similar


def contenders(models: Sequence[str], seeds: int, config: Config) -> list[Contender]:
    """Make the contenders that were asked for, baselines first; graphrec and its variants once per seed."""
    chosen = [_baseline(key, BASELINES[key], config.seed) for key in BASELINES if key in models]
    if REPEAT_LAST in models:
        chosen.append(_repeat_last(config.seed))
    variants = {OURS: Variant(OURS), **ABLATIONS}
    for key in variants:
        numbers = range(seeds) if key in models else ()
        chosen += [_graphrec(key, variants[key], config.seed + number, number) for number in numbers]
    return chosen


def why_not(contender: Contender, materials: Materials, exam: Exam) -> str | None:
    """Say why a contender cannot run here; None where it can."""
    if contender.key == REPEAT_LAST and not len(exam.history.question):
        return "no session of a later basket holds a view or a cart before its first purchase"
    baseline = BASELINES.get(contender.key)
    if baseline is None:
        return None
    if baseline.library is not None and not is_installed(baseline.library):
        return f"needs {baseline.library}: pip install 'graphrec[baselines]'"
    return baseline.why_not(materials.data)


def _baseline(key: str, baseline: Baseline, seed: int) -> Contender:
    def fit(materials: Materials, display: Display) -> Fitted:
        chosen, tried = _tuned(baseline, materials, seed, display)
        data = materials.data
        scorer = baseline.fit(data, chosen, seed)
        told = {**chosen, **({"validation_ndcg@10": tried} if tried else {})}
        return of_scorer(scorer, data, told, baseline.ratio)

    return Contender(key, baseline.name, seed, fit)


def _tuned(
    baseline: Baseline, materials: Materials, seed: int, display: Display
) -> tuple[Mapping[str, float], list[float]]:
    """Try each point of the grid on the validation part; the first of equals wins."""
    if len(baseline.grid) == 1:
        return baseline.grid[0], []
    questions, data = materials.validation, materials.earlier
    values = []
    with display.stage(f"{baseline.name}: tuning", len(baseline.grid)) as advance:
        for parameters in baseline.grid:
            scorer = baseline.fit(data, parameters, seed)
            codes, place = questions.distinct
            ranked = rank_codes(scorer, data.bought, codes, 10, None)[place]
            values.append(float(ndcg(hit_matrix(ranked, questions), questions.answers).mean()))
            advance(1)
    return baseline.grid[int(np.argmax(values))], values


def of_scorer(scorer: Scorer, data: TrainingData, chosen: Mapping[str, Any], ratio: bool = True) -> Fitted:
    """Ask a fitted baseline by codes."""

    def complements(query: np.ndarray, k: int, excluded: sparse.csr_array | None) -> Ranked:
        return rank_codes(scorer, data.bought, query, k, excluded)

    def within_type(query: np.ndarray, types: np.ndarray, k: int) -> Ranked:
        return rank_scores_within_type(scorer, data, query, types, k)

    def discounted(
        query: np.ndarray, k: int, discounts: Sequence[float], excluded: sparse.csr_array | None
    ) -> tuple[np.ndarray, np.ndarray]:
        lists = rank_codes_at_discounts(scorer, data.bought, query, k, discounts, ratio, excluded)
        return lists, np.zeros((0, len(SOURCES)))

    return Fitted(complements, within_type, discounted, None, chosen)


def _repeat_last(seed: int) -> Contender:
    def fit(materials: Materials, display: Display) -> Fitted:
        popularity = BASELINES["popularity"].fit(materials.data, {}, seed)
        plain = of_scorer(popularity, materials.data, {})
        return replace(plain, by_session=partial(repeated, materials.data))

    return Contender(REPEAT_LAST, REPEAT_LAST_NAME, seed, fit)


def _graphrec(key: str, variant: Variant, seed: int, number: int) -> Contender:
    def fit(materials: Materials, display: Display) -> Fitted:
        config = variant.config(materials.config).model_copy(update={"seed": seed})
        model = fit_model(materials.split.train, config, display)
        require_no_leaks(find_leaks(model, materials.split))
        return of_model(model, materials.types[0])

    return Contender(f"{key}-{number}", variant.name, seed, fit, variant)


def of_model(model: Model, types: np.ndarray | None = None) -> Fitted:
    """Ask a fitted model of graphrec by codes.

    Parameters
    ----------
    model : Model
    types : ndarray, optional
        `(items,) int64`: the types that are asked for, where the model does not have them.
    """

    def complements(query: np.ndarray, k: int, excluded: sparse.csr_array | None) -> Ranked:
        return laid_out(rank_complements(model, Members.of_carts(model, list(query[:, None])), k, excluded), query, k)

    def within_type(query: np.ndarray, kind: np.ndarray, k: int) -> Ranked:
        return rank_within_type(model, query, kind, k, types)

    def discounted(
        query: np.ndarray, k: int, discounts: Sequence[float], excluded: sparse.csr_array | None
    ) -> tuple[np.ndarray, np.ndarray]:
        rankings = rank_at_specificities(model, Members.of_carts(model, list(query[:, None])), k, discounts, excluded)
        sources = np.stack([source_shares(ranking, 10) for ranking in rankings])
        return np.stack([laid_out(ranking, query, k) for ranking in rankings]), sources

    chosen = {"prior_strength": model.prior_strength}
    stages: Mapping[str, Any] = model.report["stages"]
    curves = {name: (list(curve["training"]), list(curve["validation"])) for name, curve in stages.items()}
    return Fitted(complements, within_type, discounted, partial(reranked, model), chosen, curves)


def laid_out(ranking: Ranking, query: np.ndarray, k: int) -> Ranked:
    """Lay a ranking out as a list a query."""
    ranked = np.full((len(query), k), -1, dtype=np.int64)
    ranked[ranking.query, ranking.rank - 1] = ranking.item
    return ranked


def source_shares(ranking: Ranking, places: int) -> np.ndarray:
    """Share of the first places of all lists that each source fills, `(sources,) float64`."""
    count = np.bincount(ranking.source[ranking.rank <= places], minlength=len(SOURCES))
    return np.asarray(count / max(int(count.sum()), 1))


def describe(chosen: Mapping[str, Any]) -> str:
    """Write what was chosen in a line."""
    return ", ".join(f"{name} {value:g}" for name, value in chosen.items() if isinstance(value, int | float))

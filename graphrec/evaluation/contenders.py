"""What is evaluated: graphrec and every baseline, behind one interface, fitted on what came before the cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy import sparse

from graphrec.baselines import (
    BASELINES,
    Baseline,
    Scorer,
    TrainingData,
    is_installed,
    rank_codes,
    rank_codes_by_uplift,
    read_training_data,
    scorer_by_uplift,
)
from graphrec.compute.progress import Display
from graphrec.config import Config
from graphrec.embeddings.features import ItemFeatures, fit_item_features
from graphrec.evaluation.ablations import ABLATIONS, Variant
from graphrec.evaluation.by_session import recommended, repeated
from graphrec.evaluation.exam import Exam, History
from graphrec.evaluation.leaks import find_leaks, require_no_leaks
from graphrec.evaluation.metrics import answer_shares, row_shares
from graphrec.evaluation.questions import basket_lines, by_product, every_item, one_random_item
from graphrec.evaluation.split import Split, events_with_baskets
from graphrec.evaluation.tuning import Chosen, Validation, tune
from graphrec.evaluation.within_type import rank_scores_within_type, rank_within_type
from graphrec.graph import Pairs, build_both_graphs
from graphrec.lists import Ranking, rank_at_specificities
from graphrec.model import Model
from graphrec.model.fit import fit_model
from graphrec.results import SOURCES

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
    """A fitted contender.

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
    baseline : Baseline or None
        Which it is, plain or by uplift.
    """

    key: str
    name: str
    seed: int
    fit: Callable[[Materials, Display], Fitted]
    variant: Variant | None = None
    baseline: Baseline | None = None


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
        return read_training_data(self.split.train, self.types[0], of_links=self.split.of_links)

    @cached_property
    def earlier(self) -> TrainingData:
        """The training log before its validation part."""
        return read_training_data(self.split.validation[0], self.types[0], of_links=self.split.of_links)

    @cached_property
    def validation(self) -> Validation:
        """One random known item of each basket of the validation part, or each product's links in it."""
        seed, most, data = self.config.seed, self.config.evaluation.validation_questions, self.earlier
        lines = basket_lines(events_with_baskets(self.split.validation[1]), most, seed)
        if not self.split.of_links:
            questions = one_random_item(lines, data.bought > 0, seed)
            return Validation(data, questions, row_shares(questions, data.items), None)
        questions = by_product(every_item(lines, data.bought > 0))
        known = sparse.csr_array(data.counts[questions.query])
        return Validation(data, questions, answer_shares(questions, data.items), known)

    @cached_property
    def similar(self) -> Pairs:
        """The similar graph of the training log, by which substitutes are told."""
        matrix = self.features.transform(self.split.train.catalogue.frame)
        return build_both_graphs(self.split.train, matrix, self.types[0], self.config).similar


def contenders(models: Sequence[str], seeds: int, config: Config) -> list[Contender]:
    """Make the contenders that were asked for, baselines first; graphrec and its variants once per seed."""
    chosen = [one for key in BASELINES if key in models for one in _both_forms(key, BASELINES[key], config.seed)]
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
    baseline = contender.baseline
    if baseline is None:
        return None
    if baseline.library is not None and not is_installed(baseline.library):
        return f"needs {baseline.library}: pip install 'graphrec[baselines]'"
    return baseline.why_not(materials.data)


def _both_forms(key: str, baseline: Baseline, seed: int) -> list[Contender]:
    """Make a baseline plain and by uplift: tuned in one go, and fitted once where both choose the same."""
    kept: dict[str, Scorer] = {}

    def tuned(materials: Materials, display: Display) -> tuple[Chosen, Chosen]:
        data = materials.earlier
        return data.shared(("tuned", key, seed), lambda: tune(baseline, materials.validation, seed, display))

    def fit_plain(materials: Materials, display: Display) -> Fitted:
        plain, by_uplift = tuned(materials, display)
        scorer = baseline.fit(materials.data, plain.parameters, seed)
        if plain.parameters == by_uplift.parameters:
            kept[key] = scorer
        return _of_chosen(scorer, materials.data, plain, baseline.ratio)

    def fit_by_uplift(materials: Materials, display: Display) -> Fitted:
        _, by_uplift = tuned(materials, display)
        # Taken out: a scorer may be as large as all pairs of items.
        scorer = kept.pop(key, None) or baseline.fit(materials.data, by_uplift.parameters, seed)
        return _of_chosen(scorer, materials.data, by_uplift, baseline.ratio)

    return [
        Contender(key, baseline.name, seed, fit_plain, baseline=baseline),
        Contender(f"{key}-by-uplift", f"{baseline.name}{BY_UPLIFT}", seed, fit_by_uplift, baseline=baseline),
    ]


def _of_chosen(scorer: Scorer, data: TrainingData, chosen: Chosen, ratio: bool) -> Fitted:
    told: dict[str, Any] = {**chosen.parameters, "validation": chosen.values, "ends_of_grid": chosen.ends}
    if chosen.specificity > 0:
        told["specificity"] = chosen.specificity
    return of_scorer(scorer, data, told, ratio, chosen.specificity)


def of_scorer(
    scorer: Scorer, data: TrainingData, chosen: Mapping[str, Any], ratio: bool = True, specificity: float = 0.0
) -> Fitted:
    """Ask a fitted baseline by codes."""

    def at_specificities(
        query: np.ndarray, k: int, specificities: Sequence[float], excluded: sparse.csr_array | None
    ) -> tuple[np.ndarray, np.ndarray]:
        lists = rank_codes_by_uplift(scorer, data, query, k, specificities, ratio, excluded)
        return lists, np.zeros((0, len(SOURCES)))

    def complements(query: np.ndarray, k: int, excluded: sparse.csr_array | None) -> Ranked:
        if specificity > 0:
            return np.asarray(rank_codes_by_uplift(scorer, data, query, k, (specificity,), ratio, excluded)[0])
        return rank_codes(scorer, data.bought, query, k, excluded)

    def within_type(query: np.ndarray, types: np.ndarray, k: int) -> Ranked:
        by = scorer_by_uplift(scorer, data, specificity, ratio) if specificity > 0 else scorer
        return rank_scores_within_type(by, data, query, types, k)

    return Fitted(complements, within_type, at_specificities, None, chosen)


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


def describe(chosen: Mapping[str, Any]) -> str:
    """Write what was chosen in a line."""
    return ", ".join(f"{name} {value:g}" for name, value in chosen.items() if isinstance(value, int | float))

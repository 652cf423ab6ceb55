"""Events -> Ranker: candidates as they were before temporal folds of the log, and what was bought in these."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from graphrec.complements.calibration import calibration_error, choose_temperature
from graphrec.complements.folds import answers_of, as_if_new, held_out_links, labelled_lists, temporal_folds
from graphrec.complements.known_items import KnownItems
from graphrec.complements.labelled_lists import LabelledLists
from graphrec.complements.neighbours.look_alikes import Lenders
from graphrec.complements.networks import ComplementPredictor, fit_predictor
from graphrec.complements.ranker import ListRanker, fit_ranker, listed_shares
from graphrec.complements.snapshot import Snapshot
from graphrec.complements.specificity import UNTRIED, Order, choose_specificity, discounted_gains, surely_better
from graphrec.compute.run import Run
from graphrec.compute.training import Curve
from graphrec.config import Config, RankerConfig
from graphrec.embeddings import fit_encoder
from graphrec.embeddings.features import ItemFeatures
from graphrec.errors import GraphrecWarning
from graphrec.events import Events
from graphrec.graph import build_both_graphs, build_graph

FitRanker = Callable[[LabelledLists, RankerConfig, Run, LabelledLists | None, int | None], tuple[ListRanker, Curve]]
"""A way to fit a ranker, as `fit_ranker` does."""


@dataclass(frozen=True)
class LearnedOrder:
    """How candidates are to be ordered.

    Parameters
    ----------
    ranker : ListRanker or None
        None where the posterior of memory and networks, or the counts, order the last fold as well, or where there
        is too little to learn from.
    specificity : float
        As of `lists.specificity`, chosen on the last fold.
    curves : dict
        How training went.
    facts : dict
        What was seen on the last fold, for the report.
    """

    ranker: ListRanker | None = None
    specificity: float = UNTRIED
    curves: dict[str, Curve] = field(default_factory=dict)
    facts: dict[str, float] = field(default_factory=dict)


def learn_to_rank(
    events: Events,
    item_matrix: np.ndarray,
    features: ItemFeatures,
    config: Config,
    run: Run,
    fit: FitRanker | None = fit_ranker,
) -> LearnedOrder:
    """Learn to order candidates on later folds of the log, and keep it if the last one says that it is better.

    Some items are hidden from all that came before, or the ranker would take every item without a past for one that
    nobody wants.

    Parameters
    ----------
    events : Events
    item_matrix : ndarray
        `(items, features) float32`.
    features : ItemFeatures
    config : Config
    run : Run
    fit : callable or None
        How a ranker is fitted; another than graphrec's own can be evaluated, and not be saved. None: without one.
    """
    settings, of_links = config.ranker, config.events.reader == "links"
    cut = held_out_links if of_links else temporal_folds
    cuts = cut(events, settings.learned_from, settings.folds)
    cuts = as_if_new(cuts, settings.hidden_items, config.seed, whole_sessions=of_links)
    if len(cuts) < 2:
        return _too_little()
    untouched = events.between(until=events.session_start(1 - settings.learned_from)) if of_links else cuts[0][0]
    fitted = _networks_before(untouched, cuts[0][1], item_matrix, features, config, run)
    if fitted is None:
        return _too_little()
    predictor, known = fitted
    parts = []
    with run.display.stage("lists of later folds", len(cuts)) as advance:
        for before, fold in cuts:
            graph = build_graph(before, config.graph, similar=False)
            answers = answers_of(fold, config.graph)
            if len(graph.complement) and len(answers.complement):
                snapshot = Snapshot.at(before, graph, predictor, known, config)
                parts.append(labelled_lists(snapshot, answers, config.seed))
            advance(1)
    if len(parts) < 2 or not all(part.gain.any() for part in parts[-2:]):
        return _too_little()
    return _chosen(parts, config, run, fit)


def _networks_before(
    before: Events, fold: Events, item_matrix: np.ndarray, features: ItemFeatures, config: Config, run: Run
) -> tuple[ComplementPredictor, KnownItems] | None:
    """Fit the networks on what came before all folds; None where nothing was bought together there.

    Their probability is one of the ranker's features: what they had been trained on they would seem to know better
    than they do.
    """
    catalogue = before.catalogue.frame
    type_codes = features.type_codes(catalogue)
    with run.display.stage("pairs before the ranker's folds"):
        past = build_both_graphs(before, item_matrix, type_codes, config)
        future = build_graph(fold, config.graph, similar=False)
    if not len(past.complement):
        return None
    encoder = fit_encoder(item_matrix, past.similar, config.encoder, run)
    predictor, _ = fit_predictor(encoder, past, future, type_codes, len(features.types), config.networks, run)
    with run.display.stage("look-alikes before the ranker's folds"):
        lenders = Lenders.lay_out(encoder.embeddings, past.bought).with_forest(config.retrieval, config.seed)
        likeness = lenders.look_alikes(encoder.embeddings, np.arange(past.items), config.complements.look_alikes)
    prices = features.price_columns(catalogue, type_codes)
    return predictor, KnownItems(encoder.embeddings, type_codes, prices, likeness)


def _chosen(parts: list[LabelledLists], config: Config, run: Run, fit: FitRanker | None) -> LearnedOrder:
    """Learn on all folds but the last, choose on it, then learn on all of them."""
    settings, last = config.ranker, parts[-1].bought()
    if fit is None:
        posterior = Order.of(last, last.posterior.astype(np.float64))
        return LearnedOrder(None, choose_specificity(last, posterior, last.count.astype(np.float64)))
    training = LabelledLists.joined(parts[:-1])
    # One network is enough to choose by.
    ranker, curve = fit(training, settings, run, last, 1)
    temperature = choose_temperature(ranker, last)
    ranker.temperature.fill_(temperature)
    shares, counts = listed_shares(ranker, last), last.count.astype(np.float64)
    # What would be served instead, each at the specificity that suits it best.
    orders = {
        "ranker": Order.of(last, shares),
        "posterior": Order.of(last, last.posterior.astype(np.float64)),
        "counts": Order.of(last, counts),
    }
    chosen = {name: choose_specificity(last, order, counts) for name, order in orders.items()}
    gains = {name: discounted_gains(last, order.at(chosen[name]))[1] for name, order in orders.items()}
    better = all(surely_better(gains["ranker"], gains[name], config.seed) for name in ("posterior", "counts"))
    facts = {f"gain_beyond_chance_of_the_{name}": float(values.mean()) for name, values in gains.items()}
    facts |= {
        "lists": float(len(last)),
        "temperature": temperature,
        "calibration_error": calibration_error(last, shares),
    }
    if not better:
        return LearnedOrder(None, chosen["posterior"], {"ranker": curve}, facts)
    ranker, whole = fit(LabelledLists.joined(parts), settings, run, None, None)
    ranker.temperature.fill_(temperature)
    return LearnedOrder(ranker, chosen["ranker"], {"ranker": curve, "ranker, on all folds": whole}, facts)


def _too_little() -> LearnedOrder:
    warnings.warn(
        "too little was bought together of late for a ranker to learn from; lists are ordered by the posterior",
        GraphrecWarning,
        stacklevel=4,
    )
    return LearnedOrder()

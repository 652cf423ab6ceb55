"""Events -> Ranker: candidates as they were before later stretches of the log, and what was bought in these."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from graphrec.complements import (
    COUNT,
    POSTERIOR,
    UNTRIED,
    KnownItems,
    LabelledLists,
    Memory,
    Order,
    QueryItems,
    Ranker,
    calibration_error,
    choose_specificity,
    choose_temperature,
    discounted_gains,
    fit_ranker,
    remembered_pairs,
    surely_better,
)
from graphrec.compute.hardware import hardware_of
from graphrec.compute.progress import Display
from graphrec.compute.training import Curve
from graphrec.config import Config
from graphrec.embeddings.features import ItemFeatures
from graphrec.errors import GraphrecWarning
from graphrec.events import Events
from graphrec.graph import ProductGraph, build_graph, item_sales
from graphrec.retrieval import CandidateSource, Lenders, lay_out_by_size
from graphrec.stages import both_graphs, complement_index, embed_items, fit_networks
from graphrec.windows import answers_of, as_if_new, held_out_links, labelled_lists, stretches


@dataclass(frozen=True)
class LearnedOrder:
    """How candidates are to be ordered.

    Parameters
    ----------
    ranker : Ranker or None
        None where the posterior of memory and networks, or the counts, order the last stretch as well, or where there
        is too little to learn from.
    specificity : float
        As of `lists.specificity`, chosen on the last stretch.
    curves : dict
        How training went.
    facts : dict
        What was seen on the last stretch, for the report.
    """

    ranker: Ranker | None = None
    specificity: float = UNTRIED
    curves: dict[str, Curve] = field(default_factory=dict)
    facts: dict[str, float] = field(default_factory=dict)


def learn_to_rank(
    events: Events,
    item_matrix: np.ndarray,
    type_codes: np.ndarray,
    features: ItemFeatures,
    config: Config,
    display: Display,
) -> LearnedOrder:
    """Learn to order candidates on later stretches of the log, and keep it if the last one says that it is better.

    The networks whose probability is one of the features are fitted anew on what came before the first stretch: what
    they had been trained on they would seem to know better than they do. Some items are hidden from all that came
    before, or the ranker would take every item without a past for one that nobody wants.

    Parameters
    ----------
    events : Events
    item_matrix : ndarray
        `(items, features) float32`.
    type_codes : ndarray
        `(items,) int64`.
    features : ItemFeatures
    config : Config
    display : Display
    """
    settings, of_links = config.complements, config.events.reader == "links"
    cut = held_out_links if of_links else stretches
    cuts = cut(events, settings.learned_from, settings.windows)
    cuts = as_if_new(cuts, settings.hidden_items, config.seed, whole_sessions=of_links)
    if len(cuts) < 2:
        return _too_little()
    untouched = events.between(until=events.session_start(1 - settings.learned_from)) if of_links else cuts[0][0]
    with display.stage("pairs before the ranker's stretches"):
        past = both_graphs(untouched, item_matrix, type_codes, config)
        future = build_graph(cuts[0][1], config.graph, similar=False)
    if not len(past.complement):
        return _too_little()
    source_of, queries_of = _sources(events, past, future, item_matrix, type_codes, features, config, display)
    parts = []
    with display.stage("lists of later stretches", len(cuts)) as advance:
        for before, window in cuts:
            graph = build_graph(before, config.graph, similar=False)
            answers = answers_of(window, config.graph)
            if len(graph.complement) and len(answers.complement):
                parts.append(labelled_lists(source_of(graph, before), queries_of, answers, settings, config.seed))
            advance(1)
    if len(parts) < 2 or not all(part.gain.any() for part in parts[-2:]):
        return _too_little()
    return _chosen(parts, config, display)


def _sources(
    events: Events,
    past: ProductGraph,
    future: ProductGraph,
    item_matrix: np.ndarray,
    type_codes: np.ndarray,
    features: ItemFeatures,
    config: Config,
    display: Display,
) -> tuple[Callable[[ProductGraph, Events], CandidateSource], Callable[[np.ndarray], QueryItems]]:
    """Fit the networks on what came before all stretches, and say where candidates come from before each."""
    settings, types = config.complements, len(features.types)
    encoder = embed_items(item_matrix, past, config, display)
    predictor, _ = fit_networks(encoder, past, future, type_codes, types, config, display)
    with display.stage("look-alikes before the ranker's stretches"):
        lenders = Lenders.lay_out(encoder.embeddings, past.bought).with_forest(config.retrieval, config.seed)
        likeness = lenders.look_alikes(encoder.embeddings, np.arange(past.items), settings.lending)
    known = KnownItems(encoder.embeddings, features.price_columns(events.catalogue.frame, type_codes), likeness)

    def source_of(graph: ProductGraph, before: Events) -> CandidateSource:
        sales = item_sales(before, settings.trend_days)
        remembered = remembered_pairs(graph, settings)
        memory = Memory.of(remembered, type_codes, types, sales, settings.ranks, config.seed)
        index = complement_index(predictor, known.embeddings, sales.popularity, type_codes, config)
        expected = lay_out_by_size(memory.right, config.retrieval)
        given_links = config.events.reader == "links"
        return CandidateSource(predictor, index, memory, known, settings, expected, given_links)

    return source_of, lambda codes: known.queries(codes, type_codes)


def _chosen(parts: list[LabelledLists], config: Config, display: Display) -> LearnedOrder:
    """Learn on all stretches but the last, choose on it, then learn on all of them."""
    settings, hardware, last = config.complements, hardware_of(config.training), parts[-1].bought()
    training = LabelledLists.joined(parts[:-1])
    # One network is enough to choose by.
    ranker, curve = fit_ranker(training, settings, config.seed, display, hardware, last, networks=1)
    temperature = choose_temperature(ranker, last)
    ranker.temperature.fill_(temperature)
    shares, counts = ranker.shares(last), last.features[:, COUNT].astype(np.float64)
    # What would be served instead, each at the specificity that suits it best.
    orders = {
        "ranker": Order.of(last, shares),
        "posterior": Order.of(last, np.exp(last.features[:, POSTERIOR].astype(np.float64))),
        "counts": Order.of(last, np.exp(counts)),
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
    ranker, whole = fit_ranker(LabelledLists.joined(parts), settings, config.seed, display, hardware)
    ranker.temperature.fill_(temperature)
    return LearnedOrder(ranker, chosen["ranker"], {"ranker": curve, "ranker, on all stretches": whole}, facts)


def _too_little() -> LearnedOrder:
    warnings.warn(
        "too little was bought together of late for a ranker to learn from; lists are ordered by the posterior",
        GraphrecWarning,
        stacklevel=4,
    )
    return LearnedOrder()

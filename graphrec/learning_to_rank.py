"""Events -> Ranker: candidates as they were before later stretches of the log, and what was bought in these."""

from __future__ import annotations

import warnings

import numpy as np

from graphrec.complements import (
    POSTERIOR,
    KnownItems,
    LabelledLists,
    Memory,
    QueryItems,
    Ranker,
    fit_ranker,
    remembered_pairs,
)
from graphrec.config import Config
from graphrec.errors import GraphrecWarning
from graphrec.events import Events
from graphrec.features import ItemFeatures
from graphrec.graph import ProductGraph, build_graph, item_sales
from graphrec.hardware import hardware_of
from graphrec.progress import Display
from graphrec.retrieval import CandidateSource, Lenders, lay_out_by_size
from graphrec.stages import both_graphs, complement_index, embed_items, fit_networks
from graphrec.training import Curve
from graphrec.windows import answers_of, as_if_new, labelled_lists, stretches


def learn_to_rank(
    events: Events,
    item_matrix: np.ndarray,
    type_codes: np.ndarray,
    features: ItemFeatures,
    config: Config,
    display: Display,
) -> tuple[Ranker | None, dict[str, Curve], dict[str, float]]:
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

    Returns
    -------
    Ranker or None
        None where the posterior of memory and networks orders the last stretch as well, or there is nothing to learn.
    dict
        How training went.
    dict
        Gains of the ranker and of the posterior on the last stretch.
    """
    settings, types = config.complements, len(features.types)
    cuts = stretches(events, settings.learned_from, settings.windows)
    cuts = as_if_new(cuts, settings.hidden_items, config.seed, whole_sessions=config.events.reader == "links")
    with display.stage("pairs before the ranker's stretches"):
        past = both_graphs(cuts[0][0], item_matrix, type_codes, config) if len(cuts) > 1 else None
        future = build_graph(cuts[0][1], config.graph, similar=False) if len(cuts) > 1 else None
    if past is None or future is None or not len(past.complement):
        _warn("too little was bought together for a ranker to learn from; lists are ordered by the posterior")
        return None, {}, {}
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
        return CandidateSource(predictor, index, memory, known, settings, expected)

    def queries_of(codes: np.ndarray) -> QueryItems:
        return known.queries(codes, type_codes)

    parts = []
    with display.stage("lists of later stretches", len(cuts)) as advance:
        for place, (before, window) in enumerate(cuts):
            graph = build_graph(before, config.graph, similar=False) if place else past
            answers = answers_of(window, config.graph)
            if len(graph.complement) and len(answers.complement):
                parts.append(labelled_lists(source_of(graph, before), queries_of, answers, settings, config.seed))
            advance(1)
    if len(parts) < 2 or not all(part.gain.any() for part in parts[-2:]):
        _warn("too little was bought together of late for a ranker to learn from; lists are ordered by the posterior")
        return None, {}, {}
    hardware = hardware_of(config.training)
    ranker, curve = fit_ranker(LabelledLists.joined(parts[:-1]), parts[-1], settings, config.seed, display, hardware)
    ranker = ranker.double().eval()
    last = parts[-1]
    ours = last.discounted_gain(ranker.score(last.features.astype(np.float64)))
    theirs = last.discounted_gain(last.features[:, POSTERIOR].astype(np.float64))
    found = {"discounted_gain": ours, "of_the_posterior": theirs}
    return (ranker if ours > theirs else None), {"ranker": curve}, found


def _warn(text: str) -> None:
    warnings.warn(text, GraphrecWarning, stacklevel=4)

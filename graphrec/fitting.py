"""Events -> Model: the stages of a fit, in the order in which the data flows."""

from __future__ import annotations

import warnings
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch

from graphrec.complements import (
    POSTERIOR,
    ComplementPairs,
    ComplementPredictor,
    EmbeddedCatalogue,
    HeldOutLists,
    KnownItems,
    LabelledLists,
    Memory,
    QueryItems,
    Ranker,
    choose_strength,
    fit_ranker,
    fit_regressor,
    fit_type_transition,
    log_popularity_in_type,
    remembered_pairs,
)
from graphrec.config import Config
from graphrec.encoder import EncoderFit, fit_encoder, seen_links
from graphrec.errors import GraphrecWarning
from graphrec.events import Events, describe_kinds, split_latest
from graphrec.features import ItemFeatures, fit_item_features
from graphrec.graph import (
    ProductGraph,
    build_graph,
    item_sales,
    require_complements,
    require_learnable,
    substitutes_without_views,
)
from graphrec.hardware import hardware_of
from graphrec.model import Model
from graphrec.progress import Display
from graphrec.rerank import SessionItems, fit_session_model, session_matrix
from graphrec.retrieval import (
    AnnoyIndex,
    BandedIndex,
    CandidateSource,
    ComplementIndex,
    ExactIndex,
    build_forests,
    lay_out_by_size,
    recall_against_exact,
    retrieve,
)
from graphrec.training import Curve
from graphrec.windows import answers_of, labelled_lists, stretches

_STRENGTH_QUERIES = 4_000
"""Items with later co-purchases whose lists choose the prior strength."""
_QUERIES_AT_ONCE = 256
_LEAST = 0.5
"""Purchases that every item is thought to have beside its own where networks are trained."""
_HABIT, _SPARSE = 3, 0.1
"""Times bought together that make a pair a habit, and the share of items with one below which a log is sparse."""


def fit_model(events: Events, config: Config, display: Display) -> Model:
    """Fit all stages.

    The latest baskets (`complements.validation`) are kept from every network: they choose epochs and the prior
    strength. The graphs, and so all counts, are then taken from the whole log.

    Raises
    ------
    EventsError, GraphError
        When there is nothing to learn from.
    """
    hardware_of(config.training)  # a GPU that is not there is said before anything is counted
    require_learnable(events)
    seed = config.seed
    catalogue = events.catalogue
    with display.stage("item features"):
        features = fit_item_features(catalogue.frame, config.features, seed)
        item_matrix = features.transform(catalogue.frame)
        type_codes = features.type_codes(catalogue.frame)
    earlier, later = split_latest(events, config.complements.validation)
    with display.stage("pairs of the whole log"):
        graph = both_graphs(events, item_matrix, type_codes, config)
    require_complements(graph)
    with display.stage("pairs before the validation cut"):
        past = both_graphs(earlier, item_matrix, type_codes, config)
        if len(past.complement):
            future = build_graph(later, config.graph, similar=False)
        else:
            _warn("all pairs were bought in the validation part; epochs and prior strength are not validated")
            past, future = graph, graph.without_complements()
    encoder = _fit_encoder(item_matrix, past, config, display)
    with display.stage("embeddings of all items"):
        links = seen_links(graph.similar, config.encoder)
        embeddings = encoder.model.embed_all(torch.from_numpy(item_matrix), links).numpy()

    predictor, curves = _fit_complements(encoder, past, future, type_codes, len(features.types), config, display)
    with display.stage("prior strength"):
        strength, gains = _choose_prior_strength(predictor, encoder.embeddings, past, future, type_codes, config)
    sales = item_sales(events, config.complements.trend_days)
    remembered = remembered_pairs(graph, config.complements)
    memory = Memory.of(remembered, type_codes, len(features.types), sales, config.complements.rank, seed)
    ranker, ranker_curves, ranked = _fit_ranker(events, item_matrix, type_codes, features, config, display)
    with display.stage("indexes"):
        asked = np.random.default_rng(seed).permutation(len(embeddings))[: config.retrieval.recall_queries]
        index, complement_recall = build_forests(
            _complement_index(predictor, embeddings, sales.popularity, type_codes, config),
            lambda kind: predictor.queries(embeddings[asked], np.full(len(asked), kind), np.arange(len(asked))),
            config.retrieval,
            seed,
        )
        expected_index, expected_recall = _expected_index(memory, config)
        similar_index = AnnoyIndex.build(embeddings, config.retrieval, seed)
        similar_recall = recall_against_exact(similar_index, embeddings, embeddings[asked], 10)
    session_items = SessionItems(
        embeddings,
        type_codes,
        features.price_columns(catalogue.frame, type_codes),
        earlier.facts.per_item,
        len(features.types),
    )
    session_model, session_curve = fit_session_model(
        session_items,
        session_matrix(earlier, config.rerank.max_length, config.rerank.max_sessions, seed),
        session_matrix(later, config.rerank.max_length, config.rerank.max_sessions, seed),
        config.rerank,
        seed,
        display,
        hardware_of(config.training),
    )
    report = _report_data(events, graph, features, config) | {
        "stages": {
            name: asdict(curve)
            for name, curve in {
                "encoder": encoder.curve,
                **curves,
                **ranker_curves,
                "session model": session_curve,
            }.items()
        },
        "prior_strength": {"chosen": strength, "gain": {f"{k:g}": v for k, v in gains.items()}},
        "ranker": ranked,
        "annoy_recall_at_10": {
            "similar": similar_recall,
            "complements": complement_recall,
            "expected": expected_recall,
        },
    }
    return Model(
        config=config,
        catalogue=catalogue,
        graph=graph,
        features=features,
        type_codes=type_codes,
        encoder=encoder.model,
        embeddings=embeddings,
        predictor=predictor,
        memory=memory,
        ranker=ranker,
        prior_strength=strength,
        complement_index=index,
        expected_index=expected_index,
        similar_index=similar_index,
        session_model=session_model,
        report=report,
        rejected=events.rejected,
        fingerprint=events.fingerprint(),
    )


def both_graphs(events: Events, item_matrix: np.ndarray, type_codes: np.ndarray, config: Config) -> ProductGraph:
    """Build the graphs; without views, similar links come from the catalogue and from shared contexts."""
    graph = build_graph(events, config.graph)
    if len(graph.similar) or not len(graph.complement):
        return graph
    # Random directions are nobody's likeness.
    matrix = item_matrix if config.features.described else np.zeros((len(item_matrix), 1), dtype=np.float32)
    return substitutes_without_views(graph, matrix, type_codes, config.graph.similar, config.seed)


def _fit_encoder(item_matrix: np.ndarray, graph: ProductGraph, config: Config, display: Display) -> EncoderFit:
    return fit_encoder(item_matrix, graph.similar, config.encoder, config.seed, display, hardware_of(config.training))


def _fit_complements(
    encoder: EncoderFit,
    past: ProductGraph,
    future: ProductGraph,
    type_codes: np.ndarray,
    types: int,
    config: Config,
    display: Display,
) -> tuple[ComplementPredictor, dict[str, Curve]]:
    data = EmbeddedCatalogue(
        embeddings=torch.from_numpy(encoder.embeddings),
        alone=torch.from_numpy(encoder.alone),
        type_codes=torch.from_numpy(type_codes),
        log_popularity=torch.from_numpy(log_popularity_in_type(past.bought + _LEAST, type_codes, types)),
        types=types,
    )
    training, validation = (ComplementPairs.from_graph(g.complement, data) for g in (past, future))
    settings, seed, hardware = config.complements, config.seed, hardware_of(config.training)
    transition, transition_curve = fit_type_transition(training, validation, settings, seed, display, hardware)
    regressor, regressor_curve = fit_regressor(training, validation, past.similar, settings, seed, display, hardware)
    curves = {"type transition": transition_curve, "embedding regressor": regressor_curve}
    return ComplementPredictor.of(transition, regressor, settings.temperature), curves


def _complement_index(
    predictor: ComplementPredictor,
    embeddings: np.ndarray,
    popularity: np.ndarray,
    type_codes: np.ndarray,
    config: Config,
) -> ComplementIndex:
    types = predictor.type_probabilities(embeddings[:1]).shape[1]
    log_popularity = log_popularity_in_type(popularity, type_codes, types)
    places = predictor.places(embeddings)
    return ComplementIndex.lay_out(places, log_popularity, type_codes, types, config.complements.temperature)


def _expected_index(memory: Memory, config: Config) -> tuple[ExactIndex | BandedIndex, float | None]:
    """Index the low-rank part of the counts, and measure it where it is not searched exactly."""
    index = lay_out_by_size(memory.right, config.retrieval)
    bought = np.flatnonzero(memory.left.any(axis=1))
    if isinstance(index, ExactIndex) or not len(bought):
        return index, None
    index = index.build_forests(config.retrieval, config.seed)
    asked = np.random.default_rng(config.seed).permutation(bought)[: config.retrieval.recall_queries]
    return index, recall_against_exact(index, memory.right, memory.left[asked], 10)


def _choose_prior_strength(
    predictor: ComplementPredictor,
    embeddings: np.ndarray,
    past: ProductGraph,
    future: ProductGraph,
    type_codes: np.ndarray,
    config: Config,
) -> tuple[float, dict[float, float]]:
    """Rank by earlier counts under every strength, and ask the later baskets which lists were best."""
    settings = config.complements
    bought_later = np.flatnonzero(np.diff(future.complement.indptr))
    if not len(bought_later):
        return float(np.median(settings.prior_strengths)), {}
    index = _complement_index(predictor, embeddings, past.bought + _LEAST, type_codes, config)
    queries = np.sort(np.random.default_rng(config.seed).permutation(bought_later)[:_STRENGTH_QUERIES])
    parts = []
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        block = queries[start : start + _QUERIES_AT_ONCE]
        owner, edge = past.complement.edges_of(block)
        observed = owner, past.complement.indices[edge].astype(np.int64)
        per_type = settings.candidates_per_type
        found = retrieve(predictor, index, type_codes, embeddings[block], observed, settings.types, per_type)
        _, first = np.unique(found.owner * past.items + found.item, return_index=True)
        query, item = block[found.owner[first]], found.item[first]
        parts.append(
            HeldOutLists(
                owner=found.owner[first] + start,
                count=past.evidence_columns(query, item)["weight"],
                prior=found.prior[first],
                total=past.complement_weight[query],
                gain=future.evidence_columns(query, item)["weight"],
            )
        )
    columns = (np.concatenate(column) for column in zip(*(vars(part).values() for part in parts), strict=True))
    return choose_strength(HeldOutLists(*columns), settings.prior_strengths)


def _fit_ranker(
    events: Events,
    item_matrix: np.ndarray,
    type_codes: np.ndarray,
    features: ItemFeatures,
    config: Config,
    display: Display,
) -> tuple[Ranker | None, dict[str, Curve], dict[str, float]]:
    """Learn to order candidates on later stretches of the log, and keep it if the last one says that it is better.

    The networks whose probability is one of the features are fitted anew on what came before the first stretch: what
    they had been trained on they would seem to know better than they do.
    """
    settings, types = config.complements, len(features.types)
    cuts = stretches(events, settings.learned_from, settings.windows)
    with display.stage("pairs before the ranker's stretches"):
        past = both_graphs(cuts[0][0], item_matrix, type_codes, config) if len(cuts) > 1 else None
        future = build_graph(cuts[0][1], config.graph, similar=False) if len(cuts) > 1 else None
    if past is None or future is None or not len(past.complement):
        _warn("too little was bought together for a ranker to learn from; lists are ordered by the posterior")
        return None, {}, {}
    encoder = _fit_encoder(item_matrix, past, config, display)
    predictor, _ = _fit_complements(encoder, past, future, type_codes, types, config, display)
    known = KnownItems(encoder.embeddings, features.price_columns(events.catalogue.frame, type_codes))

    def source_of(graph: ProductGraph, before: Events) -> CandidateSource:
        sales = item_sales(before, settings.trend_days)
        remembered = remembered_pairs(graph, settings)
        memory = Memory.of(remembered, type_codes, types, sales, settings.rank, config.seed)
        index = _complement_index(predictor, known.embeddings, sales.popularity, type_codes, config)
        expected = lay_out_by_size(memory.right, config.retrieval)
        return CandidateSource(predictor, index, memory, known, settings, expected)

    def queries_of(codes: np.ndarray) -> QueryItems:
        return QueryItems(codes, known.embeddings[codes], type_codes[codes], known.price[codes])

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


def _report_data(events: Events, graph: ProductGraph, features: ItemFeatures, config: Config) -> dict[str, Any]:
    """Say what was read and built; what did not run as usual is a note."""
    notes = []
    if graph.similar_sources != ("views",):
        notes.append("The log has no views: similar links come from " + " and from ".join(graph.similar_sources) + ".")
    if features.types.derived:
        notes.append(f"No item has a type: titles were clustered into {len(features.types)} types.")
    elif len(features.types) == 1:
        notes.append("All items are of one type: the type transition has nothing to choose from.")
    if not features.text.dim:
        notes.append("No item has a title or a category in words: the item matrix holds no text.")
    bought, habits = int((graph.bought > 0).sum()), graph.items_bought_together(_HABIT)
    if config.events.reader == "links":
        notes.append("Fitted on given links: they stand for baskets, and the session model has seen no sessions.")
    elif habits < _SPARSE * bought:
        notes.append(
            f"The log is sparse: {habits:,} of {bought:,} bought items have a pair that was bought together {_HABIT} "
            "times or more. Lists back off to what the item's type is bought with."
        )
    return {
        "rows": asdict(replace(events.counts, rejected=dict(events.counts.rejected))),
        "events": describe_kinds(events),
        "items": len(events.catalogue),
        "cold_items": int((events.facts.per_item == 0).sum()),
        "types": len(features.types),
        "sessions": events.facts.sessions,
        "baskets": graph.baskets,
        "similar_links": len(graph.similar),
        "similar_sources": list(graph.similar_sources),
        "complement_links": len(graph.complement),
        "substitutes_removed": graph.substitutes_removed,
        "notes": notes,
    }


def _warn(text: str) -> None:
    warnings.warn(text, GraphrecWarning, stacklevel=3)

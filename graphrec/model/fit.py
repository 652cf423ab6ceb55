"""Events -> Model: the stages of a fit, in the order in which the data flows."""

from __future__ import annotations

import warnings
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch

from graphrec.candidate_scores import what_anyone_buys
from graphrec.complements import ComplementPredictor, HeldOutLists, Memory, choose_strength, remembered_pairs
from graphrec.compute.hardware import hardware_of
from graphrec.compute.progress import Display
from graphrec.config import Config
from graphrec.embeddings import seen_links
from graphrec.embeddings.features import ItemFeatures, fit_item_features
from graphrec.errors import GraphrecWarning
from graphrec.events import Events, describe_kinds, split_latest
from graphrec.graph import ProductGraph, build_graph, item_sales, require_complements, require_learnable
from graphrec.learning_to_rank import learn_to_rank
from graphrec.model import Model
from graphrec.retrieval import (
    AnnoyIndex,
    BandedIndex,
    ExactIndex,
    Lenders,
    build_forests,
    lay_out_by_size,
    recall_against_exact,
    retrieve,
)
from graphrec.sessions import SessionItems, fit_session_model, session_matrix
from graphrec.stages import LEAST, both_graphs, complement_index, embed_items, fit_networks

_STRENGTH_QUERIES = 4_000
"""Items with later co-purchases whose lists choose the prior strength."""
_QUERIES_AT_ONCE = 256
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
    encoder = embed_items(item_matrix, past, config, display)
    with display.stage("embeddings of all items"):
        links = seen_links(graph.similar, config.encoder)
        embeddings = encoder.model.embed_all(torch.from_numpy(item_matrix), links).numpy()

    predictor, curves = fit_networks(encoder, past, future, type_codes, len(features.types), config, display)
    with display.stage("prior strength"):
        strength, gains = _choose_prior_strength(predictor, encoder.embeddings, past, future, type_codes, config)
    sales = item_sales(events, config.complements.trend_days)
    remembered = remembered_pairs(graph, config.complements)
    memory = Memory.of(remembered, type_codes, len(features.types), sales, config.complements.ranks, seed)
    learned = learn_to_rank(events, item_matrix, type_codes, features, config, display)
    with display.stage("look-alikes"):
        lenders = Lenders.lay_out(embeddings, graph.bought).with_forest(config.retrieval, seed)
        likeness = lenders.look_alikes(embeddings, np.arange(len(embeddings)), config.complements.lending)
    with display.stage("indexes"):
        asked = np.random.default_rng(seed).permutation(len(embeddings))[: config.retrieval.recall_queries]
        index, complement_recall = build_forests(
            complement_index(predictor, embeddings, sales.popularity, type_codes, config),
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
                **learned.curves,
                "session model": session_curve,
            }.items()
        },
        "prior_strength": {"chosen": strength, "gain": {f"{k:g}": v for k, v in gains.items()}},
        "ranker": learned.facts | {"served": learned.ranker is not None},
        "annoy_recall_at_10": {
            "similar": similar_recall,
            "complements": complement_recall,
            "expected": expected_recall,
        },
    }
    model = Model(
        config=config,
        catalogue=catalogue,
        graph=graph,
        features=features,
        type_codes=type_codes,
        encoder=encoder.model,
        embeddings=embeddings,
        likeness=likeness,
        predictor=predictor,
        memory=memory,
        ranker=learned.ranker,
        chosen_specificity=learned.specificity,
        anyone=memory.popularity,
        prior_strength=strength,
        complement_index=index,
        expected_index=expected_index,
        similar_index=similar_index,
        lenders=lenders,
        session_model=session_model,
        report=report,
        rejected=events.rejected,
        fingerprint=events.fingerprint(),
    )
    with display.stage("what anyone buys"):
        return replace(model, anyone=what_anyone_buys(model))


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
    index = complement_index(predictor, embeddings, past.bought + LEAST, type_codes, config)
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
    return choose_strength(HeldOutLists(*columns), settings.prior_strengths, config.seed)


def _report_data(events: Events, graph: ProductGraph, features: ItemFeatures, config: Config) -> dict[str, Any]:
    """Say what was read and built; what did not run as usual is a note."""
    notes = []
    if not graph.similar_from_views:
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

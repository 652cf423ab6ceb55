"""Stages that a fit runs twice: on its whole log, and on what came before the stretches that its ranker learns on."""

from __future__ import annotations

import numpy as np
import torch

from graphrec.complements import (
    ComplementPairs,
    ComplementPredictor,
    EmbeddedCatalogue,
    fit_regressor,
    fit_type_transition,
    log_popularity_in_type,
)
from graphrec.compute.hardware import hardware_of
from graphrec.compute.progress import Display
from graphrec.compute.training import Curve
from graphrec.config import Config
from graphrec.embeddings import EncoderFit, fit_encoder
from graphrec.events import Events
from graphrec.graph import ProductGraph, build_graph, substitutes_without_views
from graphrec.retrieval import ComplementIndex

LEAST = 0.5
"""Purchases that every item is thought to have beside its own where networks are trained."""


def both_graphs(events: Events, item_matrix: np.ndarray, type_codes: np.ndarray, config: Config) -> ProductGraph:
    """Build the graphs; without views, similar links come from the catalogue and from shared contexts."""
    graph = build_graph(events, config.graph)
    if len(graph.similar) or not len(graph.complement):
        return graph
    # Random directions are nobody's likeness.
    matrix = item_matrix if config.features.described else np.zeros((len(item_matrix), 1), dtype=np.float32)
    return substitutes_without_views(graph, matrix, type_codes, config.graph.similar, config.seed)


def embed_items(item_matrix: np.ndarray, graph: ProductGraph, config: Config, display: Display) -> EncoderFit:
    """Train the encoder on the similar links of a graph."""
    return fit_encoder(item_matrix, graph.similar, config.encoder, config.seed, display, hardware_of(config.training))


def fit_networks(
    encoder: EncoderFit,
    past: ProductGraph,
    future: ProductGraph,
    type_codes: np.ndarray,
    types: int,
    config: Config,
    display: Display,
) -> tuple[ComplementPredictor, dict[str, Curve]]:
    """Train type transition and embedding regressor on what was bought together, validated by what was later."""
    data = EmbeddedCatalogue(
        embeddings=torch.from_numpy(encoder.embeddings),
        alone=torch.from_numpy(encoder.alone),
        type_codes=torch.from_numpy(type_codes),
        log_popularity=torch.from_numpy(log_popularity_in_type(past.bought + LEAST, type_codes, types)),
        types=types,
    )
    training, validation = (ComplementPairs.from_graph(g.complement, data) for g in (past, future))
    settings, seed, hardware = config.complements, config.seed, hardware_of(config.training)
    transition, transition_curve = fit_type_transition(training, validation, settings, seed, display, hardware)
    regressor, regressor_curve = fit_regressor(training, validation, past.similar, settings, seed, display, hardware)
    curves = {"type transition": transition_curve, "embedding regressor": regressor_curve}
    return ComplementPredictor.of(transition, regressor, settings.temperature), curves


def complement_index(
    predictor: ComplementPredictor,
    embeddings: np.ndarray,
    popularity: np.ndarray,
    type_codes: np.ndarray,
    config: Config,
) -> ComplementIndex:
    """Lay the items out where the networks place them as complements."""
    types = predictor.type_probabilities(embeddings[:1]).shape[1]
    log_popularity = log_popularity_in_type(popularity, type_codes, types)
    places = predictor.places(embeddings)
    return ComplementIndex.lay_out(places, log_popularity, type_codes, types, config.complements.temperature)

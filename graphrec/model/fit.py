"""Events -> Model: log -> graphs -> embeddings -> complements -> lists, and sessions beside them."""

from __future__ import annotations

import warnings
from dataclasses import asdict, replace

import numpy as np
import torch

from graphrec.complements import ComplementModel, KnownItems, Lenders, Snapshot, learn_to_rank, what_anyone_buys
from graphrec.complements.networks import build_forests, fit_predictor
from graphrec.compute.progress import Display
from graphrec.compute.run import Run
from graphrec.config import Config
from graphrec.embeddings import fit_encoder, seen_links
from graphrec.embeddings.features import fit_item_features
from graphrec.errors import GraphrecWarning
from graphrec.events import Events, split_latest
from graphrec.graph import build_both_graphs, build_graph, require_complements, require_learnable
from graphrec.model.model import Model
from graphrec.model.report import report_data
from graphrec.retrieval import AnnoyIndex, BandedIndex, recall_against_exact
from graphrec.sessions import SessionItems, fit_session_model, session_matrix


def fit_model(events: Events, config: Config, display: Display) -> Model:
    """Fit all parts.

    The latest baskets (`training.validation`) are kept from every network: they choose epochs. The graphs, and so
    all counts, are then taken from the whole log.

    Raises
    ------
    EventsError, GraphError
        When there is nothing to learn from.
    """
    run = Run.of(config, display)  # a GPU that is not there is said before anything is counted
    require_learnable(events)
    seed, catalogue = config.seed, events.catalogue.frame
    with display.stage("item features"):
        features = fit_item_features(catalogue, config.features, seed)
        item_matrix, type_codes = features.transform(catalogue), features.type_codes(catalogue)
        prices = features.price_columns(catalogue, type_codes)
    earlier, later = split_latest(events, config.training.validation)
    with display.stage("pairs of the whole log"):
        graph = build_both_graphs(events, item_matrix, type_codes, config)
    require_complements(graph)
    with display.stage("pairs before the validation cut"):
        past = build_both_graphs(earlier, item_matrix, type_codes, config)
        future = build_graph(later, config.graph, similar=False)
    if not len(past.complement):
        warnings.warn(
            "all pairs were bought in the validation part; epochs are not validated", GraphrecWarning, stacklevel=3
        )
        past, future = graph, graph.without_complements()
    encoder = fit_encoder(item_matrix, past.similar, config.encoder, run)
    with display.stage("embeddings of all items"):
        links = seen_links(graph.similar, config.encoder)
        embeddings = encoder.model.embed_all(torch.from_numpy(item_matrix), links).numpy()
    predictor, curves = fit_predictor(encoder, past, future, type_codes, len(features.types), config.networks, run)
    learned = learn_to_rank(events, item_matrix, features, config, run)
    with display.stage("look-alikes"):
        lenders = Lenders.lay_out(embeddings, graph.bought).with_forest(config.retrieval, seed)
        likeness = lenders.look_alikes(embeddings, np.arange(len(embeddings)), config.complements.look_alikes)
    with display.stage("indexes"):
        known = KnownItems(embeddings, type_codes, prices, likeness)
        snapshot, recall = _with_forests(Snapshot.at(events, graph, predictor, known, config))
        similar_index = AnnoyIndex.build(embeddings, config.retrieval, seed)
        recall["similar"] = recall_against_exact(similar_index, embeddings, embeddings[_asked(snapshot)], 10)
    complements = ComplementModel(snapshot, learned.ranker, snapshot.memory.popularity)
    with display.stage("what anyone buys"):
        complements = replace(complements, anyone=what_anyone_buys(complements))
    session_model, session_curve = fit_session_model(
        SessionItems(embeddings, type_codes, prices, earlier.facts.per_item, len(features.types)),
        session_matrix(earlier, config.rerank.max_length, config.rerank.max_sessions, seed),
        session_matrix(later, config.rerank.max_length, config.rerank.max_sessions, seed),
        config.rerank,
        run,
    )
    curves = {"encoder": encoder.curve, **curves, **learned.curves, "session model": session_curve}
    report = report_data(events, graph, features, config) | {
        "stages": {name: asdict(curve) for name, curve in curves.items()},
        "ranker": learned.facts | {"served": learned.ranker is not None},
        "annoy_recall_at_10": recall,
    }
    return Model(
        config=config,
        catalogue=events.catalogue,
        features=features,
        encoder_weights=encoder.model.state_dict(),
        complements=complements,
        chosen_specificity=learned.specificity,
        similar_index=similar_index,
        lenders=lenders,
        session_model=session_model,
        report=report,
        rejected=events.rejected,
        fingerprint=events.fingerprint(),
    )


def _with_forests(snapshot: Snapshot) -> tuple[Snapshot, dict[str, float | None]]:
    """Build Annoy where exact search would be slow, and measure it where it is asked."""
    config, predictor, memory = snapshot.config, snapshot.predictor, snapshot.memory
    embeddings, asked = snapshot.known.embeddings, _asked(snapshot)
    index, of_types = build_forests(
        snapshot.index,
        lambda kind: predictor.queries(embeddings[asked], np.full(len(asked), kind), np.arange(len(asked))),
        config.retrieval,
        config.seed,
    )
    expected, of_expected = snapshot.expected, None
    bought = np.flatnonzero(memory.left.any(axis=1))
    if isinstance(expected, BandedIndex) and len(bought):
        expected = expected.build_forests(config.retrieval, config.seed)
        by = np.random.default_rng(config.seed).permutation(bought)[: config.retrieval.recall_queries]
        of_expected = recall_against_exact(expected, memory.right, memory.left[by], 10)
    return replace(snapshot, index=index, expected=expected), {"complements": of_types, "expected": of_expected}


def _asked(snapshot: Snapshot) -> np.ndarray:
    """Draw the items by which Annoy is measured, `(queries,) int64`."""
    generator = np.random.default_rng(snapshot.config.seed)
    return generator.permutation(snapshot.items)[: snapshot.config.retrieval.recall_queries]

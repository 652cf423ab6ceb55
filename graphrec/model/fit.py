"""Events -> Model: log -> graphs -> embeddings -> complements -> lists, and sessions beside them."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from graphrec.complements import ComplementModel, KnownItems, Lenders, Snapshot, learn_to_rank, what_anyone_buys
from graphrec.complements.learning import FitRanker
from graphrec.complements.networks import build_forests, fit_predictor
from graphrec.complements.ranker import fit_ranker
from graphrec.compute.progress import Display
from graphrec.compute.run import Run
from graphrec.compute.training import Curve
from graphrec.config import Config
from graphrec.embeddings import fit_encoder, seen_links
from graphrec.embeddings.features import ItemFeatures, fit_item_features
from graphrec.errors import GraphrecWarning
from graphrec.events import Catalogue, Events, packed_items, split_latest
from graphrec.graph import ProductGraph, build_both_graphs, build_graph, require_complements, require_learnable
from graphrec.model.model import Model
from graphrec.model.report import report_data
from graphrec.retrieval import AnnoyIndex, BandedIndex, recall_against_exact
from graphrec.sessions import SessionItems, SessionLstm, fit_session_model, session_matrix


def fit_model(events: Events, config: Config, display: Display, ranker: FitRanker | None = fit_ranker) -> Model:
    """Fit all parts.

    The latest baskets (`training.validation`) are kept from every network: they choose epochs. The graphs, and so
    all counts, are then taken from the whole log.

    Parameters
    ----------
    events : Events
    config : Config
    display : Display
    ranker : callable or None
        How a ranker is fitted; None: without one.

    Raises
    ------
    EventsError, GraphError
        When there is nothing to learn from.
    """
    run = Run.of(config, display)  # a GPU that is not there is said before anything is counted
    require_learnable(events)
    with display.stage("item features"):
        features = fit_item_features(events.catalogue.frame, config.features, config.seed)
        items = _Items.of(events.catalogue, features)
    parts = split_latest(events, config.training.validation)
    graph, past, future = _graphs(events, parts, items, config, display)
    encoder = fit_encoder(items.matrix, past.similar, config.encoder, run)
    with display.stage("embeddings of all items"):
        links = seen_links(graph.similar, config.encoder)
        embeddings = encoder.model.embed_all(torch.from_numpy(items.matrix), links).numpy()
    predictor, curves = fit_predictor(encoder, past, future, items.types, len(features.types), config.networks, run)
    learned = learn_to_rank(events, items.matrix, features, config, run, ranker)
    with display.stage("look-alikes"):
        lenders = Lenders.lay_out(embeddings, graph.bought).with_forest(config.retrieval, config.seed)
        likeness = lenders.look_alikes(embeddings, np.arange(len(embeddings)), config.complements.look_alikes)
    with display.stage("indexes"):
        known = KnownItems(embeddings, items.types, items.prices, likeness)
        snapshot, recall = _with_forests(Snapshot.at(events, graph, predictor, known, config))
        similar_index = AnnoyIndex.build(embeddings, config.retrieval, config.seed)
        recall["similar"] = recall_against_exact(similar_index, embeddings, embeddings[_asked(snapshot)], 10)
    with display.stage("what anyone buys"):
        complements = ComplementModel(snapshot, learned.ranker, snapshot.memory.popularity)
        complements = replace(complements, anyone=what_anyone_buys(complements))
    session_model, session_curve = _fit_sessions(parts, known, len(features.types), config, run)
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


@dataclass(frozen=True)
class _Items:
    """Catalogue rows as numbers: the item matrix, type codes and prices."""

    matrix: np.ndarray
    types: np.ndarray
    prices: np.ndarray

    @classmethod
    def of(cls, catalogue: Catalogue, features: ItemFeatures) -> _Items:
        types = features.type_codes(catalogue.frame)
        return cls(features.transform(catalogue.frame), types, features.price_columns(catalogue.frame, types))


def _graphs(
    events: Events, parts: tuple[Events, Events], items: _Items, config: Config, display: Display
) -> tuple[ProductGraph, ProductGraph, ProductGraph]:
    """Build the graphs of the whole log, and of its parts before and after the validation cut."""
    with display.stage("pairs of the whole log"):
        graph = build_both_graphs(events, items.matrix, items.types, config)
    require_complements(graph, packed_items(events.catalogue, config.events))
    earlier, later = parts
    with display.stage("pairs before the validation cut"):
        past = build_both_graphs(earlier, items.matrix, items.types, config)
        if len(past.complement):
            return graph, past, build_graph(later, config.graph, similar=False)
    warnings.warn(
        "all pairs were bought in the validation part; epochs are not validated", GraphrecWarning, stacklevel=4
    )
    return graph, graph, graph.without_complements()


def _fit_sessions(
    parts: tuple[Events, Events], known: KnownItems, types: int, config: Config, run: Run
) -> tuple[SessionLstm, Curve]:
    settings = config.rerank
    earlier, later = (session_matrix(part, settings.max_length, settings.max_sessions, run.seed) for part in parts)
    sold = parts[0].facts.per_item
    items = SessionItems(known.embeddings, known.type_codes, known.price, sold, types)
    return fit_session_model(items, earlier, later, settings, run)


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

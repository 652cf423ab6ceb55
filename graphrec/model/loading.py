"""The files of a model directory -> Model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.numpy import load_file
from scipy import sparse

from graphrec.complements import ComplementModel, KnownItems, Lenders, Memory, Ranker, Snapshot
from graphrec.complements.evidence import require_columns
from graphrec.complements.networks import ComplementIndex, ComplementPredictor, EmbeddingRegressor, TypeTransition
from graphrec.config import Config, RetrievalConfig, parse_config
from graphrec.embeddings.features import ItemFeatures
from graphrec.events import Catalogue
from graphrec.graph import ProductGraph
from graphrec.model.manifest import MANIFEST, ModelFiles
from graphrec.model.model import Model
from graphrec.retrieval import AnnoyIndex, BandedIndex, ExactIndex, lay_out_by_size
from graphrec.sessions import SessionItems, SessionLstm


def read_parts(files: ModelFiles) -> Model:
    """Read a model from the files that its manifest lists.

    Raises
    ------
    ModelError
        When a file that it needs is not listed, or its ranker has learned from other evidence.
    """
    manifest = files.manifest
    config: Config = parse_config(manifest["config"], MANIFEST)
    catalogue = Catalogue.from_frame(pd.read_parquet(files["items.parquet"]))
    features = ItemFeatures.from_arrays(load_file(files["features.safetensors"]), manifest["features"])
    graph = ProductGraph.from_arrays(
        load_file(files["graph.safetensors"]),
        manifest["similar_sources"],
    )
    vectors = load_file(files["embeddings.safetensors"])
    embeddings = vectors["embeddings"]
    type_codes, types = features.type_codes(catalogue.frame), len(features.types)
    prices = features.price_columns(catalogue.frame, type_codes)
    sessions = SessionItems(embeddings, type_codes, prices, np.zeros(len(catalogue)), types)
    predictor, ranker = _read_predictor(files, config, types), _read_ranker(files, config)
    counted = load_file(files["memory.safetensors"])
    memory = Memory.from_arrays(graph, type_codes, types, config.complements.ranks, counted)
    likeness = sparse.csr_array(
        (vectors["likeness"], vectors["look_alikes"], vectors["look_alikes_of"]), shape=(len(catalogue),) * 2
    )
    likeness.check_format(full_check=True)  # SciPy's compiled code follows its indices wherever they lead
    index = ComplementIndex.of(predictor, embeddings, memory.sales.popularity, type_codes)
    forests = {
        kind: AnnoyIndex.load(files[f"complements-{kind}.ann"], index.shard(kind), config.retrieval)
        for kind in index.large_types(config.retrieval)
    }
    snapshot = Snapshot(
        predictor,
        index.with_forests(forests),
        memory,
        KnownItems(embeddings, type_codes, prices, likeness),
        _read_expected(files, memory, config.retrieval),
        config,
    )
    if ranker is not None:
        require_columns(snapshot, ranker.columns)
    return Model(
        config=config,
        catalogue=catalogue,
        features=features,
        encoder_weights=_tensors(files["encoder.safetensors"]),
        complements=ComplementModel(snapshot, ranker, vectors["anyone"]),
        chosen_specificity=float(manifest["specificity"]),
        similar_index=AnnoyIndex.load(files["similar.ann"], embeddings, config.retrieval),
        lenders=_read_lenders(files, embeddings, graph, config.retrieval),
        session_model=_read_session_model(files, sessions, vectors["session_popularity"], config),
        report=manifest["report"],
        rejected=_rejected(files),
        fingerprint=str(manifest["fingerprint"]),
    )


def _read_predictor(files: ModelFiles, config: Config, types: int) -> ComplementPredictor:
    settings, dim = config.networks, config.encoder.dim
    transition = TypeTransition(dim, settings.hidden, types).double()
    regressor = EmbeddingRegressor(dim, settings.hidden, types, settings.dim, settings.spaces).double()
    _read_weights(transition, files["type_transition.safetensors"])
    _read_weights(regressor, files["regressor.safetensors"])
    return ComplementPredictor.of(transition, regressor, settings.temperature)


def _read_ranker(files: ModelFiles, config: Config) -> Ranker | None:
    columns = tuple(files.manifest["ranker_columns"])
    if not columns:
        return None
    ranker = Ranker(columns, config.ranker.hidden, config.ranker.networks).double()
    _read_weights(ranker, files["ranker.safetensors"])
    return ranker


def _read_session_model(
    files: ModelFiles, items: SessionItems, log_popularity: np.ndarray, config: Config
) -> SessionLstm:
    model = items.model(config.rerank.hidden)
    model.log_popularity.copy_(torch.from_numpy(log_popularity))
    _read_weights(model, files["session_model.safetensors"])
    return model


def _read_weights(network: torch.nn.Module, file: Path) -> None:
    network.load_state_dict(_tensors(file))
    network.eval()


def _read_lenders(files: ModelFiles, embeddings: np.ndarray, graph: ProductGraph, config: RetrievalConfig) -> Lenders:
    lenders = Lenders.lay_out(embeddings, graph.bought)
    if not lenders.are_many(config):
        return lenders
    return replace(lenders, forest=AnnoyIndex.load(files["lenders.ann"], lenders.vectors, config))


def _read_expected(files: ModelFiles, memory: Memory, config: RetrievalConfig) -> ExactIndex | BandedIndex:
    index = lay_out_by_size(memory.right, config)
    if isinstance(index, ExactIndex):
        return index
    forests = {
        band: AnnoyIndex.load(files[f"expected-{band}.ann"], index.by_band[band], config)
        for band in index.large_bands(config)
    }
    return index.with_forests(forests)


def _rejected(files: ModelFiles) -> pd.DataFrame:
    name = "rejected.parquet"
    return pd.read_parquet(files[name]) if name in files else pd.DataFrame(columns=["row", "reason", "text"])


def _tensors(file: Path) -> dict[str, torch.Tensor]:
    return {key: torch.from_numpy(value) for key, value in load_file(file).items()}

"""A model on disk: Parquet, safetensors, JSON and Annoy files, named and hashed in a manifest. Never pickle."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from scipy import sparse

from graphrec.complements import ComplementModel, KnownItems, Lenders, Memory, Ranker, Snapshot
from graphrec.complements.evidence import require_columns
from graphrec.complements.networks import ComplementIndex, ComplementPredictor, EmbeddingRegressor, TypeTransition
from graphrec.config import Config, RetrievalConfig, parse_config
from graphrec.embeddings.features import ItemFeatures
from graphrec.errors import ModelError
from graphrec.events import Catalogue
from graphrec.graph import ProductGraph
from graphrec.model.card import model_card
from graphrec.model.model import Model
from graphrec.retrieval import AnnoyIndex, BandedIndex, ExactIndex, lay_out_by_size
from graphrec.sessions import SessionItems

FORMAT = 6
"""Rises when older versions can no longer read what is written."""

Network = torch.nn.Module


def save_model(model: Model, path: Path) -> None:
    """Write a model directory beside its place and move it there in one step.

    Raises
    ------
    ModelError
        When something that is no model directory stands at the path, or it cannot be written.
    """
    if path.exists() and not (path / "manifest.json").is_file():
        raise ModelError(f"{path} exists and is no model directory; give --out a new name or remove it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise ModelError(f"cannot write {path}: {error.strerror}; give --out a place that can be written to") from None
    try:
        _write_files(model, draft)
        draft.chmod(0o755)
        _replace(draft, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _replace(draft: Path, path: Path) -> None:
    """Put the draft in the place of what stands there."""
    if not path.exists():
        draft.replace(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
    path.replace(old / "model")
    draft.replace(path)
    shutil.rmtree(old)


def _write_files(model: Model, folder: Path) -> None:
    model.catalogue.frame.to_parquet(folder / "items.parquet", index=False)
    if len(model.rejected):
        model.rejected.astype({"row": "int64"}).to_parquet(folder / "rejected.parquet", index=False)
    _save_arrays(model.graph.arrays(), folder / "graph.safetensors")
    _save_arrays(model.snapshot.memory.arrays(), folder / "memory.safetensors")
    _save_arrays(model.features.arrays(), folder / "features.safetensors")
    likeness = model.snapshot.known.likeness
    vectors = {
        "embeddings": model.embeddings,
        "look_alikes": likeness.indices.astype(np.int32),
        "look_alikes_of": likeness.indptr.astype(np.int64),
        "likeness": likeness.data,
        "anyone": model.complements.anyone,
        "session_popularity": model.session_model.log_popularity.numpy(),
    }
    _save_arrays(vectors, folder / "embeddings.safetensors")
    states = {name: network.state_dict() for name, network in _networks(model).items()}
    for name, state in (states | {"encoder": model.encoder_weights}).items():
        _save_arrays({key: value.numpy() for key, value in state.items()}, folder / f"{name}.safetensors")
    model.similar_index.save(folder / "similar.ann")
    if model.lenders.forest is not None:
        model.lenders.forest.save(folder / "lenders.ann")
    for kind, forest in model.snapshot.index.forests.items():
        forest.save(folder / f"complements-{kind}.ann")
    if isinstance(model.snapshot.expected, BandedIndex):
        for band, forest in model.snapshot.expected.forests.items():
            forest.save(folder / f"expected-{band}.ann")
    (folder / "card.md").write_text(model_card(model), encoding="utf-8")
    ranker = _ranker(model)
    manifest = {
        "format": FORMAT,
        "graphrec": version("graphrec"),
        "config": model.config.model_dump(mode="json"),
        "fingerprint": model.fingerprint,
        "features": model.features.settings(),
        "ranker_columns": list(ranker.columns) if ranker is not None else [],
        "specificity": model.chosen_specificity,
        "similar_sources": list(model.graph.similar_sources),
        "report": model.report,
        "files": {file.name: _stamp(file) for file in sorted(folder.iterdir())},
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def load_model(path: Path) -> Model:
    """Read a model directory, checking every file against the manifest.

    Raises
    ------
    ModelError
        When it is missing, damaged or of another format.
    """
    manifest = _read_manifest(path)
    for name, stamp in manifest["files"].items():
        if Path(name).name != name or not (path / name).is_file():
            raise ModelError(f"{path}: file {name} of the manifest is missing; fit the model again or copy it whole")
        if _stamp(path / name) != stamp:
            raise ModelError(
                f"{path / name} is not what the manifest says (sha256); fit the model again or copy it whole"
            )
    try:
        return _read_files(path, manifest)
    except (KeyError, ValueError, TypeError, IndexError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{path} does not hold together ({type(error).__name__}: {error}); fit the model again"
        ) from None


def _read_manifest(path: Path) -> dict[str, Any]:
    file = path / "manifest.json"
    if not file.is_file():
        raise ModelError(
            f"{path} is no model directory (it has no manifest.json); give what 'graphrec fit --out' wrote"
        )
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ModelError(f"{file} is not JSON; fit the model again or copy it whole") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise ModelError(f"{path} has model format {found}, this graphrec reads {FORMAT}; fit the model again")
    if not isinstance(manifest.get("files"), dict):
        raise ModelError(f"{file} lists no files; fit the model again or copy it whole")
    return manifest


def _read_files(path: Path, manifest: dict[str, Any]) -> Model:
    config: Config = parse_config(manifest["config"], str(path / "manifest.json"))
    catalogue = Catalogue.from_frame(pd.read_parquet(path / "items.parquet"))
    features = ItemFeatures.from_arrays(load_file(path / "features.safetensors"), manifest["features"])
    graph = ProductGraph.from_arrays(
        load_file(path / "graph.safetensors"),
        manifest["similar_sources"],
    )
    vectors = load_file(path / "embeddings.safetensors")
    embeddings = vectors["embeddings"]
    type_codes, types = features.type_codes(catalogue.frame), len(features.types)
    settings = config.networks
    transition = TypeTransition(config.encoder.dim, settings.hidden, types).double()
    regressor = EmbeddingRegressor(config.encoder.dim, settings.hidden, types, settings.dim, settings.spaces).double()
    nothing = np.zeros(len(catalogue))
    prices = features.price_columns(catalogue.frame, type_codes)
    session_model = SessionItems(embeddings, type_codes, prices, nothing, types).model(config.rerank.hidden)
    session_model.log_popularity.copy_(torch.from_numpy(vectors["session_popularity"]))
    networks: dict[str, Network] = {
        "type_transition": transition,
        "regressor": regressor,
        "session_model": session_model,
    }
    ranker = None
    if manifest["ranker_columns"]:
        ranker = Ranker(tuple(manifest["ranker_columns"]), config.ranker.hidden, config.ranker.networks).double()
        networks["ranker"] = ranker
    for name, network in networks.items():
        network.load_state_dict(_tensors(path / f"{name}.safetensors"))
        network.eval()
    predictor = ComplementPredictor.of(transition, regressor, settings.temperature)
    counted = load_file(path / "memory.safetensors")
    memory = Memory.from_arrays(graph, type_codes, types, config.complements.ranks, counted)
    likeness = sparse.csr_array(
        (vectors["likeness"], vectors["look_alikes"], vectors["look_alikes_of"]), shape=(len(catalogue),) * 2
    )
    index = ComplementIndex.of(predictor, embeddings, memory.sales.popularity, type_codes)
    forests = {
        kind: AnnoyIndex.load(path / f"complements-{kind}.ann", index.shard(kind), config.retrieval)
        for kind in index.large_types(config.retrieval)
    }
    snapshot = Snapshot(
        predictor,
        index.with_forests(forests),
        memory,
        KnownItems(embeddings, type_codes, prices, likeness),
        _load_expected(path, memory, config.retrieval),
        config,
    )
    if ranker is not None:
        require_columns(snapshot, ranker.columns)
    rejected = path / "rejected.parquet"
    return Model(
        config=config,
        catalogue=catalogue,
        features=features,
        encoder_weights=_tensors(path / "encoder.safetensors"),
        complements=ComplementModel(snapshot, ranker, vectors["anyone"]),
        chosen_specificity=float(manifest["specificity"]),
        similar_index=AnnoyIndex.load(path / "similar.ann", embeddings, config.retrieval),
        lenders=_load_lenders(path, embeddings, graph, config.retrieval),
        session_model=session_model,
        report=manifest["report"],
        rejected=pd.read_parquet(rejected) if rejected.is_file() else pd.DataFrame(columns=["row", "reason", "text"]),
        fingerprint=str(manifest["fingerprint"]),
    )


def _load_lenders(path: Path, embeddings: np.ndarray, graph: ProductGraph, config: RetrievalConfig) -> Lenders:
    lenders = Lenders.lay_out(embeddings, graph.bought)
    if not lenders.are_many:
        return lenders
    return replace(lenders, forest=AnnoyIndex.load(path / "lenders.ann", lenders.vectors, config))


def _load_expected(path: Path, memory: Memory, config: RetrievalConfig) -> ExactIndex | BandedIndex:
    index = lay_out_by_size(memory.right, config)
    if isinstance(index, ExactIndex):
        return index
    files = {band: path / f"expected-{band}.ann" for band in index.large_bands(config)}
    return index.with_forests(
        {band: AnnoyIndex.load(file, index.by_band[band], config) for band, file in files.items()}
    )


def _ranker(model: Model) -> Ranker | None:
    ranker = model.complements.ranker
    if ranker is not None and not isinstance(ranker, Ranker):
        raise ModelError(f"a {type(ranker).__name__} cannot be saved, only graphrec's own ranker; evaluate it instead")
    return ranker


def _networks(model: Model) -> dict[str, Network]:
    """Name the networks as their files are named."""
    ranker = _ranker(model)
    return {
        **({} if ranker is None else {"ranker": ranker}),
        "type_transition": model.snapshot.predictor.transition,
        "regressor": model.snapshot.predictor.regressor,
        "session_model": model.session_model,
    }


def _tensors(file: Path) -> dict[str, torch.Tensor]:
    return {key: torch.from_numpy(value) for key, value in load_file(file).items()}


def _save_arrays(arrays: dict[str, np.ndarray], file: Path) -> None:
    save_file({name: np.ascontiguousarray(values) for name, values in arrays.items()}, file)


def _stamp(file: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return {"sha256": digest.hexdigest(), "bytes": file.stat().st_size}

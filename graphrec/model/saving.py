"""Model -> the files of its directory: Parquet, safetensors, JSON and Annoy. Never pickle."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import save_file

from graphrec.complements import Ranker
from graphrec.errors import ModelError
from graphrec.model.card import model_card
from graphrec.model.manifest import write_manifest
from graphrec.model.model import Model
from graphrec.retrieval import BandedIndex


def write_parts(model: Model, folder: Path, key: bytes | None) -> None:
    """Write all files of a model into an empty folder, the manifest last.

    Parameters
    ----------
    model : Model
    folder : Path
    key : bytes or None
        Signs the manifest.

    Raises
    ------
    OSError
        When there is no room, or no permission.
    ModelError
        When its ranker is not graphrec's own.
    """
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
    facts = {
        "graphrec": version("graphrec"),
        "config": model.config.model_dump(mode="json"),
        "fingerprint": model.fingerprint,
        "features": model.features.settings(),
        "ranker_columns": list(ranker.columns) if ranker is not None else [],
        "specificity": model.chosen_specificity,
        "similar_sources": list(model.graph.similar_sources),
        "report": model.report,
    }
    write_manifest(folder, facts, key)


def _ranker(model: Model) -> Ranker | None:
    ranker = model.complements.ranker
    if ranker is not None and not isinstance(ranker, Ranker):
        raise ModelError(f"a {type(ranker).__name__} cannot be saved, only graphrec's own ranker; evaluate it instead")
    return ranker


def _networks(model: Model) -> dict[str, torch.nn.Module]:
    """Name the networks as their files are named."""
    ranker = _ranker(model)
    return {
        **({} if ranker is None else {"ranker": ranker}),
        "type_transition": model.snapshot.predictor.transition,
        "regressor": model.snapshot.predictor.regressor,
        "session_model": model.session_model,
    }


def _save_arrays(arrays: dict[str, np.ndarray], file: Path) -> None:
    try:
        save_file({name: np.ascontiguousarray(values) for name, values in arrays.items()}, file)
    except SafetensorError as error:
        raise OSError(f"{file.name}: {error}") from None

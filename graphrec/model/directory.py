"""A model on disk: a folder written beside its place and put there in one step, and read as one."""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from safetensors import SafetensorError

from graphrec.compute.locks import Lock, use_folder
from graphrec.compute.workspaces import DRAFT, Workspace
from graphrec.compute.writing import recover_folder, written_folder
from graphrec.config import Config
from graphrec.errors import GraphrecWarning, ModelError, first_line
from graphrec.model.loading import read_parts
from graphrec.model.manifest import MANIFEST, ModelFiles, read_manifest
from graphrec.model.model import Model
from graphrec.model.saving import write_parts

_TRIES, _PAUSE = 500, 0.01
"""How often a model that is replaced while it is read is read again, and seconds between."""
_BROKEN = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, OSError, SafetensorError)
"""What reading files raises that hold something else than their names say."""


def require_place(path: Path) -> None:
    """Refuse a place for a model before any work is done.

    Raises
    ------
    ModelError
        When something that is no model directory stands at the path, or nothing can be written there.
    """
    if path.exists() and not (path / MANIFEST).is_file():
        raise ModelError(f"{path} exists and is no model directory; give --out a new name or remove it")
    try:
        with Workspace(path.resolve().parent, path.resolve().name, DRAFT):
            pass
    except OSError as error:
        raise ModelError(f"cannot write {path}: {_why(error)}; give --out a place that can be written to") from None


def save_model(model: Model, path: Path, key: bytes | None = None) -> None:
    """Write a model directory in one step: who reads meanwhile reads the old one or the new one.

    Parameters
    ----------
    model : Model
    path : Path
    key : bytes, optional
        Signs the manifest.

    Raises
    ------
    ModelError
        When something that is no model directory stands at the path, or it cannot be written; then it says where the
        model is kept instead.
    """
    recover_folder(path)
    require_place(path)
    try:
        _write(model, path, key)
    except OSError as error:
        raise ModelError(f"cannot write {path}: {_why(error)}; {_kept_elsewhere(model, path, key)}") from None


def load_model(path: Path, key: bytes | None = None) -> Model:
    """Read a model directory, checking every file against the manifest; where it is replaced meanwhile, the new one.

    Parameters
    ----------
    path : Path
    key : bytes, optional
        The manifest must have been signed with.

    Raises
    ------
    ModelError
        When it is missing, damaged, of another format, or not signed with the key.
    """
    for _ in range(_TRIES):
        lock = _opened(path)
        if lock is not None:
            model = _read(lock, path, key)
            if model is not None:
                return model
        time.sleep(_PAUSE)
    raise ModelError(f"{path} is replaced again and again while it is read; try once more")


def _write(model: Model, path: Path, key: bytes | None) -> None:
    with written_folder(path) as draft:
        write_parts(model, draft, key)


def _kept_elsewhere(model: Model, path: Path, key: bytes | None) -> str:
    """Write a model to another disk, and say where: a fit takes long."""
    for folder in _other_places(model.config):
        place = folder / f"graphrec-kept-{path.name}-{uuid4().hex[:8]}"
        try:
            _write(model, place, key)
        except OSError:
            continue
        return f"the model is kept in {place}: move it to a place with room"
    return "nor could it be kept elsewhere; make room and fit again"


def _other_places(config: Config) -> Iterator[Path]:
    if config.engine.scratch is not None:
        yield Path(config.engine.scratch)
    yield Path(tempfile.gettempdir())
    yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "graphrec"


def _opened(path: Path) -> Lock | None:
    """Open a model directory, so that no writer takes it away; None where one is just replacing it."""
    try:
        return use_folder(path)
    except OSError:
        if recover_folder(path) and path.is_dir():
            return None
        raise ModelError(
            f"{path} is no model directory (it has no {MANIFEST}); give what 'graphrec fit --out' wrote"
        ) from None


def _read(lock: Lock, path: Path, key: bytes | None) -> Model | None:
    """Read what was opened, wherever it lies by now; None where it was replaced and cannot be read any more."""
    folder = lock.folder
    try:
        files = read_manifest(folder or path, path, key)
        model = _parts(files, path)
        unknown = files.unknown()
    except (ModelError, OSError):
        if not lock.is_of(path):
            return None
        raise
    if folder is None and not lock.is_of(path):
        return None
    if unknown:
        warnings.warn(
            f"{path} holds files that its manifest does not list, and they are not read: {', '.join(unknown)}",
            GraphrecWarning,
            stacklevel=4,
        )
    return model


def _parts(files: ModelFiles, path: Path) -> Model:
    try:
        return read_parts(files)
    except _BROKEN as error:
        raise ModelError(
            f"{path} does not hold together ({type(error).__name__}: {first_line(error)}); fit the model again"
        ) from None


def _why(error: OSError) -> str:
    return error.strerror or first_line(error)

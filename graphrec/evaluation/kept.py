"""What a model answered, kept in a folder under the key of all that decides it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graphrec.compute.writing import written_folder

_ARRAYS, _FACTS = "lists.npz", "facts.json"


def read_kept(place: Path, key: str) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """Take up arrays and facts; None where there are none, or those of another key, or they cannot be read."""
    try:
        facts = json.loads((place / _FACTS).read_text(encoding="utf-8"))
        if facts.pop("run") != key:
            return None
        with np.load(place / _ARRAYS, allow_pickle=False) as stored:
            return {name: _widened(stored[name]) for name in stored.files}, facts
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep(place: Path, key: str, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
    """Write arrays and facts in one step; whole numbers are narrowed, since codes and ranks fit in 32 bits."""
    with written_folder(place) as draft:
        smaller: dict[str, Any] = {name: _narrowed(values) for name, values in arrays.items()}
        np.savez_compressed(draft / _ARRAYS, **smaller)
        (draft / _FACTS).write_text(json.dumps({"run": key, **facts}, indent=1) + "\n", encoding="utf-8")


def _narrowed(values: np.ndarray) -> np.ndarray:
    return values.astype(np.int32) if values.dtype.kind == "i" else values


def _widened(values: np.ndarray) -> np.ndarray:
    return values.astype(np.int64) if values.dtype.kind == "i" else values

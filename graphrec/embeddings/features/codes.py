"""Names of types and brands -> fixed unit vectors: a name that was never seen has one too."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

_PARENT_SHARE = 0.6
"""Weight of each level above the last one, so that sibling types are near and cousins less."""


def name_codes(names: Sequence[str | None], dim: int) -> np.ndarray:
    """Give every name the direction that its hash draws, `(names, dim) float32`; zeros where missing."""
    codes, distinct = pd.factorize(np.asarray(names, dtype=object), sort=False)
    table = np.stack([_direction(str(name), dim) for name in distinct]) if len(distinct) else np.zeros((0, dim))
    return np.append(table, np.zeros((1, dim)), axis=0)[codes].astype(np.float32)


def path_codes(paths: Sequence[str | None], dim: int) -> np.ndarray:
    """Code category paths such as `home.kitchen.kettle`: the sum over all their levels, unit length."""
    codes, distinct = pd.factorize(np.asarray(paths, dtype=object), sort=False)
    rows = []
    for path in distinct:
        levels = [level for level in re.split(r"[./>|]", str(path)) if level.strip()]
        prefixes = [".".join(levels[: depth + 1]) for depth in range(len(levels))]
        weights = _PARENT_SHARE ** np.arange(len(prefixes))[::-1]
        total = sum((w * _direction(prefix, dim) for w, prefix in zip(weights, prefixes, strict=True)), np.zeros(dim))
        rows.append(total / max(float(np.linalg.norm(total)), 1e-9))
    table = np.stack(rows) if rows else np.zeros((0, dim))
    return np.append(table, np.zeros((1, dim)), axis=0)[codes].astype(np.float32)


def _direction(name: str, dim: int) -> np.ndarray:
    digest = hashlib.blake2b(name.encode("utf-8"), digest_size=8).digest()
    drawn = np.random.default_rng(int.from_bytes(digest, "little")).standard_normal(dim)
    return np.asarray(drawn / np.linalg.norm(drawn))

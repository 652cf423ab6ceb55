"""Libraries that only baselines need: looked for when a baseline is asked for, never before."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from graphrec.errors import GraphrecError


def is_installed(library: str) -> bool:
    """Say whether a library can be imported, without importing it."""
    return find_spec(library) is not None


def open_library(module: str) -> ModuleType:
    """Import a module of an optional library.

    Raises
    ------
    GraphrecError
        When it is not installed; names the extra that installs it.
    """
    library = module.partition(".")[0]
    if not is_installed(library):
        raise GraphrecError(f"'{library}' is not installed; run pip install 'graphrec[baselines]'")
    return import_module(module)

"""Names of a package that are imported when they are first asked for, so that what is not used costs no time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def late(package: str, names: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """Make a package's `__getattr__` (PEP 562).

    Parameters
    ----------
    package : str
        Its `__name__`.
    names : mapping of str to sequence of str
        Module of the package -> the public names that it holds.
    """
    module_of = {name: module for module, held in names.items() for name in held}

    def get(name: str) -> object:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{module_of[name]}"), name)

    return get

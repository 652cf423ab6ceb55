"""Which code a result came from: modules and all that they import, as one hash, so that no older result is reused."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
"""The source files of graphrec."""


def code_of(*modules: str, package: Path = PACKAGE) -> str:
    """Hash the sources of modules and of everything in the package that they import, directly or not (sha256).

    The configuration is left out: its values decide, and stand in a key beside the code.

    Parameters
    ----------
    modules : str
        Dotted names, as `graphrec.events.cleaning`; a package stands for its `__init__`.
    package : Path
        Folder of graphrec's sources.
    """
    digest = hashlib.sha256()
    for file in sorted(sources_of(*modules, package=package)):
        digest.update(f"{file.relative_to(package).as_posix()} ".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def sources_of(*modules: str, package: Path = PACKAGE) -> set[Path]:
    """Find the source files of modules and of everything in the package that they import.

    Parameters
    ----------
    modules : str
    package : Path

    Raises
    ------
    ModuleNotFoundError
        Naming a module that does not exist: a key that silently leaves code out would be taken for a true one.
    """
    waiting, found = [], set()
    for module in modules:
        file = _file(package, module)
        if file is None:
            raise ModuleNotFoundError(f"{module} is no module of {package}; name one that is")
        waiting.append(file)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imported(file, package)
    return {file for file in found if package / "config" not in file.parents}


def _imported(file: Path, package: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            source = _file(package, name)
            if source is not None:
                yield source


def _file(package: Path, module: str) -> Path | None:
    head, *below = module.split(".")
    place = package.joinpath(*below)
    if head != "graphrec":
        return None
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)

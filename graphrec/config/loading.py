"""A YAML file and overrides -> Config."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from graphrec.config.settings import Config
from graphrec.errors import ConfigError, first_line

_PATHS = (("events", "path"), ("catalogue", "path"), ("catalogue", "tree"), ("store", "path"), ("engine", "scratch"))
"""Settings that are paths, taken from the folder of the file."""


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read a YAML file that holds only what differs from the defaults.

    `${NAME}` and `${NAME:-default}` in a text are replaced from the environment. A relative path
    is taken from the folder of the file; one given as an override, from the working directory.

    Parameters
    ----------
    path : str or Path
        The YAML file.
    overrides : sequence of str
        `section.name=value` settings that win over the file.

    Raises
    ------
    ConfigError
        When the file cannot be read, or a setting does not exist or has a wrong value.
    """
    path = Path(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ConfigError(f"cannot read config {path}: {error.strerror}; give the path of a YAML file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"config {path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"config {path} must hold sections such as 'events:', not a {type(raw).__name__}")
    raw = _expand_environment(raw, path)
    for section, name in _PATHS:
        table = raw.get(section)
        if isinstance(table, dict) and isinstance(table.get(name), str):
            table[name] = str(path.parent / table[name])
    for override in overrides:
        _apply_override(raw, override)
    return parse_config(raw, str(path))


def parse_config(raw: dict[str, Any], origin: str) -> Config:
    """Check a plain dictionary of settings; `origin` names it in errors."""
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"]) or "(top level)"
        if problem["type"] == "extra_forbidden":
            raise ConfigError(f"{origin}: setting '{where}' does not exist{_known(where)}") from None
        if problem["type"] == "string_type" and isinstance(problem["input"], int | float):
            said = f"{problem['input']!r} is a {type(problem['input']).__name__} to YAML, and a text is asked for"
            raise ConfigError(
                f"{origin}: setting '{where}': {said}; put it in quotes as it stands in the data"
            ) from None
        raise ConfigError(f"{origin}: setting '{where}': {first_line(ValueError(problem['msg']))}") from None


def _known(where: str) -> str:
    """List the settings beside one that does not exist."""
    section: Any = Config
    for part in where.split(".")[:-1]:
        field = getattr(section, "model_fields", {}).get(part)
        section = field.annotation if field is not None else None
    names = sorted(getattr(section, "model_fields", {}))
    return f"; there are {', '.join(names)}" if names else ""


def _apply_override(raw: dict[str, Any], override: str) -> None:
    """Write one `section.name=value` into the raw settings."""
    name, equals, text = override.partition("=")
    if not equals or not name.strip():
        raise ConfigError(f"--set {override!r} is not of the form section.name=value")
    *sections, last = name.strip().split(".")
    place = raw
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise ConfigError(f"--set {override!r}: '{section}' is a value, not a section")
    try:
        place[last] = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {override!r}: the value is not YAML; quote it") from None


_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def _expand_environment(value: Any, path: Path) -> Any:  # noqa: ANN401 - walks whatever YAML holds
    """Replace `${NAME}` and `${NAME:-default}` in every text of a YAML tree."""
    if isinstance(value, dict):
        return {key: _expand_environment(inner, path) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expand_environment(inner, path) for inner in value]
    if not isinstance(value, str):
        return value

    def replace(found: re.Match[str]) -> str:
        name, default = found.group(1), found.group(2)
        text = os.environ.get(name, default)
        if text is None:
            raise ConfigError(f"{path} uses ${{{name}}}, which is not set in the environment; export {name}=...")
        return text

    return _VARIABLE.sub(replace, value)

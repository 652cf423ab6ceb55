"""Write docs/reference.md, every setting with its default and meaning, from the classes of graphrec.config.

python scripts/write_reference.py              writes it
python scripts/write_reference.py --check      exit code 1 where the file says something else

Meanings are the docstrings beside the settings: to correct one, correct it there.
"""

from __future__ import annotations

import argparse
import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from graphrec.config import Config
from graphrec.config.section import Section

ROOT = Path(__file__).parents[1]
INTRODUCTION = """# Settings

Every setting with its default. A configuration holds only what differs from them.
`--set section.name=value` wins over the file: `graphrec fit shop.yaml --set lists.min_types=1`.

This page is written by `python scripts/write_reference.py` from [`graphrec/config`](../graphrec/config).
"""
WORDS = {int: "whole number", float: "number", str: "text", bool: "true or false", type(None): "null", Any: "anything"}
BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


def sections(name: str, section: type[Section]) -> Iterator[tuple[str, type[Section]]]:
    """Walk a section and those inside of it, each with its name in YAML."""
    yield name, section
    for field, info in section.model_fields.items():
        inner = section_of(info.annotation)
        if inner is not None:
            yield from sections(f"{name}.{field}".lstrip("."), inner)


def section_of(annotation: object) -> type[Section] | None:
    """Find the section that a setting holds, itself or as a list; None of a plain value."""
    parts = [annotation, *get_args(annotation)]
    return next((part for part in parts if isinstance(part, type) and issubclass(part, Section)), None)


def kind(annotation: object) -> str:
    """Say in words what a setting may be."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin is Annotated:
        return " ".join([kind(parts[0]), *bounds(parts[1:])])
    if origin in (Union, types.UnionType):
        return " or ".join(kind(part) for part in parts)
    if origin is dict:
        return f"mapping of {kind(parts[0])} to {kind(parts[1])}"
    if origin is tuple and parts[-1] is not Ellipsis:
        return " and ".join(kind(part) for part in parts)
    if origin in (list, tuple):
        return f"list of {kind(parts[0])}"
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "mappings, see below"
    return WORDS.get(annotation, getattr(annotation, "__name__", str(annotation)))  # type: ignore[call-overload]


def bounds(metadata: object) -> list[str]:
    """Tell the limits of a number, as pydantic keeps them."""
    found: list[str] = []
    for limit in metadata if isinstance(metadata, list | tuple) else [metadata]:
        found += bounds(limit.metadata) if isinstance(limit, FieldInfo) else []
        found += [f"{sign} {getattr(limit, name):g}" for name, sign in BOUNDS.items() if hasattr(limit, name)]
    return found


def default(section: type[Section], name: str) -> str:
    """Write a default as YAML has it."""
    info = section.model_fields[name]
    if info.is_required():
        return "must be given"
    value = section.model_construct().model_dump(mode="json", include={name})[name]
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def settings_table(section: type[Section]) -> list[str]:
    """Lay out the settings of a section that are no sections of their own."""
    rows = []
    for name, info in section.model_fields.items():
        inner = section_of(info.annotation)
        if inner is info.annotation:
            continue
        allowed = ", ".join([kind(info.annotation), *bounds(info.metadata)])
        meaning = " ".join((info.description or "").split())
        cells = [f"`{name}`", default(section, name), allowed, meaning]
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return ["| setting | default | may be | meaning |", "|---|---|---|---|", *rows, ""] if rows else []


def reference() -> str:
    """Write the whole page."""
    lines = [INTRODUCTION]
    for name, section in sections("", Config):
        title = name or "at the top of the file"
        lines += [f"## {title}", "", (section.__doc__ or "").strip().partition("\n")[0], "", *settings_table(section)]
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--file", type=Path, default=ROOT / "docs" / "reference.md")
    parser.add_argument("--check", action="store_true", help="write nothing, and say whether the file is up to date")
    args = parser.parse_args()
    text = reference()
    if args.check:
        same = args.file.is_file() and args.file.read_text(encoding="utf-8") == text
        if not same:
            print(f"{args.file} is not what graphrec.config says; run scripts/write_reference.py", file=sys.stderr)
        return int(not same)
    args.file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

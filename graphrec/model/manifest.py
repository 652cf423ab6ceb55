"""The manifest of a model directory: what its files are, a digest of its own, and who vouches for it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphrec.errors import ModelError

FORMAT = 7
"""Rises when older versions can no longer read what is written."""
MANIFEST = "manifest.json"
_SEAL = re.compile(rb',\n "digest": "([0-9a-f]{64})",\n "signature": "([0-9a-f]{64}|)"\n\}\n\Z')
"""What closes a manifest; both are of the bytes before it."""
_FEWEST = 16
"""Bytes of a key: fewer can be guessed."""


@dataclass(frozen=True)
class ModelFiles:
    """The files of a model directory that its manifest lists: nothing else is read.

    Parameters
    ----------
    folder : Path
        Where they are read.
    manifest : mapping
    """

    folder: Path
    manifest: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        return name in self.manifest["files"]

    def __getitem__(self, name: str) -> Path:
        if name not in self:
            raise ModelError(f"the manifest does not list {name}, which this model needs; fit the model again")
        return self.folder / name

    def unknown(self) -> list[str]:
        """Name the files that the manifest does not list."""
        return sorted(file.name for file in self.folder.iterdir() if file.name not in self and file.name != MANIFEST)


def read_key(file: Path) -> bytes:
    """Read what models are signed with, and checked by.

    Raises
    ------
    ModelError
        When it cannot be read, or is too short.
    """
    try:
        key = file.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read the key {file}: {error.strerror}; give a file of {_FEWEST} bytes") from None
    if len(key) < _FEWEST:
        raise ModelError(f"the key {file} has {len(key)} bytes, and {_FEWEST} are the fewest; see: openssl rand 32")
    return key


def write_manifest(folder: Path, facts: Mapping[str, Any], key: bytes | None = None) -> None:
    """Write the manifest of all files of a folder.

    Parameters
    ----------
    folder : Path
    facts : mapping
        What else it says.
    key : bytes, optional
        Signs it (HMAC, SHA-256).
    """
    files = {file.name: _stamp(file) for file in sorted(folder.iterdir()) if file.name != MANIFEST}
    text = json.dumps({"format": FORMAT, **facts, "files": files}, indent=1, ensure_ascii=False)
    body = text.removesuffix("\n}").encode()
    signature = "" if key is None else _signature(body, key)
    seal = f',\n "digest": "{hashlib.sha256(body).hexdigest()}",\n "signature": "{signature}"\n}}\n'
    (folder / MANIFEST).write_bytes(body + seal.encode())


def read_manifest(folder: Path, name: Path, key: bytes | None = None) -> ModelFiles:
    """Read the manifest of a model directory, and check itself and every file that it lists.

    Parameters
    ----------
    folder : Path
    name : Path
        What the folder is called in errors.
    key : bytes, optional
        It must have been signed with.

    Raises
    ------
    ModelError
        When it is missing, damaged, of another format, or not signed with the key.
    """
    file = folder / MANIFEST
    if not file.is_file():
        raise ModelError(f"{name} is no model directory (it has no {MANIFEST}); give what 'graphrec fit --out' wrote")
    content = file.read_bytes()
    manifest = _parsed(content, name)
    _check_seal(content, name, key)
    files = ModelFiles(folder, manifest)
    for listed, stamp in manifest["files"].items():
        if Path(listed).name != listed or not (folder / listed).is_file():
            raise ModelError(f"{name}: file {listed} of the manifest is missing; fit the model again or copy it whole")
        if _stamp(folder / listed) != stamp:
            raise ModelError(
                f"{name / listed} is not what the manifest says (sha256); fit the model again or copy it whole"
            )
    return files


def _parsed(content: bytes, name: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ModelError(f"{name / MANIFEST} is not JSON; fit the model again or copy it whole") from None
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or found != FORMAT:
        raise ModelError(f"{name} has model format {found}, this graphrec reads {FORMAT}; fit the model again")
    if not isinstance(manifest.get("files"), dict):
        raise ModelError(f"{name / MANIFEST} lists no files; fit the model again or copy it whole")
    return manifest


def _check_seal(content: bytes, name: Path, key: bytes | None) -> None:
    seal = _SEAL.search(content)
    if seal is None or hashlib.sha256(content[: seal.start()]).hexdigest().encode() != seal[1]:
        raise ModelError(
            f"{name / MANIFEST} is not what was written (its digest differs); fit the model again or copy it whole"
        )
    if key is None:
        return
    if not seal[2]:
        raise ModelError(f"{name} is not signed; fit it with --sign KEY, or leave --verify out if you trust its origin")
    if not hmac.compare_digest(seal[2].decode(), _signature(content[: seal.start()], key)):
        raise ModelError(f"{name} was signed with another key, or changed since; take it from where it was fitted")


def _signature(body: bytes, key: bytes) -> str:
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def _stamp(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        return {"sha256": hashlib.file_digest(stream, "sha256").hexdigest(), "bytes": file.stat().st_size}

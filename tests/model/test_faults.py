"""A model directory that is written, read, filled up, flipped or crafted while nobody looks."""

import dataclasses
import errno
import json
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graphrec import Recommender
from graphrec.errors import GraphrecWarning, ModelError
from graphrec.model.directory import require_place
from graphrec.model.manifest import read_manifest, write_manifest


@pytest.fixture(scope="module")
def saved(recommender, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "shop"
    recommender.save(path)
    return path


@pytest.fixture
def copied(saved, tmp_path) -> Path:
    return shutil.copytree(saved, tmp_path / "model")


@pytest.fixture
def key(tmp_path) -> Path:
    (tmp_path / "key").write_bytes(bytes(range(32)))
    return tmp_path / "key"


def sealed(path: Path, key: bytes | None = None) -> None:
    """Let a manifest list what a folder holds now, as if it had been written so."""
    manifest = json.loads((path / "manifest.json").read_text())
    own = ("format", "files", "digest", "signature")
    write_manifest(path, {name: fact for name, fact in manifest.items() if name not in own}, key)


def test_files_are_for_all_whom_the_umask_lets_read(saved):
    assert {file.stat().st_mode & 0o777 for file in saved.iterdir()} == {0o666 & ~current_umask()}


def current_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_what_the_manifest_does_not_list_is_not_read_but_named(copied, recommender):
    pd.DataFrame({"row": [1], "reason": ["forged"], "text": [""]}).to_parquet(copied / "rejected.parquet")
    with pytest.warns(GraphrecWarning, match=r"does not list, and they are not read: rejected\.parquet"):
        loaded = Recommender.load(copied)
    assert not len(loaded.model.rejected)
    (copied / "rejected.parquet").unlink()
    ranker = copied / "ranker.safetensors"
    ranker.rename(copied.parent / "aside")
    sealed(copied)
    shutil.move(copied.parent / "aside", ranker)
    with pytest.raises(ModelError, match=r"does not list ranker\.safetensors"):
        Recommender.load(copied)


def test_no_bit_of_a_manifest_can_be_flipped(copied):
    file = copied / "manifest.json"
    whole = file.read_bytes()
    read_manifest(copied, copied)
    generator = np.random.default_rng(0)
    signature = whole.rindex(b'"signature"')
    for place, bit in zip(generator.integers(0, signature, 300), generator.integers(0, 8, 300), strict=True):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
        with pytest.raises(ModelError) as told:
            read_manifest(copied, copied)
        assert len(str(told.value).splitlines()) == 1


def test_a_signed_model_is_told_from_any_other(copied, key, tmp_path):
    (tmp_path / "other").write_bytes(bytes(32))
    with pytest.raises(ModelError, match="is not signed"):
        Recommender.load(copied, verify=key)
    sealed(copied, key.read_bytes())
    Recommender.load(copied, verify=key)
    read_manifest(copied, copied)
    with pytest.raises(ModelError, match="another key"):
        Recommender.load(copied, verify=tmp_path / "other")
    (copied / "card.md").write_text("better than it is")
    sealed(copied, (tmp_path / "other").read_bytes())
    with pytest.raises(ModelError, match="another key"):
        Recommender.load(copied, verify=key)


def test_a_recommender_is_saved_with_a_signature(recommender, key, tmp_path):
    recommender.save(tmp_path / "model", sign=key)
    read_manifest(tmp_path / "model", tmp_path / "model", key.read_bytes())


def test_a_key_that_is_none_is_told(copied, tmp_path):
    with pytest.raises(ModelError, match="cannot read the key"):
        Recommender.load(copied, verify=tmp_path / "nowhere")
    (tmp_path / "short").write_text("secret")
    with pytest.raises(ModelError, match="has 6 bytes, and 16 are the fewest"):
        Recommender.load(copied, verify=tmp_path / "short")


def test_crafted_files_with_right_hashes_are_refused(copied):
    for name, place in (("similar.ann", -100), ("similar.ann", 0)):
        file = copied / name
        whole = file.read_bytes()
        nodes = np.frombuffer(whole, dtype="<i4").copy()
        nodes[place:][:50] = 1 << 28
        file.write_bytes(nodes.tobytes())
        sealed(copied)
        with pytest.raises(ModelError, match=r"does not hold together .*similar\.ann"):
            Recommender.load(copied)
        file.write_bytes(whole)


@pytest.mark.parametrize("exchanges", [True, False])
def test_who_loads_while_others_save_reads_one_model(recommender, tmp_path, monkeypatch, exchanges):
    if not exchanges:
        monkeypatch.setattr("graphrec.compute.writing.exchange", lambda one, other: False)
    model = recommender.model
    complements = dataclasses.replace(model.complements, anyone=2 * model.complements.anyone)
    twice = dataclasses.replace(model, complements=complements, fingerprint="twice")
    writers = [Recommender(model), Recommender(twice)]
    writers[0].save(tmp_path / "model")
    failed: list[BaseException] = []

    def save() -> None:
        try:
            for number in range(1, 9):
                writers[number % 2].save(tmp_path / "model")
        except BaseException as error:
            failed.append(error)
            raise

    writer = threading.Thread(target=save)
    writer.start()
    loads = 0
    while writer.is_alive() or not loads:
        found = Recommender.load(tmp_path / "model").model
        expected = twice if found.fingerprint == "twice" else model
        np.testing.assert_array_equal(found.complements.anyone, expected.complements.anyone)
        loads += 1
    writer.join()
    assert not failed
    recommender.save(tmp_path / "model")
    assert [folder.name for folder in tmp_path.iterdir()] == ["model"]


def test_where_a_disk_is_full_the_fit_is_kept_elsewhere(recommender, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    full, fsync = tmp_path / "full", os.fsync
    full.mkdir()
    inside = []

    def limited(descriptor: int) -> None:
        here = os.fstat(descriptor)
        if any(os.path.samestat(here, file.stat()) for file in full.rglob("*")):
            inside.append(descriptor)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr("os.fsync", limited)
    with pytest.raises(ModelError, match=r"cannot write .*: No space left on device; the model is kept in ") as told:
        recommender.save(full / "model")
    assert inside
    assert not list(full.iterdir())
    kept = Path(str(told.value).partition("is kept in ")[2].partition(":")[0])
    assert kept.parent == tmp_path / "elsewhere"
    assert Recommender.load(kept).model.fingerprint == recommender.model.fingerprint


def test_a_place_that_cannot_be_written_to_is_told_before_a_fit(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="cannot write"):
        require_place(tmp_path / "file" / "model")
    require_place(tmp_path / "new" / "model")
    assert not list((tmp_path / "new").iterdir())

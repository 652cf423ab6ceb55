"""What is written stands whole in its place or not at all, whoever else writes or reads, and however a run ends."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from graphrec.compute.locks import lock_file, use_folder
from graphrec.compute.workspaces import SCRATCH, Workspace, scratch_workspace
from graphrec.compute.writing import recover_folder, write_text, written_file, written_folder


def save(folder: Path, text: str) -> None:
    with written_folder(folder) as draft:
        (draft / "one.txt").write_text(text)
        (draft / "two.txt").write_text(text)


def killed(code: str, *arguments: object) -> None:
    """Run code in a process that ends without a word in the middle of it."""
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=False)
    assert done.returncode == 9


def test_the_last_of_many_writers_wins_whole(tmp_path):
    texts = [f"{number}\n" * 50_000 for number in range(8)]
    writers = [threading.Thread(target=write_text, args=(tmp_path / "lists.csv", text)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (tmp_path / "lists.csv").read_text() in texts
    assert [file.name for file in tmp_path.iterdir()] == ["lists.csv"]


def test_a_writer_that_fails_leaves_the_old_file(tmp_path):
    write_text(tmp_path / "lists.csv", "old")
    with pytest.raises(ZeroDivisionError), written_file(tmp_path / "lists.csv") as draft:
        draft.write_text("new")
        _ = 1 / 0
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"lists.csv": "old"}


@pytest.mark.parametrize("exchanges", [True, False])
def test_a_folder_takes_the_place_of_another(tmp_path, monkeypatch, exchanges):
    if not exchanges:
        monkeypatch.setattr("graphrec.compute.writing.exchange", lambda one, other: False)
    for text in ("first", "second", "third"):
        save(tmp_path / "model", text)
        assert {file.read_text() for file in (tmp_path / "model").iterdir()} == {text}
    assert [folder.name for folder in tmp_path.iterdir()] == ["model"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "current").symlink_to("v1")
    save(tmp_path / "v1", "old")
    save(tmp_path / "current", "new")
    assert (tmp_path / "current").is_symlink()
    assert (tmp_path / "v1" / "one.txt").read_text() == "new"


def test_a_folder_is_there_at_every_moment(tmp_path):
    save(tmp_path / "model", "0")
    done = threading.Event()
    missed: list[int] = []

    def look() -> None:
        while not done.is_set():
            if not (tmp_path / "model" / "one.txt").exists():
                missed.append(1)

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(100):
        save(tmp_path / "model", str(number))
    done.set()
    reader.join()
    assert not missed


def test_what_a_run_was_killed_while_replacing_is_put_in_its_place(tmp_path):
    """Where names cannot be exchanged, a run may end when the old folder is gone and the new one not there yet."""
    save(tmp_path / "model", "old")
    code = """
import os, sys
from pathlib import Path
import graphrec.compute.writing as writing
writing.exchange = lambda one, other: False
rename = Path.rename
Path.rename = lambda self, place: rename(self, place) if self.name == "model" or place.exists() else os._exit(9)
with writing.written_folder(Path(sys.argv[1])) as draft:
    (draft / "one.txt").write_text("new")
"""
    killed(code, tmp_path / "model")
    assert not (tmp_path / "model").exists()
    assert recover_folder(tmp_path / "model")
    assert (tmp_path / "model" / "one.txt").read_text() == "new"
    save(tmp_path / "model", "next")
    assert [folder.name for folder in tmp_path.iterdir()] == ["model"]


def test_drafts_and_scratch_of_killed_runs_go_and_those_of_living_ones_stay(tmp_path):
    code = """
import os, sys
from pathlib import Path
from graphrec.compute.workspaces import scratch_workspace
from graphrec.compute.writing import written_file
with scratch_workspace(sys.argv[1]) as work, written_file(Path(sys.argv[1]) / "lists.csv") as draft:
    (work.path / "spilled").write_text("much")
    draft.write_text("half")
    os._exit(9)
"""
    killed(code, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    with scratch_workspace(str(tmp_path)) as living, scratch_workspace(str(tmp_path)) as next_one:
        assert living.path.is_dir() and living.path != next_one.path
        write_text(tmp_path / "lists.csv", "whole")
        assert set(tmp_path.iterdir()) == {living.path, next_one.path, tmp_path / "lists.csv"}
    assert [file.name for file in tmp_path.iterdir()] == ["lists.csv"]


def test_scratch_is_for_us_alone(tmp_path):
    with scratch_workspace(str(tmp_path)) as work:
        assert work.path.stat().st_mode & 0o077 == 0


def test_what_is_read_is_left_to_the_next_run(tmp_path):
    save(tmp_path / "model", "old")
    reader = use_folder(tmp_path / "model")
    place = reader.folder
    save(tmp_path / "model", "new")
    if place is not None:
        assert (place / "one.txt").read_text() == "old"
    assert not reader.is_of(tmp_path / "model")
    assert len(list(tmp_path.iterdir())) == 2
    reader.release()
    save(tmp_path / "model", "newer")
    assert [folder.name for folder in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(("umask", "file_mode", "folder_mode"), [(0o022, 0o644, 0o755), (0o007, 0o660, 0o770)])
def test_permissions_are_as_the_umask_says(tmp_path, umask, file_mode, folder_mode):
    before = os.umask(umask)
    try:
        with written_folder(tmp_path / "model") as draft:
            (draft / "secret").touch(mode=0o600)
    finally:
        os.umask(before)
    assert (tmp_path / "model").stat().st_mode & 0o777 == folder_mode
    assert (tmp_path / "model" / "secret").stat().st_mode & 0o777 == file_mode


def test_what_cannot_be_brought_to_the_disk_is_not_put_in_its_place(tmp_path, monkeypatch):
    save(tmp_path / "model", "old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path / "model", "new")
    assert (tmp_path / "model" / "one.txt").read_text() == "old"
    assert [folder.name for folder in tmp_path.iterdir()] == ["model"]


def test_names_as_long_as_a_disk_takes(tmp_path):
    name = "ж" * 100 + ".csv"
    write_text(tmp_path / name, "whole")
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_file_has_one_writer(tmp_path):
    first = lock_file(tmp_path / "lock", wait=False)
    assert lock_file(tmp_path / "lock", wait=False) is None
    first.release()
    assert lock_file(tmp_path / "lock", wait=False) is not None


def test_a_workspace_goes_with_its_object(tmp_path):
    work = Workspace(tmp_path, "log", SCRATCH)
    assert work.path.is_dir()
    del work
    assert not list(tmp_path.iterdir())

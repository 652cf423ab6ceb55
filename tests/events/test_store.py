"""The cleaned log is used again while nothing changed, made anew when something did, and added to."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from graphrec.compute.locks import lock_file
from graphrec.config import ShopConfig, parse_config
from graphrec.errors import EventsError
from graphrec.events import load_events
from graphrec.events.shop import generate_shop


@pytest.fixture
def folder(tmp_path):
    for number, day in enumerate(generate_shop(ShopConfig(events=900, days=3, seed=4)).days()):
        day.to_pandas().to_csv(tmp_path / f"day-{number}.csv", index=False)
    return tmp_path


def load(folder, **sections):
    raw = {"events": {"reader": "rees46", "path": str(folder / "day-*.csv")}, "store": {"path": str(folder / "store")}}
    return load_events(parse_config(raw | sections, "test"))


def stamp(events):
    return [file.stat().st_mtime_ns for file in events.log.event_files]


def test_unchanged_files_are_not_read_again(folder):
    first = load(folder)
    again = load(folder)
    assert stamp(first) == stamp(again)
    assert again.fingerprint() == first.fingerprint()
    assert again.counts == first.counts


def test_a_changed_file_or_setting_rebuilds(folder):
    before = load(folder)
    file = folder / "day-1.csv"
    file.write_text("\n".join(file.read_text().splitlines()[:-1]) + "\n")
    after = load(folder)
    assert after.counts.read == before.counts.read - 1
    assert len(after.log.batches) == 1
    path = str(folder / "day-*.csv")
    capped = load(folder, events={"reader": "rees46", "path": path, "max_session_events": 2})
    assert capped.counts.used < after.counts.used


def test_what_older_code_cleaned_is_cleaned_anew(folder, monkeypatch):
    first = stamp(load(folder))
    monkeypatch.setattr("graphrec.events.store.code_of", lambda module: f"{module}, improved")
    again = stamp(load(folder))
    assert first != again
    assert stamp(load(folder)) == again


def test_a_missing_file_rebuilds(folder):
    before = load(folder)
    (folder / "day-2.csv").unlink()
    assert load(folder).counts.read < before.counts.read


def test_new_files_are_added_and_old_codes_stay(folder):
    shutil.move(folder / "day-2.csv", folder / "later")
    before = load(folder)
    shutil.move(folder / "later", folder / "day-2.csv")
    after = load(folder)
    assert len(after.log.batches) == 2
    old = before.catalogue.items
    assert list(after.catalogue.items[: len(old)]) == list(old)
    assert after.counts.used == 900


def test_without_a_store_nothing_is_left_behind(folder, monkeypatch):
    scratch = folder / "scratch"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    events = load(folder, store={}, engine={"scratch": str(scratch)})
    assert len(events) == 900
    assert list(scratch.iterdir())
    del events
    assert not list(scratch.iterdir())
    assert not (folder / "cache").exists()


def test_a_large_log_is_kept_in_the_cache_folder(folder, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    events = load(folder, store={"keep_above_mb": 0})
    assert (folder / "cache" / "graphrec") in events.log.folder.parents
    assert stamp(load(folder, store={"keep_above_mb": 0})) == stamp(events)


def test_a_folder_of_other_things_is_not_touched(folder):
    (folder / "store").mkdir()
    (folder / "store" / "holiday.txt").write_text("dear")
    with pytest.raises(EventsError, match="holds other files"):
        load(folder)
    assert (folder / "store" / "holiday.txt").read_text() == "dear"


def test_a_half_written_store_is_never_seen(folder, monkeypatch):
    load(folder)
    kept = sorted((folder / "store").iterdir())
    (folder / "day-3.csv").write_text("event_time,event_type\nx,y\n")
    with pytest.raises(EventsError):
        load(folder)
    assert sorted((folder / "store").iterdir()) == kept


def generations(folder):
    return [place for place in (folder / "store").iterdir() if place.is_dir()]


def test_who_reads_beside_a_writer_keeps_theirs(folder):
    before = load(folder)
    items = before.log.items()
    file = folder / "day-1.csv"
    file.write_text("\n".join(file.read_text().splitlines()[:-200]) + "\n")
    after = load(folder)
    assert after.counts.read < before.counts.read
    assert before.log.items().equals(items)
    assert len(generations(folder)) == 2
    del before
    (folder / "day-2.csv").unlink()
    assert load(folder).counts.read < after.counts.read
    assert len(generations(folder)) == 2, "of the one that nobody reads nothing is left"


def test_one_writes_and_the_other_waits_and_takes_up_what_was_written(folder):
    made = []
    runs = [threading.Thread(target=lambda: made.append(load(folder))) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len({tuple(stamp(events)) for events in made}) == 1
    assert len(generations(folder)) == 1


def test_who_writes_holds_others_off(folder):
    load(folder)
    (folder / "day-2.csv").unlink()
    writer = lock_file(folder / "store" / "lock", wait=False)
    made = []
    other = threading.Thread(target=lambda: made.append(load(folder)))
    other.start()
    other.join(timeout=1)
    assert other.is_alive() and not made
    writer.release()
    other.join()
    assert made[0].counts.read < 900


@pytest.mark.parametrize("arrives", [False, True], ids=["at first", "adding a day"])
def test_after_a_killed_run_the_next_one_is_right(folder, arrives):
    if arrives:
        shutil.move(folder / "day-2.csv", folder / "later")
        load(folder)
        shutil.move(folder / "later", folder / "day-2.csv")
    code = """
import os, sys
import graphrec.events.store as store
from pathlib import Path
from tests.events.test_store import load
clean = store.clean_batch
def killed(*arguments):
    clean(*arguments)
    os._exit(9)
store.clean_batch = killed
load(Path(sys.argv[1]))
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, folder], cwd=root, capture_output=True, check=False)
    assert done.returncode == 9
    events = load(folder)
    assert events.counts.used == 900
    names = {"lock", "store.json", events.log.folder.name}
    assert {place.name for place in (folder / "store").iterdir()} == names
    assert {place.name for place in events.log.folder.iterdir()} == {batch.folder for batch in events.log.batches}

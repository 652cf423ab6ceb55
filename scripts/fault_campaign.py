"""Kill, flip, fill, limit and race: what was tried on what graphrec writes, and what was lost.

python scripts/fault_campaign.py                              all of it: an hour on two cores
python scripts/fault_campaign.py flip race --saves 50         two parts, the second shorter
python scripts/fault_campaign.py kill --kills 3 --events 3000

kill    fit, export, embed, evaluate and the adding of a day, ended by SIGKILL at random moments: what stands under a
        final name is whole, and the next run gives what one that nobody disturbed gives
flip    one bit of a model's files: loading refuses it, or the answers are the same; and files of Annoy with wrong
        words and right hashes: refused, or searched to the end
fill    a disk without room (root on Linux; else a limit of file sizes): one line, exit code 2, nothing half-written,
        and of a fit it is said where the model is kept
memory  engine.memory_limit while a log is cleaned and its pairs are counted; beside it stands what Python holds
race    two exports to one file, two fits on one store, loads while a model is saved again and again

Prints a line for each; exit code 1 where anything was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from fault_place import Place, Told, content_of, whole_board, whole_model, whole_table

from graphrec import GraphrecError, ModelError, Recommender, load_config, load_events
from graphrec.model.directory import load_model
from graphrec.model.manifest import write_manifest

BESIDE = 0.3
"""GiB that may stand beside DuckDB's memory: the graph, the catalogue, and what reads the file."""


@dataclass(frozen=True)
class Trial:
    """A command that is killed: what makes its input anew, what must be whole then, and what a whole run gives."""

    command: Sequence[object]
    check: Callable[[], str | None]
    result: Callable[[], Mapping[str, str]]
    before: Callable[[], None] = lambda: None


def killed(place: Place, kills: int, chance: random.Random) -> Iterator[Told]:
    """End commands at random moments."""
    store = place.configured("store.yaml", {"store": {"path": "store", "daily": True}})
    folder, model = place.folder, place.fitted()
    lists, vectors, products, daily = (folder / name for name in ("l.parquet", "v.parquet", "new.csv", "daily"))
    catalogue = load_model(model).catalogue.frame.head(20)
    catalogue.assign(item="new-" + catalogue["item"]).to_csv(products, index=False)
    last, later, again = folder / "days" / "day-2.csv", folder / "later.csv", folder / "again"

    def arriving() -> None:
        shutil.rmtree(folder / "store", ignore_errors=True)
        last.rename(later)
        load_events(load_config(store))
        later.rename(last)

    def board() -> dict[str, str]:
        frame = pd.read_csv(folder / "eval" / "leaderboard.csv")
        return {"leaderboard": frame.filter(regex="ndcg|hit|recall").to_json()}

    def added() -> dict[str, str]:
        return {"events": load_events(load_config(store)).fingerprint(), **content_of(daily)}

    evaluate = ("evaluate", "shop.yaml", "--models", "graphrec,count", "--out", "eval", "--again")
    trials = {
        "fit": Trial(("fit", "shop.yaml", "--out", again), lambda: whole_model(again), lambda: content_of(again)),
        "export": Trial(("export", model, "--out", lists), lambda: whole_table(lists), lambda: content_of(lists)),
        "embed": Trial(
            ("embed", model, products, "--out", vectors), lambda: whole_table(vectors), lambda: content_of(vectors)
        ),
        "a daily add": Trial(("fit", store, "--out", daily), lambda: whole_model(daily), added, arriving),
        "evaluate": Trial(evaluate, lambda: whole_board(folder / "eval"), board),
    }
    for name, trial in trials.items():
        yield Told(f"kill -9 in {name}", kills, lost_by(trial, place, kills, chance))


def lost_by(trial: Trial, place: Place, kills: int, chance: random.Random) -> list[str]:
    """Kill a command, look at what it leaves, and let it run to its end."""
    trial.before()
    seconds = place.ran(*trial.command)
    undisturbed, lost = trial.result(), []
    for _ in range(kills):
        trial.before()
        process = place.run(*trial.command)
        time.sleep(chance.uniform(0, seconds))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        wrong = trial.check()
        lost += [wrong] if wrong else []
    place.ran(*trial.command)
    if trial.result() != undisturbed:
        lost.append("the next run gave another result")
    left = (path for path in place.folder.rglob("*") if path.name.endswith((".draft", ".scratch")))
    return lost + [f"left behind: {path.name}" for path in left]


def flipped(place: Place, flips: int, chance: random.Random) -> Iterator[Told]:
    """Flip bits of a model's files, and craft files of Annoy."""
    model = place.fitted()
    answers = Recommender.load(model).recommend_all(5)
    copy, lost = place.folder / "flipped", []
    for _ in range(flips):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(model, copy)
        file = chance.choice([*copy.iterdir(), copy / "manifest.json"])
        content = bytearray(file.read_bytes())
        at = chance.randrange(len(content))
        content[at] ^= 1 << chance.randrange(8)
        file.write_bytes(content)
        try:
            if not Recommender.load(copy).recommend_all(5).equals(answers):
                lost.append(f"{file.name} byte {at}: other answers")
        except ModelError:
            continue
    yield Told("flip a bit of a model", flips, lost)
    facts = json.loads((model / "manifest.json").read_text())
    facts = {name: fact for name, fact in facts.items() if name not in ("format", "files", "digest", "signature")}
    lost = []
    for _ in range(flips):
        shutil.copy(model / "similar.ann", copy / "similar.ann")
        words = np.fromfile(copy / "similar.ann", dtype="<i4")
        places = [chance.randrange(len(words)) for _ in range(3)]
        words[places] = chance.choice([0, 1, -1, 7, 299, 300, 1 << 30, -(1 << 31)])
        words.tofile(copy / "similar.ann")
        if (process := os.fork()) == 0:
            os._exit(searched(model, copy, facts))
        status = os.waitpid(process, 0)[1]
        lost += [f"words {places}: ended with {status}"] if status else []
    yield Told("craft an Annoy file with a right hash", flips, lost)


def searched(model: Path, copy: Path, facts: dict[str, object]) -> int:
    """Load and ask a crafted model; 0 where it was refused or answered."""
    try:
        for file in model.iterdir():
            if file.name not in ("manifest.json", "similar.ann"):
                shutil.copy(file, copy)
        write_manifest(copy, facts)
        recommender = Recommender.load(copy)
        for item in recommender.items[:20]:
            recommender.similar_items(item)
    except ModelError:
        return 0
    except BaseException:
        return 1
    return 0


def filled(place: Place) -> Iterator[Told]:
    """Write where there is no room."""
    model = place.fitted()
    small = place.folder / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        for name, arguments in {
            "fit": ("fit", "shop.yaml", "--out", small / "model"),
            "export": ("export", model, "--out", small / "lists.csv"),
        }.items():
            process = place.run(*arguments)
            if not mounted:
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
            said = process.communicate()[1]
            last = said.strip().splitlines()[-1] if said.strip() else ""
            lost = []
            if process.returncode != 2 or "Traceback" in said or "cannot write" not in said:
                lost.append(f"exit code {process.returncode}: {last}")
            lost += [f"half-written: {path.name}" for path in small.iterdir()]
            if name == "fit" and mounted:
                kept = Path(last.partition("is kept in ")[2].partition(":")[0])
                wrong = "it is not kept" if kept == Path() or not kept.exists() else whole_model(kept)
                lost += [wrong] if wrong else []
            yield Told(f"no room for {name}" + ("" if mounted else " (limit of file sizes)"), 1, lost)
    finally:
        if mounted:
            subprocess.run(["umount", str(small)], check=False)


def raced(place: Place, saves: int) -> Iterator[Told]:
    """Let two do at once what one should do."""
    model, lists = place.fitted(), place.folder / "raced.csv"
    lost = []
    for _ in range(3):
        runs = [place.run("export", model, "--out", lists, "-k", k) for k in (5, 6)]
        lost += [said[-200:] for run in runs if (said := run.communicate()[1]) and run.returncode]
        lengths = pd.read_csv(lists)["rank"].groupby(pd.read_csv(lists, dtype=str)["item"]).max().unique()
        lost += [f"lists of {lengths}"] if len(lengths) != 1 else []
    yield Told("two exports to one file", 3, lost)
    both = place.configured("both.yaml", {"store": {"path": "both", "daily": True}})
    runs = [place.run("fit", both, "--out", f"both-{number}") for number in (1, 2)]
    lost = [said[-200:] for run in runs if (said := run.communicate()[1]) and run.returncode]
    contents = [set(content_of(place.folder / f"both-{number}").values()) for number in (1, 2)]
    lost += ["two fits on one store differ"] if contents[0] != contents[1] else []
    yield Told("two fits on one store", 1, lost)
    yield _loaded_during(place, model, saves)


def _loaded_during(place: Place, model: Path, saves: int) -> Told:
    """Load a model in one process while another saves two by turns."""
    code = """
import dataclasses, sys
from pathlib import Path
from graphrec import Recommender
recommender = Recommender.load(sys.argv[1])
complements = dataclasses.replace(recommender.model.complements, anyone=2 * recommender.model.complements.anyone)
twice = Recommender(dataclasses.replace(recommender.model, complements=complements, fingerprint="twice"))
for number in range(int(sys.argv[3])):
    (recommender, twice)[number % 2].save(sys.argv[2])
"""
    path = place.folder / "saved"
    shutil.copytree(model, path)
    once = load_model(model).complements.anyone
    saver = subprocess.Popen([sys.executable, "-c", code, str(model), str(path), str(saves)])
    loads, lost = 0, []
    while saver.poll() is None:
        try:
            found = load_model(path)
        except GraphrecError as error:
            lost.append(str(error))
            continue
        loads += 1
        factor = 2 if found.fingerprint == "twice" else 1
        if not np.array_equal(found.complements.anyone, factor * once):
            lost.append("two models in one")
    lost += [f"saving ended with {saver.returncode}"] if saver.returncode else []
    return Told(f"{loads:,} loads during saves", saves, lost)


def limited(place: Place, rows: int, limit: str) -> Iterator[Told]:
    """Clean a log and count its pairs within a memory limit, in a process of its own."""
    code = """
import sys
from graphrec.compute.memory import forget_peak, peak_gib
from graphrec.config import load_config
from graphrec.events import load_events
from graphrec.graph import build_graph
settings = ["engine.memory_limit=" + sys.argv[2], "store.path=" + sys.argv[1] + "/kept"]
config = load_config(sys.argv[1] + "/shop.yaml", settings)
forget_peak()
before = peak_gib()
build_graph(load_events(config), config.graph)
print(peak_gib() - before)
"""
    shop = place.folder / "large"
    place.ran("shop", shop, "--events", rows, "--items", max(2, rows // 100))
    done = subprocess.run([sys.executable, "-c", code, str(shop), limit], capture_output=True, text=True, check=False)
    if done.returncode:
        yield Told(f"memory_limit {limit}", rows, [done.stderr.strip()[-200:]])
        return
    peak, most = float(done.stdout), float(limit.removesuffix("MB")) * 1e6 / 2**30 + BESIDE
    lost = [f"{peak:.2f} GiB and not {most:.2f}"] if peak > most else []
    yield Told(f"memory_limit {limit}: {peak:.2f} GiB", rows, lost)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", help="kill, flip, fill, memory, race; default: all")
    parser.add_argument("--kills", type=int, default=50, help="for each command")
    parser.add_argument("--flips", type=int, default=300)
    parser.add_argument("--saves", type=int, default=1_000)
    parser.add_argument("--events", type=int, default=6_000, help="of the shop's log")
    parser.add_argument("--rows", type=int, default=2_000_000, help="of the log that is read within a memory limit")
    parser.add_argument("--limit", default="300MB", help="that limit")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    chance, lost = random.Random(args.seed), 0
    parts: dict[str, Callable[[Place], Iterator[Told]]] = {
        "flip": lambda place: flipped(place, args.flips, chance),
        "fill": filled,
        "race": lambda place: raced(place, args.saves),
        "memory": lambda place: limited(place, args.rows, args.limit),
        "kill": lambda place: killed(place, args.kills, chance),
    }
    unknown = sorted(set(args.parts) - set(parts))
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(parts)}")
    with tempfile.TemporaryDirectory() as folder:
        place = Place.made(Path(folder) / "shop", args.events)
        print(f"{'what was tried':<40} {'times':>6} {'lost':>5}")
        for name, part in parts.items():
            for told in part(place) if name in args.parts or not args.parts else ():
                print(f"{told.what:<40} {told.tried:>6,} {len(told.lost):>5,}", flush=True)
                for text in sorted(set(told.lost))[:3]:
                    print(f"    {text}", flush=True)
                lost += len(told.lost)
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())

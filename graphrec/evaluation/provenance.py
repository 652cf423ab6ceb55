"""What decides a contender's lists: the data, the questions, the settings, the seed and the code, as one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from graphrec.config import Config
from graphrec.evaluation.contenders import Contender, Materials
from graphrec.evaluation.exam import Exam

PACKAGE = Path(__file__).parents[1]
"""The source files of graphrec."""
_NEVER_DECIDE = {"store", "engine"}
_OURS_ALONE = {"graph", "encoder", "complements", "lists", "retrieval", "rerank", "training"}
"""Settings of graphrec's own models: a change of them leaves the lists of baselines as they are."""

_ASKING = tuple(
    f"evaluation/{name}.py" for name in ("by_session", "contenders", "exam", "experiment", "questions", "split")
)
"""Code of the evaluation that decides every list; all other code of it measures lists that are there."""
OF_BASELINES = (
    "engine.py",
    "events",
    "features",
    "graph",
    "evaluation/baselines",
    "evaluation/metrics.py",
    "evaluation/tuning.py",
    "evaluation/within_type.py",
    *_ASKING,
)
"""Files and folders whose code decides what baselines answer."""
AROUND_OURS = (
    "__main__.py",
    "card.py",
    "cli.py",
    "doctor",
    "evaluation",
    "model_directory.py",
    "peak_memory.py",
    "progress.py",
    "serving",
    "terminal.py",
)
"""Files and folders whose code does not decide what graphrec answers; of `evaluation`, `WITH_OURS` does."""
WITH_OURS = (
    "evaluation/ablations.py",
    "evaluation/baselines/ranking.py",
    "evaluation/baselines/reading.py",
    "evaluation/baselines/training_data.py",
    *_ASKING,
)


def run_key(materials: Materials, exam: Exam) -> str:
    """Hash the data, the questions and the version."""
    parts = [version("graphrec"), materials.split.train.fingerprint(), exam.fingerprint()]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def key_of(contender: Contender, run: str, config: Config, code: str) -> str:
    """Hash all that decides what a contender answers.

    Parameters
    ----------
    contender : Contender
    run : str
        As of `run_key`.
    config : Config
    code : str
        As of `code_of_ours` or `code_of_baselines`.
    """
    without = _NEVER_DECIDE | (_OURS_ALONE if contender.variant is None else set())
    config = config if contender.variant is None else contender.variant.config(config)
    settings = json.dumps(config.model_dump(mode="json", exclude=without), sort_keys=True)
    return hashlib.sha256(f"{run} {contender.key} {contender.seed} {settings} {code}".encode()).hexdigest()


def code_of_ours(package: Path = PACKAGE) -> str:
    """Hash the source files that decide what graphrec answers."""
    own = _files(package, [path.relative_to(package).as_posix() for path in package.iterdir()])
    around = _files(package, AROUND_OURS) - _files(package, WITH_OURS)
    return _hashed(package, own - around)


def code_of_baselines(package: Path = PACKAGE) -> str:
    """Hash the source files that decide what baselines answer."""
    return _hashed(package, _files(package, OF_BASELINES))


def code_of_measuring(package: Path = PACKAGE) -> str:
    """Hash the source files by which lists are measured and shown."""
    return _hashed(package, _files(package, ["evaluation", "lists"]))


def _files(package: Path, places: Sequence[str]) -> set[Path]:
    """List the source files of some folders, and those named one by one."""
    found = ([package / place] if place.endswith(".py") else (package / place).rglob("*.py") for place in places)
    return {path for some in found for path in some if path.is_file()}


def _hashed(package: Path, files: set[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(package).as_posix()} ".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()

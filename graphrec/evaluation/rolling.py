"""Rolling origin: several cuts of one log, each with a fit, questions and a board of its own; the last is the test.

::

    ------- fitted -------|- asked -|                        cut 1
    ------------ fitted ------------|- asked -|              cut 2
    ----------------- fitted -----------------|- asked -|    cut 3, the test

Tashman, "Out-of-sample tests of forecasting accuracy", International Journal of Forecasting 16, 2000.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pandas as pd
from ibis import _

from graphrec.baselines import BASELINES
from graphrec.compute.progress import Display, Prefixed, Silent
from graphrec.config import Config
from graphrec.errors import ConfigError, EventsError, GraphrecError
from graphrec.evaluation.cut_board import CutBoard, cut_board, read_cut_board, write_cut_board
from graphrec.evaluation.cuts_report import CutsReport, facts_of_cuts, write_cuts_report
from graphrec.evaluation.evaluate import Plan, make_plan, model_keys
from graphrec.evaluation.leaderboard import write_board
from graphrec.evaluation.mean_of_cuts import mean_of_cuts
from graphrec.evaluation.split import HeldOut, split_log, test_begin
from graphrec.events import Events, load_events


def write_cuts(
    config: Config,
    models: Sequence[str],
    seeds: int,
    cuts: int,
    folder: Path,
    title: str,
    display: Display | None = None,
    again: bool = False,
) -> CutsReport:
    """Evaluate several cuts, the oldest first, each into a folder `cut-N` of its own, and what they say together.

    Slow baselines, and the further seeds of graphrec, run on the last cut alone. A cut whose board is finished is
    taken up as it stands.

    Parameters
    ----------
    config : Config
        Whose split is the last cut.
    models : sequence of str
        Keys, or `all`, `fast`, `ablations`.
    seeds : int
        Fits of graphrec on the last cut, averaged.
    cuts : int
    folder : Path
        For `cut-N`, `cuts.csv`, `cuts.md` and `cuts.html`.
    title : str
    display : Display, optional
    again : bool
        Whether finished models and boards are made all the same.

    Raises
    ------
    ConfigError, EventsError, GraphrecError
        When a model does not exist, a cut cannot be made or asked about, or the folder cannot be written.
    """
    keys, display = model_keys(models), display or Silent()
    fast = [key for key in keys if key not in BASELINES or not BASELINES[key].slow]
    if not fast:
        raise ConfigError(f"slow models run on the last cut alone, and {', '.join(models)} names no others: add one")
    boards = []
    for number, held_out in enumerate(rolling_origin(load_events(config, display), config, cuts), start=1):
        last, told = number == cuts, Prefixed(display, f"cut {number} of {cuts}")
        try:
            split = split_log(config if last else _before_the_test(config), told, held_out)
            plan = make_plan(split, keys if last else fast, seeds if last else 1, told)
        except EventsError as error:
            raise EventsError(f"cut {number} of {cuts}: {error}, or ask for fewer --cuts") from None
        boards.append(_board(plan, folder / f"cut-{number}", f"{title}, cut {number} of {cuts}", told, again))
    with display.stage("mean of the cuts"):
        mean = mean_of_cuts(boards, config.evaluation.resamples, config.seed)
    report = CutsReport(title, facts_of_cuts(boards, mean, config.evaluation.resamples), mean)
    try:
        write_cuts_report(report, folder)
    except OSError as error:
        raise GraphrecError(f"cannot write {folder}: {error.strerror}; give another folder by --out") from None
    return report


def rolling_origin(whole: Events, config: Config, cuts: int) -> list[HeldOut]:
    """Find what each cut holds out, the oldest first; the last is the test, and the others are as long.

    By time, from the test's begin back; in a log without times by session number; of links other random parts.

    Parameters
    ----------
    whole : Events
    config : Config
    cuts : int

    Raises
    ------
    EventsError
        When there is not enough log for so many.
    """
    begin = test_begin(whole, config.split)
    if isinstance(begin, pd.Timestamp):
        starts = _starts_by_time(whole, begin, cuts)
    else:
        starts = _starts_by_session(whole, config, cuts)
    ends = [*starts[1:], None]
    return [HeldOut(start, end, cuts - 1 - n) for n, (start, end) in enumerate(zip(starts, ends, strict=True))]


def _starts_by_time(whole: Events, begin: pd.Timestamp, cuts: int) -> Sequence[pd.Timestamp | int]:
    first, last = (pd.Timestamp(moment) for moment in (whole.facts.first, whole.facts.last))  # type: ignore[arg-type]
    length = _end(whole, last) - begin
    starts = [begin - number * length for number in range(cuts - 1, -1, -1)]
    if cuts > 1 and (length <= pd.Timedelta(0) or starts[0] <= first):
        possible = math.ceil((begin - first) / length) if length > pd.Timedelta(0) else 1
        raise EventsError(
            f"cut 1 of {cuts} would be fitted on what came before {starts[0]} and asked about what came before "
            f"{starts[1]}, but the log begins at {first}; ask for --cuts {possible}, or set a later split.test_from, "
            "so that every test is shorter"
        )
    return starts


def _end(whole: Events, last: pd.Timestamp) -> pd.Timestamp:
    """Find when a log ends: of one that knows the day alone, at the end of its last."""
    with whole.connections.duckdb() as engine:
        finer = whole.table(engine).agg(finer=(_.time != _.time.truncate("D")).any())
        by_day = not bool(engine.fetch(finer)["finer"].iloc[0])
    return last + pd.Timedelta(days=1) if by_day else last


def _starts_by_session(whole: Events, config: Config, cuts: int) -> Sequence[pd.Timestamp | int]:
    """Take parts of the share of the sessions that the test has; of links everything else is known."""
    share, of_links = config.split.test_share, config.events.reader == "links"
    left = round(1 - cuts * share, 9)
    if left < 0 or (left == 0 and not of_links):
        possible = max(math.ceil(round(1 / share, 9)) - 1, 1)
        raise EventsError(
            f"cut 1 of {cuts} would begin before the log does: a test holds out split.test_share {share:.0%} of the "
            f"sessions; ask for --cuts {possible}, or set a smaller split.test_share"
        )
    if of_links and round(cuts * config.split.hidden_items, 9) > 1:
        raise EventsError(
            f"cut 1 of {cuts} has no product left to hide: each cut hides split.hidden_items "
            f"{config.split.hidden_items:.0%} of them, others every time; ask for fewer --cuts or hide fewer"
        )
    starts = [int(whole.session_start(round(1 - number * share, 9))) for number in range(cuts, 0, -1)]
    if any(start >= end for start, end in pairwise(starts)):
        raise EventsError(
            f"{whole.facts.sessions:,} sessions are too few for {cuts} cuts of {share:.0%}; ask for fewer --cuts or "
            "set a larger split.test_share"
        )
    return starts


def _before_the_test(config: Config) -> Config:
    """Leave out what is looked at once, whatever the cut."""
    return config.model_copy(update={"evaluation": config.evaluation.model_copy(update={"seed_protocol": False})})


def _board(plan: Plan, folder: Path, title: str, display: Display, again: bool) -> CutBoard:
    """Make the board of a cut, or take up a finished one."""
    known = None if again else read_cut_board(folder, plan.key)
    if known is not None:
        return known
    board = cut_board(plan, write_board(plan, folder, title, display, again))
    write_cut_board(board, folder, plan.key)
    return board

"""Graphrec's own model of sessions, on the board."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphrec.compute.progress import Display
from graphrec.compute.run import Run
from graphrec.config import Config
from graphrec.evaluation.next_items.opponents import NextItemLists, Opponent, TrainingSessions
from graphrec.sessions.fit_network import fit_network
from graphrec.sessions.next_item_network import likeliest
from graphrec.sessions.session_log import SessionLog

OWN = "network"
"""Key on the command line."""


def next_item_network(config: Config, display: Display) -> Opponent:
    """Make the next-item network; the latest of its training sessions choose its epoch."""
    run, settings = Run.of(config, display), config.sessions

    def fit(training: TrainingSessions, parameters: Mapping[str, float]) -> NextItemLists:
        count = len(training.log)
        kept = count - round(config.training.validation * count)
        earlier, later = (training.log.rows(rows) for rows in (np.arange(kept), np.arange(kept, count)))
        model, _ = fit_network(earlier, later, training.types, settings, run)
        able = training.popularity > 0

        def lists(sessions: SessionLog, k: int) -> np.ndarray:
            return likeliest(model, sessions, able, k, settings.max_length)[0]

        return lists

    return Opponent("graphrec, network", fit)

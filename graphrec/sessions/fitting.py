"""Training the session LSTM to predict the next item."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graphrec.compute.hardware import ONE_CPU, Hardware
from graphrec.compute.progress import Display
from graphrec.compute.training import Curve, draw_weighted, repeatable, train
from graphrec.config import RerankConfig
from graphrec.sessions.session_lstm import SessionLstm
from graphrec.sessions.sessions import SessionMatrix


@dataclass(frozen=True)
class SessionItems:
    """Items as the session model sees them.

    Parameters
    ----------
    embeddings : ndarray
        `(items, dim) float32`.
    type_codes : ndarray
        `(items,) int64`.
    prices : ndarray
        `(items, 3) float32`.
    popularity : ndarray
        `(items,)`, events of each item.
    types : int
    """

    embeddings: np.ndarray
    type_codes: np.ndarray
    prices: np.ndarray
    popularity: np.ndarray
    types: int

    def model(self, hidden: int) -> SessionLstm:
        """Make an untrained model over these items."""
        smoothed = self.popularity + 0.5
        log_popularity = np.log(smoothed / smoothed.sum()).astype(np.float32)
        return SessionLstm(
            torch.from_numpy(self.embeddings),
            torch.from_numpy(self.type_codes),
            torch.from_numpy(self.prices),
            torch.from_numpy(log_popularity),
            self.types,
            hidden,
        )


def fit_session_model(
    items: SessionItems,
    training: SessionMatrix,
    validation: SessionMatrix,
    config: RerankConfig,
    seed: int,
    display: Display,
    hardware: Hardware = ONE_CPU,
) -> tuple[SessionLstm, Curve]:
    """Train on every step to another item; negatives are drawn by popularity and corrected for it.

    Parameters
    ----------
    items : SessionItems
    training, validation : SessionMatrix
        Before and after the cut.
    config : RerankConfig
    seed : int
    display : Display
    hardware : Hardware
    """
    frequency = torch.from_numpy((items.popularity + 0.5) ** 0.75).double()
    log_frequency = (frequency / frequency.sum()).log().float()
    cumulative, log_frequency = frequency.cumsum(0), hardware.moved(log_frequency)
    steps = max(1, len(training) // config.batch)
    with repeatable(seed, hardware) as generator:
        model = items.model(config.hidden)
        nn.init.normal_(model.item_side.weight, std=0.02)

        def batches() -> Iterator[SessionMatrix]:
            order = torch.randperm(len(training), generator=generator)
            for rows in torch.split(order, hardware.share_of(config.batch))[:steps]:
                yield training.rows(rows)

        def step_loss(sessions: SessionMatrix, draws: torch.Generator) -> Tensor:
            states = model(sessions)[:, :-1].flatten(0, 1)
            current, following = sessions.items[:, :-1], sessions.items[:, 1:]
            places = torch.arange(1, sessions.items.shape[1], device=states.device)
            real = places < sessions.length[:, None]
            moved = real & (following != current)
            # index_select, unlike states[moved], has a backward pass that is both repeatable and fast.
            target, state = following[moved], states.index_select(0, moved.flatten().nonzero()[:, 0])
            negatives = hardware.moved(draw_weighted(cumulative, config.negatives, draws))
            # Each draw is discounted by how often it was to be expected (sampled softmax).
            logits = model.logits(state, negatives).float() - log_frequency[negatives] - math.log(config.negatives)
            logits = logits.masked_fill(negatives == target[:, None], float("-inf"))
            own = (state * model.item_side(model.embeddings[target])).sum(-1)
            own = own + model.popularity_weight * model.log_popularity[target]
            labels = torch.zeros(len(target), dtype=torch.long, device=target.device)
            return F.cross_entropy(torch.cat([own.float()[:, None], logits], dim=1), labels)

        checked = torch.arange(min(len(validation), 4096))
        check = [hardware.moved(validation.rows(rows)) for rows in torch.split(checked, config.batch)]

        def validate() -> float:
            fixed = torch.Generator().manual_seed(seed + 1)
            return float(np.mean([float(step_loss(rows, fixed)) for rows in check])) if len(validation) else 0.0

        def loss(sessions: SessionMatrix) -> Tensor:
            return step_loss(sessions, generator)

        curve = train(
            model,
            batches,
            steps,
            loss,
            validate,
            config.epochs,
            config.learning_rate,
            "session model (LSTM)",
            display,
            hardware,
        )
    return model, curve


@torch.no_grad()
def session_log_probabilities(
    model: SessionLstm, session: np.ndarray, kinds: np.ndarray, candidates: np.ndarray
) -> np.ndarray:
    """Say how likely each candidate is next, among the candidates, `(candidates,) float64`.

    Parameters
    ----------
    model : SessionLstm
    session, kinds : ndarray
        `(events,) int64`, oldest first.
    candidates : ndarray
        `(candidates,) int64` codes.
    """
    items, events = torch.from_numpy(session)[None], torch.from_numpy(kinds)[None]
    one = SessionMatrix(items, events, torch.tensor([len(session)]))
    return np.asarray(candidate_log_probabilities(model, one, candidates[None])[0])


@torch.no_grad()
def candidate_log_probabilities(model: SessionLstm, sessions: SessionMatrix, candidates: np.ndarray) -> np.ndarray:
    """Say the same of many sessions, each with candidates of its own.

    Parameters
    ----------
    model : SessionLstm
    sessions : SessionMatrix
        None of them empty.
    candidates : ndarray
        `(sessions, candidates) int64` codes.

    Returns
    -------
    ndarray
        `(sessions, candidates) float64`; the probabilities of a row sum to 1.
    """
    last = model(sessions)[torch.arange(len(sessions)), sessions.length - 1]
    offered = torch.from_numpy(candidates)
    sides = model.item_side(model.embeddings[offered])
    popularity = model.popularity_weight * model.log_popularity[offered]
    logits = torch.einsum("sh,sch->sc", last, sides).double() + popularity.double()
    return np.asarray(F.log_softmax(logits, dim=-1).numpy())

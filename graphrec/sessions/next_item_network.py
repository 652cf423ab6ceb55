"""Next-item network: what a shopper touched so far -> how likely each item is next."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graphrec.config import SessionsConfig
from graphrec.events import KINDS
from graphrec.sessions.padded_sessions import GAPS, PaddedSessions
from graphrec.sessions.session_log import SessionLog

_OF_KINDS, _OF_GAPS = 8, 8
"""Dimensions of the embeddings of event kinds and of gaps."""
_AT_ONCE = 512
"""Sessions whose scores of all items are held at once."""


class NextItemNetwork(nn.Module):
    r"""A recurrent network over item vectors that are learned, shared with the output, and of unit length there.

    .. math::
        \mathrm{logit}(j \mid s) = \sigma \cos(h_s, v_j) + b_j, \qquad v_j = \mathrm{id}_j + T_{\mathrm{type}(j)}

    After GRU4Rec (Hidasi et al., ICLR 2016) with shared embeddings (Hidasi and Karatzoglou, CIKM 2018) and cosines with
    a scale, which keep long vectors of popular items from ruling (NISER: Gupta et al., 2019). The state is read
    beside the last item, which says most of the next.

    Parameters
    ----------
    type_codes : Tensor
        `(items,) int64`.
    types : int
    config : SessionsConfig
    """

    type_codes: Tensor

    def __init__(self, type_codes: Tensor, types: int, config: SessionsConfig) -> None:
        super().__init__()
        dim = config.dim
        self.inputs = frozenset(config.inputs)
        self.register_buffer("type_codes", type_codes, persistent=False)
        self.item = nn.Embedding(len(type_codes), dim)
        self.item_bias = nn.Embedding(len(type_codes), 1)
        self.item_type = nn.Embedding(types, dim)
        self.kind = nn.Embedding(len(KINDS), _OF_KINDS)
        self.gap = nn.Embedding(GAPS, _OF_GAPS)
        self.recurrent = nn.LSTM(dim + _OF_KINDS + _OF_GAPS, dim, batch_first=True)
        self.out = nn.Linear(2 * dim, dim)
        self.scale = nn.Parameter(torch.tensor(config.scale))
        self.item_dropout, self.state_dropout = nn.Dropout(config.item_dropout), nn.Dropout(config.state_dropout)
        nn.init.normal_(self.item.weight, std=dim**-0.5)
        for table in (self.item_type, self.item_bias):  # a part that many items share would make them all alike
            nn.init.zeros_(table.weight)

    def vectors(self, items: Tensor) -> Tensor:
        """Place items, `(..., dim)`, unit length."""
        own: Tensor = self.item(items)
        if "types" in self.inputs:
            own = own + self.item_type(self.type_codes[items])
        unit: Tensor = F.normalize(own, dim=-1)
        return unit

    def forward(self, sessions: PaddedSessions) -> Tensor:
        """Read sessions, `(sessions, width, dim)`, unit length: the state after every event.

        Padding stands at the end, where no state that is read has seen it.
        """
        items = self.item_dropout(self.vectors(sessions.items))
        kinds = sessions.kinds if "kinds" in self.inputs else torch.zeros_like(sessions.kinds)
        gaps = sessions.gaps if "gaps" in self.inputs else torch.zeros_like(sessions.gaps)
        states = self.recurrent(torch.cat([items, self.kind(kinds), self.gap(gaps)], dim=-1))[0]
        read: Tensor = self.out(torch.cat([self.state_dropout(states), items], dim=-1))
        unit: Tensor = F.normalize(read, dim=-1)
        return unit

    def logits(self, states: Tensor, items: Tensor) -> Tensor:
        """Score items after states: `(n, dim)` and `(m,)` give `(n, m)`."""
        scored: Tensor = self.scale * (states @ self.vectors(items).T) + self.item_bias(items)[:, 0]
        return scored

    def last_states(self, sessions: PaddedSessions) -> Tensor:
        """Read whole sessions, none of them empty, `(sessions, dim)`."""
        states: Tensor = self(sessions)[torch.arange(len(sessions)), sessions.length - 1]
        return states


@torch.no_grad()
def likeliest(
    model: NextItemNetwork, sessions: SessionLog, able: np.ndarray, k: int, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find the `k` likeliest next items of sessions, none of them empty: codes and logits, `(sessions, k)` each.

    Parameters
    ----------
    model : NextItemNetwork
    sessions : SessionLog
    able : ndarray
        `(items,) bool`: items that may be named.
    k : int
    most : int
        Last events of a session that are read.
    """
    codes = torch.from_numpy(np.flatnonzero(able))
    laid = PaddedSessions.of(sessions, most)
    found, scores = [np.zeros((0, k), np.int64)], [np.zeros((0, k), np.float32)]
    for rows in torch.split(torch.arange(len(laid)), _AT_ONCE):
        logits = model.logits(model.last_states(laid.rows(rows)), codes)
        value, place = logits.topk(min(k, len(codes)), dim=1)
        found.append(_filled(codes[place].numpy(), k, -1))
        scores.append(_filled(value.numpy(), k, -np.inf))
    return np.concatenate(found), np.concatenate(scores)


def _filled(rows: np.ndarray, k: int, value: float) -> np.ndarray:
    return np.pad(rows, ((0, 0), (0, k - rows.shape[1])), constant_values=value)

"""Session LSTM: what the shopper did so far -> how likely each item is next."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphrec.events import KINDS
from graphrec.sessions.sessions import SessionMatrix


class SessionLstm(nn.Module):
    r"""An LSTM over item embedding, type, price and event kind, after GRU4Rec (Hidasi et al., 2016).

    .. math::
        \mathrm{logit}(j \mid s) = W_o\, h_s \cdot W_e\, e_j + \beta \log \mathrm{popularity}(j)

    Items are known to it by their embedding alone, so that one nobody has touched can be reranked too.

    Parameters
    ----------
    embeddings : Tensor
        `(items, dim) float32`.
    type_codes : Tensor
        `(items,) int64`.
    prices : Tensor
        `(items, 3) float32`, price columns of the item matrix.
    log_popularity : Tensor
        `(items,) float32`.
    types, hidden : int
    """

    embeddings: Tensor
    type_codes: Tensor
    prices: Tensor
    log_popularity: Tensor

    def __init__(
        self,
        embeddings: Tensor,
        type_codes: Tensor,
        prices: Tensor,
        log_popularity: Tensor,
        types: int,
        hidden: int,
    ) -> None:
        super().__init__()
        facts = {
            "embeddings": embeddings,
            "type_codes": type_codes,
            "prices": prices,
            "log_popularity": log_popularity,
        }
        for name, values in facts.items():
            self.register_buffer(name, values, persistent=False)
        dim = embeddings.shape[1]
        self.type_embedding = nn.Embedding(types, hidden // 4)
        self.kind_embedding = nn.Embedding(len(KINDS), 8)
        self.lstm = nn.LSTM(dim + hidden // 4 + 8 + prices.shape[1], hidden, batch_first=True)
        self.session_side = nn.Linear(hidden, hidden)
        self.item_side = nn.Linear(dim, hidden)
        self.popularity_weight = nn.Parameter(torch.ones(()))

    def forward(self, sessions: SessionMatrix) -> Tensor:
        """Read sessions, `(sessions, length, hidden)`: the state after every event."""
        parts = (
            self.embeddings[sessions.items],
            self.type_embedding(self.type_codes[sessions.items]),
            self.kind_embedding(sessions.kinds),
            self.prices[sessions.items],
        )
        # Padding stands at the end, where no state that is read has seen it; packing would take twice the time.
        states: Tensor = self.session_side(self.lstm(torch.cat(parts, dim=-1))[0])
        return states

    def logits(self, states: Tensor, items: Tensor) -> Tensor:
        """Score items after session states: `(n, hidden)` and `(m,)` give `(n, m)`."""
        popularity = self.popularity_weight * self.log_popularity[items]
        sides: Tensor = self.item_side(self.embeddings[items])
        return states @ sides.T + popularity

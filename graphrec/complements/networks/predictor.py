"""The two complement models together: P(j | i) = P(type of j | i) P(j | i, type), in float64 for exact repeats."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from graphrec.complements.networks.regressor import EmbeddingRegressor
from graphrec.complements.networks.type_transition import TypeTransition
from graphrec.compute.ragged import blocks

_AT_ONCE = 4096
"""Requests whose inner layers are held at once: so many stay near the processor."""


@dataclass(frozen=True)
class ComplementPredictor:
    """Trained models, ready to be asked.

    All sums are taken in float64, so that the answer for one query does not depend on which others it is
    asked with.

    Parameters
    ----------
    transition : TypeTransition
    regressor : EmbeddingRegressor
    temperature : float
        That the regressor was trained with.
    """

    transition: TypeTransition
    regressor: EmbeddingRegressor
    temperature: float

    @classmethod
    def of(cls, transition: TypeTransition, regressor: EmbeddingRegressor, temperature: float) -> ComplementPredictor:
        """Freeze trained models for asking."""
        return cls(transition.double().eval(), regressor.double().eval(), temperature)

    @property
    def types(self) -> int:
        """How many types it tells apart."""
        return self.transition.out.out_features

    @torch.no_grad()
    def type_probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """P(type | item), `(rows, types) float64`, rows sum to 1."""
        return np.asarray(self.transition(_double(embeddings)).exp().numpy())

    @torch.no_grad()
    def queries(self, embeddings: np.ndarray, types: np.ndarray, owner: np.ndarray) -> np.ndarray:
        """Places where complements of a type should lie, `(requests, space) float64`, unit length.

        Parameters
        ----------
        embeddings : ndarray
            `(rows, dim)`.
        types, owner : ndarray
            `(requests,) int64`: the type that is asked for, and the row that it should complete.
        """
        if self.regressor.spaces == 1:
            return np.asarray(self.places(embeddings)[owner])
        entered = self.regressor.enter(_double(embeddings))
        parts = [np.zeros((0, self.regressor.out.out_features))]
        for asked in blocks(len(types), _AT_ONCE):
            inside = entered[torch.from_numpy(owner[asked])] + self._entered_types[torch.from_numpy(types[asked])]
            parts.append(self.regressor.leave(inside).numpy())
        return np.concatenate(parts)

    @cached_property
    @torch.no_grad()
    def _entered_types(self) -> torch.Tensor:
        return torch.as_tensor(self.regressor.enter_type(self.regressor.type_embedding.weight))

    @torch.no_grad()
    def places(self, embeddings: np.ndarray) -> np.ndarray:
        """Where items lie in the complement space, `(rows, space) float64`, unit length."""
        return np.asarray(self.regressor.place(_double(embeddings)).numpy())


def _double(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64))

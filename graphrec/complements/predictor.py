"""The two complement models together: P(j | i) = P(type of j | i) P(j | i, type), in float64 for exact repeats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from graphrec.complements.regressor import EmbeddingRegressor
from graphrec.complements.type_transition import TypeTransition


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

    @torch.no_grad()
    def type_probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """P(type | item), `(rows, types) float64`, rows sum to 1."""
        return np.asarray(self.transition(_double(embeddings)).exp().numpy())

    @torch.no_grad()
    def queries(self, embeddings: np.ndarray, types: np.ndarray) -> np.ndarray:
        """Places where complements of a type should lie, `(rows, space) float64`, unit length."""
        return np.asarray(self.regressor.query(_double(embeddings), torch.from_numpy(types)).numpy())

    @torch.no_grad()
    def places(self, embeddings: np.ndarray) -> np.ndarray:
        """Where items lie in the complement space, `(rows, space) float64`, unit length."""
        return np.asarray(self.regressor.place(_double(embeddings)).numpy())


def _double(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64))

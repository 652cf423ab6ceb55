"""Embeddings and co-purchases -> trained networks."""

from __future__ import annotations

import numpy as np
import torch

from graphrec.complements.networks.pair_data import ComplementPairs, EmbeddedCatalogue, log_popularity_in_type
from graphrec.complements.networks.predictor import ComplementPredictor
from graphrec.complements.networks.regressor import fit_regressor
from graphrec.complements.networks.type_transition import fit_type_transition
from graphrec.compute.run import Run
from graphrec.compute.training import Curve
from graphrec.config import NetworksConfig
from graphrec.embeddings import EncoderFit
from graphrec.graph import ProductGraph

LEAST_PURCHASES = 0.5
"""Purchases that every item is thought to have beside its own where networks are trained."""


def fit_predictor(
    encoder: EncoderFit,
    past: ProductGraph,
    future: ProductGraph,
    type_codes: np.ndarray,
    types: int,
    config: NetworksConfig,
    run: Run,
) -> tuple[ComplementPredictor, dict[str, Curve]]:
    """Train type transition and embedding regressor on what was bought together, validated by what was later.

    Parameters
    ----------
    encoder : EncoderFit
    past, future : ProductGraph
        Before and after the cut; the embeddings know nothing of the latter.
    type_codes : ndarray
        `(items,) int64`.
    types : int
    config : NetworksConfig
    run : Run

    Returns
    -------
    ComplementPredictor
    dict of str to Curve
        How the training of each network went.
    """
    data = EmbeddedCatalogue(
        embeddings=torch.from_numpy(encoder.embeddings),
        alone=torch.from_numpy(encoder.alone),
        type_codes=torch.from_numpy(type_codes),
        log_popularity=torch.from_numpy(log_popularity_in_type(past.bought + LEAST_PURCHASES, type_codes, types)),
        types=types,
    )
    training, validation = (ComplementPairs.from_graph(g.complement, data) for g in (past, future))
    transition, transition_curve = fit_type_transition(training, validation, config, run)
    regressor, regressor_curve = fit_regressor(training, validation, past.similar, config, run)
    curves = {"type transition": transition_curve, "embedding regressor": regressor_curve}
    return ComplementPredictor.of(transition, regressor, config.temperature), curves

"""Model: all that a fit leaves behind, as plain parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from graphrec.complements import ComplementPredictor
from graphrec.config import Config
from graphrec.encoder import GraphSage
from graphrec.events import Catalogue
from graphrec.features import ItemFeatures
from graphrec.graph import ProductGraph
from graphrec.rerank import SessionLstm
from graphrec.retrieval import AnnoyIndex, ComplementIndex


@dataclass(frozen=True)
class Model:
    """A fitted shop.

    Parameters
    ----------
    config : Config
    catalogue : Catalogue
    graph : ProductGraph
    features : ItemFeatures
    type_codes : ndarray
        `(items,) int64`.
    encoder : GraphSage
    embeddings : ndarray
        `(items, dim) float32`, unit length.
    predictor : ComplementPredictor
    prior_strength : float
        Baskets' worth of trust in the predictor, see `graphrec.complements.blend`.
    complement_index : ComplementIndex
    similar_index : AnnoyIndex
        Over the embeddings.
    session_model : SessionLstm
    report : dict
        What was read, built and measured, as JSON.
    rejected : DataFrame
        Rows of the log that were set aside, with reasons.
    fingerprint : str
        Of the events and the catalogue.
    """

    config: Config
    catalogue: Catalogue
    graph: ProductGraph
    features: ItemFeatures
    type_codes: np.ndarray
    encoder: GraphSage
    embeddings: np.ndarray
    predictor: ComplementPredictor
    prior_strength: float
    complement_index: ComplementIndex
    similar_index: AnnoyIndex
    session_model: SessionLstm
    report: dict[str, Any]
    rejected: pd.DataFrame
    fingerprint: str

"""Model: all that a fit leaves behind, as plain parts."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from graphrec.complements import ComplementPredictor, KnownItems, Memory, QueryItems, Ranker
from graphrec.config import Config
from graphrec.embeddings import GraphSage
from graphrec.embeddings.features import ItemFeatures
from graphrec.events import Catalogue
from graphrec.graph import ProductGraph
from graphrec.lists import NearDuplicates
from graphrec.retrieval import AnnoyIndex, BandedIndex, CandidateSource, ComplementIndex, ExactIndex, Lenders
from graphrec.sessions import SessionLstm


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
    likeness : csr_array
        `(items, items)`: weights of each item's look-alikes.
    predictor : ComplementPredictor
    memory : Memory
        What the counts say of pairs that were never bought together.
    ranker : Ranker or None
        Orders the candidates; None where it did no better than the posterior, or had nothing to learn from.
    chosen_specificity : float
        Of the lists, where `lists.specificity` does not say.
    anyone : ndarray
        `(items,) float64`: P(item), whoever buys, by the model's own P(item | query).
    prior_strength : float
        Baskets' worth of trust in the predictor, see `graphrec.complements.blend`.
    complement_index : ComplementIndex
    expected_index : ExactIndex or BandedIndex
        Over the low-rank part of the counts; exact in a small shop.
    similar_index : AnnoyIndex
        Over the embeddings.
    lenders : Lenders
        Where the look-alikes of a new product are found.
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
    likeness: sparse.csr_array
    predictor: ComplementPredictor
    memory: Memory
    ranker: Ranker | None
    chosen_specificity: float
    anyone: np.ndarray
    prior_strength: float
    complement_index: ComplementIndex
    expected_index: ExactIndex | BandedIndex
    similar_index: AnnoyIndex
    lenders: Lenders
    session_model: SessionLstm
    report: dict[str, Any]
    rejected: pd.DataFrame
    fingerprint: str

    @property
    def specificity(self) -> float:
        """How much of what anyone buys is taken off, as of `lists.specificity`, or as the fit has chosen."""
        asked = self.config.lists.specificity
        return self.chosen_specificity if asked is None else asked

    @cached_property
    def near_duplicates(self) -> NearDuplicates:
        """Which items are packs of one thing."""
        return NearDuplicates.of(self.catalogue)

    @cached_property
    def known(self) -> KnownItems:
        """What is known of every item beside the counts."""
        prices = self.features.price_columns(self.catalogue.frame, self.type_codes)
        return KnownItems(self.embeddings, prices, self.likeness)

    @cached_property
    def encoder_alone(self) -> GraphSage:
        """The encoder in float64: what it makes of a product does not depend on which others it is asked with."""
        return deepcopy(self.encoder).double()

    @cached_property
    def candidates(self) -> CandidateSource:
        """Where the candidates of a query come from."""
        settings = self.config.complements
        return CandidateSource(
            self.predictor,
            self.complement_index,
            self.memory,
            self.known,
            settings,
            self.expected_index,
            self.config.events.reader == "links",
        )

    def queries(self, codes: np.ndarray) -> QueryItems:
        """Look up items of the catalogue as queries."""
        return self.known.queries(codes, self.type_codes)

    def new_queries(self, rows: pd.DataFrame) -> QueryItems:
        """Describe products that are known by their catalogue rows alone."""
        types = self.features.type_codes(rows)
        unseen = np.full(len(rows), -1, dtype=np.int64)
        embeddings = self.embed(rows)
        likeness = self.lenders.look_alikes(embeddings, unseen, self.config.complements.lending)
        return QueryItems(unseen, embeddings, types, self.features.price_columns(rows, types), likeness)

    def embed(self, rows: pd.DataFrame) -> np.ndarray:
        """Embed products by their catalogue rows alone, `(rows, dim) float32`, unit length."""
        matrix = torch.from_numpy(self.features.transform(rows, alone=True))
        return np.asarray(self.encoder_alone.embed_alone(matrix.double()).float().numpy())

"""Model: all that a fit leaves behind, as plain parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from graphrec.complements import ComplementModel, Lenders, Members, QueryItems, Snapshot
from graphrec.config import Config
from graphrec.embeddings.features import ItemFeatures
from graphrec.events import Catalogue
from graphrec.graph import ProductGraph
from graphrec.lists import ListRules, NearDuplicates, Ranking, Staples, rank_at_specificities
from graphrec.retrieval import AnnoyIndex
from graphrec.sessions import SessionLstm

if TYPE_CHECKING:
    from graphrec.embeddings import GraphSage


@dataclass(frozen=True)
class Model:
    """A fitted shop.

    Parameters
    ----------
    config : Config
    catalogue : Catalogue
    features : ItemFeatures
    encoder_weights : mapping of str to Tensor
        As its `state_dict` names them.
    complements : ComplementModel
        P(item | query).
    chosen_specificity : float
        Of the lists, where `lists.specificity` does not say.
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
    features: ItemFeatures
    encoder_weights: Mapping[str, torch.Tensor]
    complements: ComplementModel
    chosen_specificity: float
    similar_index: AnnoyIndex
    lenders: Lenders
    session_model: SessionLstm
    report: dict[str, Any]
    rejected: pd.DataFrame
    fingerprint: str

    @property
    def snapshot(self) -> Snapshot:
        """What is known of the shop's complements."""
        return self.complements.snapshot

    @property
    def graph(self) -> ProductGraph:
        """Similar and complement pairs."""
        return self.snapshot.memory.graph

    @property
    def embeddings(self) -> np.ndarray:
        """`(items, dim) float32`, unit length."""
        return self.snapshot.known.embeddings

    @property
    def type_codes(self) -> np.ndarray:
        """`(items,) int64`."""
        return self.snapshot.known.type_codes

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
    def list_rules(self) -> ListRules:
        """What lists are made by."""
        lists = self.config.lists
        near_duplicates = self.near_duplicates if lists.near_duplicates == "one" else None
        staples = Staples(lists.staples, lists.staple_share)
        return ListRules(self.specificity, lists.min_types, lists.one_way, staples, near_duplicates)

    @property
    def encoder(self) -> GraphSage:
        """The encoder, built anew: known items have their embeddings, and torch-geometric takes seconds to import."""
        from graphrec.embeddings import GraphSage

        encoder = GraphSage(self.features.dim, self.config.encoder.hidden, self.config.encoder.dim)
        encoder.load_state_dict(dict(self.encoder_weights))
        return encoder.eval()

    @cached_property
    def encoder_alone(self) -> GraphSage:
        """The encoder in float64: what it makes of a product does not depend on which others it is asked with."""
        return self.encoder.double()

    def carts(self, carts: Sequence[np.ndarray]) -> Members:
        """Look up carts of item codes as queries."""
        return Members.of_carts(self.snapshot.known, carts)

    def rank(self, members: Members, k: int, excluded: sparse.csr_array | None = None) -> Ranking:
        """Rank the `k` best complements of every query, see `rank_at_specificities`."""
        return rank_at_specificities(self.complements, self.list_rules, members, k, (self.specificity,), excluded)[0]

    def new_queries(self, rows: pd.DataFrame, embeddings: np.ndarray | None = None) -> QueryItems:
        """Describe products that are known by their catalogue rows alone; `embeddings` as of `embed`, where known."""
        types = self.features.type_codes(rows)
        unseen = np.full(len(rows), -1, dtype=np.int64)
        embeddings = self.embed(rows) if embeddings is None else embeddings
        likeness = self.lenders.look_alikes(embeddings, unseen, self.config.complements.look_alikes)
        return QueryItems(unseen, embeddings, types, self.features.price_columns(rows, types), likeness)

    def embed(self, rows: pd.DataFrame) -> np.ndarray:
        """Embed products by their catalogue rows alone, `(rows, dim) float32`, unit length."""
        matrix = torch.from_numpy(self.features.transform(rows, alone=True))
        return np.asarray(self.encoder_alone.embed_alone(matrix.double()).float().numpy())

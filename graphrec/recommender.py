"""Recommender: fit on a shop's log, then ask for complements, substitutes, embeddings and reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from graphrec.compute.progress import Display, Silent
from graphrec.config import Config
from graphrec.errors import EventsError
from graphrec.events import VIEW, Catalogue
from graphrec.graph import Evidence
from graphrec.model import Model
from graphrec.model.answers import explanation, lists_of_new, with_evidence
from graphrec.model.directory import load_model, save_model
from graphrec.model.manifest import read_key
from graphrec.results import LIST_COLUMNS, Explanation, Recommendation, SimilarItem
from graphrec.results.interface import (
    ListsByCodes,
    Query,
    Session,
    Unknown,
    at_least_one,
    ids_of,
    known_codes,
    session_codes,
)
from graphrec.sessions import SessionMatrix, pool_size, reranked_order

if TYPE_CHECKING:
    from graphrec.events import Events


class Recommender(ListsByCodes):
    """A fitted shop, asked by external ids.

    >>> recommender = Recommender.fit(load_events(config), config)
    >>> recommender.recommend("22086", k=5)

    Parameters
    ----------
    model : Model
        As `fit` or `load` make it.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    @classmethod
    def fit(cls, events: Events, config: Config | None = None, display: Display | None = None) -> Recommender:
        """Fit every stage on a log.

        Parameters
        ----------
        events : Events
            With their catalogue; items that no event touches are embedded and served too.
        config : Config, optional
        display : Display, optional
            Where progress is shown; silent by default.

        Raises
        ------
        EventsError, GraphError
            When the log holds nothing to learn from.
        """
        from graphrec.model.fit import fit_model  # what only a fit needs takes seconds to import

        return cls(fit_model(events, config or Config(), display or Silent()))

    @classmethod
    def load(cls, path: str | Path, verify: str | Path | None = None) -> Recommender:
        """Open a model directory.

        Parameters
        ----------
        path : str or Path
        verify : str or Path, optional
            File of the key that the model must have been signed with.

        Raises
        ------
        ModelError
            When it is missing, damaged, of another format, or not signed with the key.
        """
        return cls(load_model(Path(path), None if verify is None else read_key(Path(verify))))

    def save(self, path: str | Path, sign: str | Path | None = None) -> None:
        """Write a model directory: beside its place, then put there in one step.

        Parameters
        ----------
        path : str or Path
        sign : str or Path, optional
            File of a key that the model is signed with.

        Raises
        ------
        ModelError
            When it cannot be written; then it says where the model is kept instead.
        """
        save_model(self.model, Path(path), None if sign is None else read_key(Path(sign)))

    @property
    def catalogue(self) -> Catalogue:
        """All items that can be asked for."""
        return self.model.catalogue

    def recommend(
        self,
        query: Query,
        k: int = 10,
        session: Session = (),
        unknown: Unknown = "raise",
    ) -> list[Recommendation]:
        """Complete an item, or a cart of several.

        Parameters
        ----------
        query : str or sequence of str
            Never part of the answer.
        k : int
        session : sequence of str or (str, kind)
            What the shopper did so far, oldest first; reranks the list. A bare id counts as a view; what was
            put into the cart or bought is left out of the answer.
        unknown : {'raise', 'skip'}
            What to do with ids that the model does not know.

        Raises
        ------
        UnknownItem
            Naming the ids; with `unknown='skip'` only when none is left.
        """
        cart = known_codes(self.catalogue, ids_of(query), unknown)
        codes, kinds = session_codes(self.catalogue, session, unknown)
        ranking = self.model.rank(self.model.carts([cart]), pool_size(at_least_one(k), len(codes)))
        answers = with_evidence(self.model, ranking, [cart]).answers(self.catalogue.items)
        if len(codes):
            taken = set(self.catalogue.items[codes[kinds != VIEW]])
            answers = self._reranked([answer for answer in answers if answer.item not in taken], codes, kinds)
        return answers[:k]

    def lists_of(self, carts: Sequence[np.ndarray], k: int) -> pd.DataFrame:
        """Complete carts of codes, as of `ListsByCodes.lists_of`."""
        lists = with_evidence(self.model, self.model.rank(self.model.carts(carts), k), carts)
        return lists.table(self.catalogue.items, self.model.features.types.names)

    def similar_items(self, item: str | int, k: int = 10) -> list[SimilarItem]:
        """Return the nearest items by embedding: substitutes."""
        code = int(known_codes(self.catalogue, [item], "raise")[0])
        positions, cosines = self.model.similar_index.search(self.model.embeddings[[code]], at_least_one(k) + 1)
        others = np.flatnonzero((positions[0] >= 0) & (positions[0] != code))[:k]
        nearest = self.catalogue.items[positions[0][others]]
        found = zip(nearest, cosines[0][others].tolist(), strict=True)
        return [SimilarItem(name, cosine, rank) for rank, (name, cosine) in enumerate(found, start=1)]

    def embed(self, products: pd.DataFrame) -> np.ndarray:
        """Embed products that the model has never seen, by their catalogue rows alone.

        Parameters
        ----------
        products : DataFrame
            `item` and any of `title`, `type`, `category_path`, `brand`, `price`.

        Returns
        -------
        ndarray
            `(products, dim) float32`, unit length, in the order of the rows.
        """
        return self.model.embed(Catalogue.from_frame(products).frame)

    def recommend_new(self, products: pd.DataFrame, k: int = 10, embeddings: np.ndarray | None = None) -> pd.DataFrame:
        """Complete products that the model has never seen, in the columns of the export.

        Parameters
        ----------
        products : DataFrame
            As of `embed`.
        k : int
        embeddings : ndarray, optional
            What `embed` has made of them, so that it is not made again.
        """
        rows = Catalogue.from_frame(products).frame
        lists = lists_of_new(self.model, rows, at_least_one(k), embeddings)
        frame = lists.table(self.catalogue.items, self.model.features.types.names)
        frame["item"] = rows["item"].to_numpy(dtype=object)[frame["query"]]
        return frame[list(LIST_COLUMNS)]

    def rerank(
        self,
        candidates: Sequence[Recommendation] | Sequence[str],
        session: Session,
        unknown: Unknown = "raise",
    ) -> list[Recommendation]:
        """Order candidates by what the shopper did so far.

        The new score is the log of the old one plus `rerank.weight` times the session model's log-probability
        of the candidate among the candidates. Bare ids start from equal scores.

        Parameters
        ----------
        candidates : sequence of Recommendation or str
        session : sequence of str or (str, kind)
            Oldest first; a bare id counts as a view.
        unknown : {'raise', 'skip'}
            For ids of the session.
        """
        offered: dict[str, Recommendation] = {}
        for candidate in candidates:
            answer = candidate if isinstance(candidate, Recommendation) else _bare(str(candidate))
            offered.setdefault(answer.item, answer)
        return self._reranked(list(offered.values()), *session_codes(self.catalogue, session, unknown))

    def explain(self, item: str | int, complement: str | int) -> Explanation:
        """Say what speaks for a complement: the log's evidence, the type transition, the place in the list.

        Raises
        ------
        UnknownItem
        EventsError
            When both are the same item.
        """
        if str(item) == str(complement):
            raise EventsError(f"item {str(item)!r} cannot complete itself; give two different items")
        return explanation(self.model, *known_codes(self.catalogue, [item, complement], "raise"))

    def _reranked(self, offered: list[Recommendation], codes: np.ndarray, kinds: np.ndarray) -> list[Recommendation]:
        """Order different candidates by the steps of a session."""
        if not len(codes) or not offered:
            return offered
        settings = self.model.config.rerank
        session = SessionMatrix.of_one(codes, kinds, settings.max_length)
        item = self.catalogue.codes(answer.item for answer in offered)
        before = np.array([[answer.score for answer in offered]])
        order, score = reranked_order(self.model.session_model, settings.weight, session, item[None], before)
        ranked = enumerate(order[0], start=1)
        return [replace(offered[place], score=float(score[0, place]), rank=rank) for rank, place in ranked]


def _bare(item: str) -> Recommendation:
    return Recommendation(item, 1.0, 1.0, 0, "predicted", Evidence())

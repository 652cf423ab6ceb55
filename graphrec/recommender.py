"""Recommender: fit on a shop's log, then ask for complements, substitutes, embeddings and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from graphrec.complements import Members
from graphrec.compute.progress import Display, Silent
from graphrec.compute.ragged import offsets, ranges
from graphrec.config import Config
from graphrec.errors import EventsError
from graphrec.events import Catalogue
from graphrec.graph import Evidence
from graphrec.interface import Query, Session, Unknown, at_least_one, ids_of, known_codes, session_codes, session_steps
from graphrec.lists import Ranking
from graphrec.model import Model
from graphrec.model.directory import load_model, save_model
from graphrec.results import SOURCES, Explanation, Recommendation, SimilarItem
from graphrec.sessions import session_log_probabilities

if TYPE_CHECKING:
    from graphrec.events import Events


class Recommender:
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
        self._ids = model.catalogue.frame["item"].to_numpy(dtype=object)

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
    def load(cls, path: str | Path) -> Recommender:
        """Open a model directory.

        Raises
        ------
        ModelError
            When it is missing, damaged or of another format.
        """
        return cls(load_model(Path(path)))

    def save(self, path: str | Path) -> None:
        """Write a model directory: beside its place, then moved there in one step."""
        save_model(self.model, Path(path))

    @property
    def items(self) -> list[str]:
        """External ids of all items that can be asked for."""
        return [str(item) for item in self._ids]

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
        at_least_one(k)
        cart = known_codes(self.model.catalogue, ids_of(query), unknown)
        pool = k if not session else max(5 * k, 50) + len(session)
        ranking = self.model.rank(self.model.carts([cart]), pool)
        answers = self._recommendations(ranking, [cart])
        if not session:
            return answers
        taken = {item for item, kind in session_steps(session) if kind != "view"}
        reranked = self.rerank([answer for answer in answers if answer.item not in taken], session, unknown)
        return reranked[:k]

    def recommend_many(self, queries: Iterable[Query], k: int = 10, unknown: Unknown = "raise") -> pd.DataFrame:
        """Complete many items or carts at once, with the answers that `recommend` gives one by one.

        Parameters
        ----------
        queries : iterable of str or sequence of str
        k : int
        unknown : {'raise', 'skip'}
            With 'skip', a query of unknown ids alone has no rows.

        Returns
        -------
        DataFrame
            `query` (position), `item` (the id; of a cart a tuple), `complement`, `rank`, `score`, `source`,
            `bought_together`, `lift`, `item_type`, `complement_type`.
        """
        asked = [ids_of(query) for query in queries]
        carts, kept = [], []
        for position, ids in enumerate(asked):
            cart = known_codes(self.model.catalogue, ids, unknown, empty_is_error=unknown == "raise")
            if len(cart):
                carts.append(cart)
                kept.append(position)
        ranking = self.model.rank(self.model.carts(carts), at_least_one(k))
        frame = self._frame(ranking, carts)
        names = [str(ids[0]) if len(ids) == 1 else tuple(map(str, ids)) for ids in asked]
        position = np.array(kept, dtype=np.int64)[ranking.query]
        frame.insert(0, "item", pd.Series([names[p] for p in position], dtype=object))
        frame.insert(0, "query", position)
        return frame

    def recommend_all(self, k: int = 10, display: Display | None = None) -> pd.DataFrame:
        """Complete every item of the catalogue, in the columns of the export."""
        codes = np.arange(len(self.model.catalogue))
        parts = []
        with (display or Silent()).stage("lists", len(codes)) as advance:
            for block in np.array_split(codes, max(1, len(codes) // 2048)):
                carts = list(block[:, None])
                ranking = self.model.rank(self.model.carts(carts), at_least_one(k))
                frame = self._frame(ranking, carts)
                frame.insert(0, "item", self._ids[block[ranking.query]].astype(str))
                parts.append(frame)
                advance(len(block))
        return pd.concat(parts, ignore_index=True)

    def similar_items(self, item: str | int, k: int = 10) -> list[SimilarItem]:
        """Return the nearest items by embedding: substitutes."""
        code = int(known_codes(self.model.catalogue, [item], "raise")[0])
        positions, cosines = self.model.similar_index.search(self.model.embeddings[[code]], at_least_one(k) + 1)
        found = [(p, c) for p, c in zip(positions[0], cosines[0], strict=True) if p >= 0 and p != code][:k]
        return [SimilarItem(str(self._ids[p]), float(c), rank) for rank, (p, c) in enumerate(found, start=1)]

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
        return self.model.embed(_product_rows(products))

    def recommend_new(self, products: pd.DataFrame, k: int = 10) -> pd.DataFrame:
        """Complete products that the model has never seen, in the columns of the export."""
        rows = _product_rows(products)
        queries = self.model.new_queries(rows)
        members = Members.of_new(queries)
        # A product that is in the catalogue after all must not be its own complement.
        ranking = self.model.rank(members, at_least_one(k) + 1)
        own: np.ndarray = self._ids[ranking.item].astype(str) == rows["item"].to_numpy(dtype=str)[ranking.query]
        frame = self._frame(ranking, None)
        frame.insert(0, "item", rows["item"].to_numpy(dtype=object)[ranking.query])
        names = (*self.model.features.types.names, None)
        frame["item_type"] = [names[code] for code in queries.type_code[ranking.query]]
        if own.any():
            frame = frame[~own].reset_index(drop=True)
            frame["rank"] = frame.groupby("item", sort=False).cumcount() + 1
        return frame[frame["rank"] <= k].reset_index(drop=True)

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
        given = [c if isinstance(c, Recommendation) else _bare(str(c)) for c in candidates]
        offered = list({c.item: c for c in reversed(given)}.values())[
            ::-1
        ]  # of a candidate given twice the first counts
        codes, kinds = session_codes(self.model.catalogue, session, unknown)
        if not len(codes) or not offered:
            return offered
        latest = slice(-self.model.config.rerank.max_length, None)
        candidate_codes = known_codes(self.model.catalogue, [c.item for c in offered], "raise")
        likely = session_log_probabilities(self.model.session_model, codes[latest], kinds[latest], candidate_codes)
        before = np.log(np.maximum([c.score for c in offered], 1e-12))
        score = before + self.model.config.rerank.weight * likely
        order = np.lexsort((candidate_codes, -score))
        return [replace(offered[i], score=float(score[i]), rank=rank) for rank, i in enumerate(order, start=1)]

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
        left, right = (int(code) for code in known_codes(self.model.catalogue, [item, complement], "raise"))
        evidence = self.model.graph.evidence(left, right)
        listed = {r.item: r for r in self.recommend(item, k=100)}.get(str(complement))
        probabilities = self.model.snapshot.predictor.type_probabilities(self.model.embeddings[[left]])[0]
        kind = int(self.model.type_codes[right])
        name = self.model.features.types.names[kind]
        if evidence.bought_together:
            memory = (
                f"bought together {evidence.bought_together:,} times in {self.model.graph.baskets:,} baskets, "
                f"{evidence.lift:.1f} times as often as chance"
            )
        else:
            memory = f"never bought together in {self.model.graph.baskets:,} baskets"
        model = f"{probabilities[kind]:.1%} of what completes {item} is expected to be of type '{name}'"
        return Explanation(
            item=str(item),
            complement=str(complement),
            source=listed.source if listed else None,
            rank=listed.rank if listed else None,
            evidence=evidence,
            type_probability=float(probabilities[kind]),
            complement_type=name,
            sentence=f"{memory}; {model}{_in_words(listed)}",
        )

    def _best_evidence(self, ranking: Ranking, carts: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Look up each answer's evidence from the cart item that it was bought with most."""
        size = np.array([len(cart) for cart in carts])
        row, place = ranges(offsets(size)[ranking.query], size[ranking.query])
        member = np.concatenate(carts)[place]
        facts = self.model.graph.evidence_columns(member, ranking.item[row])
        order = np.lexsort((place, -facts["count"], row))
        best = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
        return {name: values[best] for name, values in facts.items()} | {"member": member[best]}

    def _recommendations(self, ranking: Ranking, carts: Sequence[np.ndarray]) -> list[Recommendation]:
        if not len(ranking.item):
            return []
        facts = self._best_evidence(ranking, carts)
        return [
            Recommendation(
                item=str(self._ids[item]),
                score=float(score),
                uplift=float(uplift),
                rank=int(rank),
                source=SOURCES[source],
                evidence=Evidence(int(count), float(support), float(lift), int(first)),
            )
            for item, score, uplift, rank, source, count, support, lift, first in zip(
                ranking.item,
                ranking.score,
                ranking.uplift,
                ranking.rank,
                ranking.source,
                *(facts[name] for name in ("count", "support", "lift", "first")),
                strict=True,
            )
        ]

    def _frame(self, ranking: Ranking, carts: Sequence[np.ndarray] | None) -> pd.DataFrame:
        """Lay a ranking out in the columns of the export, all but the item's id."""
        types = np.array(self.model.features.types.names, dtype=object)
        nothing = np.zeros(len(ranking.item))
        facts = (
            self._best_evidence(ranking, carts)
            if carts is not None and len(ranking.item)
            else {"count": nothing, "lift": nothing, "member": nothing.astype(np.int64)}
        )
        return pd.DataFrame(
            {
                "complement": self._ids[ranking.item].astype(str),
                "rank": ranking.rank,
                "score": ranking.score,
                "uplift": ranking.uplift,
                "source": pd.Series(np.array(SOURCES, dtype=object)[ranking.source], dtype="str"),
                "bought_together": facts["count"].astype(np.int64),
                "lift": facts["lift"].astype(np.float64),
                "item_type": pd.Series(types[self.model.type_codes[facts["member"]]], dtype="str"),
                "complement_type": pd.Series(types[self.model.type_codes[ranking.item]], dtype="str"),
            }
        )


def _in_words(listed: Recommendation | None) -> str:
    return "" if listed is None else f"; expected {listed.uplift:.1f} times as often as of anyone"


def _bare(item: str) -> Recommendation:
    return Recommendation(item, 1.0, 1.0, 0, "predicted", Evidence())


def _product_rows(products: pd.DataFrame) -> pd.DataFrame:
    """Check new products like a catalogue, in their order."""
    return Catalogue.from_frame(products).frame

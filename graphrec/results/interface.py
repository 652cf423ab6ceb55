"""What every recommender of complements is asked, by external ids, and how these become checked codes."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from graphrec.compute.progress import Display, Silent
from graphrec.errors import EventsError, GraphrecWarning, UnknownItem
from graphrec.events import KINDS, Catalogue, Kind
from graphrec.results.answers import LIST_COLUMNS, Recommendation

Unknown = Literal["raise", "skip"]
Query = str | int | Sequence[str | int]
Session = Sequence[str | tuple[str, Kind]]

_AT_ONCE = 2048
"""Items of a catalogue that are completed at once."""


@runtime_checkable
class ComplementRecommender(Protocol):
    """What completes an item or a cart: graphrec, and every baseline beside it."""

    @property
    def items(self) -> list[str]:
        """External ids of all items that can be asked for."""

    def recommend(
        self, query: Query, k: int = 10, session: Session = (), unknown: Unknown = "raise"
    ) -> list[Recommendation]:
        """Complete an item, or a cart of several."""

    def recommend_many(self, queries: Iterable[Query], k: int = 10, unknown: Unknown = "raise") -> pd.DataFrame:
        """Complete many items or carts at once, with the answers that `recommend` gives one by one."""

    def recommend_all(self, k: int = 10, display: Display | None = None) -> pd.DataFrame:
        """Complete every item of the catalogue."""


class ListsByCodes(ABC):
    """Tables of lists by external ids, for what ranks the complements of carts of codes."""

    @property
    @abstractmethod
    def catalogue(self) -> Catalogue:
        """All items that can be asked for, by code."""

    @abstractmethod
    def lists_of(self, carts: Sequence[np.ndarray], k: int) -> pd.DataFrame:
        """Complete carts of codes.

        Returns
        -------
        DataFrame
            `query` (position of the cart) and `LIST_COLUMNS` but the item, in the order of carts and ranks.
        """

    @property
    def items(self) -> list[str]:
        """External ids of all items that can be asked for."""
        return self.catalogue.items.tolist()

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
            `query` (position) and `LIST_COLUMNS`; the item of a cart is a tuple of its ids.
        """
        asked = [ids_of(query) for query in queries]
        carts = [known_codes(self.catalogue, ids, unknown, empty_is_error=unknown == "raise") for ids in asked]
        kept = np.flatnonzero([len(cart) > 0 for cart in carts])
        frame = self.lists_of([carts[position] for position in kept], at_least_one(k))
        frame["query"] = kept[frame["query"]]
        names = [str(ids[0]) if len(ids) == 1 else tuple(map(str, ids)) for ids in asked]
        frame["item"] = pd.Series([names[position] for position in frame["query"]], dtype=object)
        return frame[["query", *LIST_COLUMNS]]

    def recommend_all(self, k: int = 10, display: Display | None = None) -> pd.DataFrame:
        """Complete every item of the catalogue, in `LIST_COLUMNS`."""
        codes, parts = np.arange(len(self.catalogue)), []
        ids = self.catalogue.items.to_numpy(dtype=object)
        with (display or Silent()).stage("lists", len(codes)) as advance:
            for block in np.array_split(codes, max(1, len(codes) // _AT_ONCE)):
                frame = self.lists_of(list(block[:, None]), at_least_one(k))
                frame["item"] = ids[block[frame["query"]]].astype(str)
                parts.append(frame[list(LIST_COLUMNS)])
                advance(len(block))
        return pd.concat(parts, ignore_index=True)


def ids_of(query: Query) -> list[str | int]:
    """Take an item for a cart of one."""
    return [query] if isinstance(query, str | int) else list(query)


def at_least_one(k: int) -> int:
    """Refuse to list nothing.

    Raises
    ------
    EventsError
    """
    if k < 1:
        raise EventsError(f"k is {k}; ask for one item or more")
    return k


def known_codes(
    catalogue: Catalogue, ids: Sequence[str | int], unknown: Unknown, empty_is_error: bool = True
) -> np.ndarray:
    """Turn ids into distinct codes in their order, `(n,) int64`.

    Parameters
    ----------
    catalogue : Catalogue
    ids : sequence of str
    unknown : {'raise', 'skip'}
        What to do with ids that the catalogue does not hold.
    empty_is_error : bool
        Whether ids that are all to be skipped raise nevertheless.

    Raises
    ------
    EventsError
        When there is no id at all.
    UnknownItem
    """
    if not ids:
        raise EventsError("the query is empty; give one item id or more")
    names = list(dict.fromkeys(str(name) for name in ids))
    if unknown == "raise":
        return catalogue.codes(names)
    positions = catalogue.items.get_indexer(pd.Index(names, dtype=catalogue.items.dtype))
    missing = [name for name, position in zip(names, positions, strict=True) if position < 0]
    if missing and len(missing) == len(names) and empty_is_error:
        raise UnknownItem(missing, skipped=True)
    if missing:
        warnings.warn(f"skipped unknown items: {', '.join(missing)}", GraphrecWarning, stacklevel=3)
    return np.asarray(positions[positions >= 0], dtype=np.int64)


def session_steps(session: Session) -> list[tuple[str, Kind]]:
    """Pair the ids of a session with their kinds; a bare id counts as a view.

    Raises
    ------
    EventsError
        Naming a kind that does not exist.
    """
    steps: list[tuple[str, Kind]] = []
    for step in session:
        item, kind = (step, "view") if isinstance(step, str | int) else step
        if kind not in KINDS:
            raise EventsError(f"session event of kind {kind!r}: use one of {', '.join(KINDS)}")
        steps.append((str(item), kind))
    return steps


def session_codes(catalogue: Catalogue, session: Session, unknown: Unknown) -> tuple[np.ndarray, np.ndarray]:
    """Turn the steps of a session into item codes and positions in `KINDS`, both `(n,) int64`.

    Parameters
    ----------
    catalogue : Catalogue
    session : sequence of str or (str, kind)
    unknown : {'raise', 'skip'}

    Raises
    ------
    EventsError, UnknownItem
    """
    steps = session_steps(session)
    codes = [known_codes(catalogue, [item], unknown, empty_is_error=False) for item, _ in steps]
    kinds = [np.full(len(code), KINDS.index(kind)) for code, (_, kind) in zip(codes, steps, strict=True)]
    nothing = np.zeros(0, dtype=np.int64)
    return np.concatenate([nothing, *codes]), np.concatenate([nothing, *kinds])

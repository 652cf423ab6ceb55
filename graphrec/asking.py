"""External ids -> codes, checked: what may be asked of a recommender."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from graphrec.errors import EventsError, GraphrecWarning, UnknownItem
from graphrec.events import KINDS, Catalogue, Kind

Unknown = Literal["raise", "skip"]
Query = str | int | Sequence[str | int]
Session = Sequence[str | tuple[str, Kind]]


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
        raise UnknownItem(missing)
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

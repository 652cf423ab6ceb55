"""Settings of the lists that a shopper sees."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from graphrec.config.section import Section


class ListsConfig(Section):
    """From scored candidates to a shopper's list."""

    specificity: float | None = Field(None, ge=0, le=5)
    """How much of what anyone buys is taken off before candidates are ordered: by P(j | i) - specificity * P(j). 0
    orders by what is bought most with an item; None: chosen when the model is fitted."""
    near_duplicates: Literal["keep", "one"] = "one"
    """'one': the first five places, which a page shows, hold no other pack of the query and one pack of a thing; the
    others follow. 'keep' leaves them where they are."""
    staples: Literal["keep", "demote", "drop"] = "demote"
    """What becomes of a staple, such as a carrier bag: an item of more than `staple_share` of all baskets that is
    bought with the query no oftener than chance explains. 'demote' lists it behind all that the query makes likelier,
    'drop' only where the shop has nothing else, 'keep' where its probability puts it."""
    staple_share: float = Field(0.2, gt=0, le=1)
    """Share of all baskets from which on an item may be a staple."""
    min_types: int = Field(3, ge=1, le=10)
    """Types that the first ten places of a list hold at least, where there are so many; 1: relevance alone."""
    one_way: bool = False
    """Whether what is clearly bought before an item stays out of its list: the memory card for the camera, and not
    back."""

"""Scored candidates -> a shopper's list: what may stand beside what."""

from graphrec.lists.near_duplicates import NearDuplicates
from graphrec.lists.variety import varied

__all__ = ["NearDuplicates", "varied"]

"""Scored candidates -> a shopper's list: what may stand beside what, and in which order."""

from graphrec.lists.near_duplicates import NearDuplicates
from graphrec.lists.ranking import ListRules, Ranking, rank_at_specificities
from graphrec.lists.staples import Staples

__all__ = ["ListRules", "NearDuplicates", "Ranking", "Staples", "rank_at_specificities"]

"""Scored candidates -> a shopper's list: what may stand beside what."""

from graphrec.lists.near_duplicates import NearDuplicates

__all__ = ["NearDuplicates"]

"""Vectors -> nearest, through Annoy and the exact search that it is measured against."""

from graphrec.retrieval.banded_index import BandedIndex, lay_out_by_size
from graphrec.retrieval.index import AnnoyIndex, ExactIndex, Index, is_large, recall_against_exact

__all__ = ["AnnoyIndex", "BandedIndex", "ExactIndex", "Index", "is_large", "lay_out_by_size", "recall_against_exact"]

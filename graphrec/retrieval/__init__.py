"""Embeddings -> neighbours and candidates, through Annoy and the exact search that it is measured against."""

from graphrec.retrieval.banded_index import BandedIndex, lay_out_by_size
from graphrec.retrieval.candidates import Candidates, CandidateSource, retrieve
from graphrec.retrieval.complement_index import ComplementIndex, build_forests
from graphrec.retrieval.index import AnnoyIndex, ExactIndex, Index, recall_against_exact
from graphrec.retrieval.look_alikes import Lenders

__all__ = [
    "AnnoyIndex",
    "BandedIndex",
    "CandidateSource",
    "Candidates",
    "ComplementIndex",
    "ExactIndex",
    "Index",
    "Lenders",
    "build_forests",
    "lay_out_by_size",
    "recall_against_exact",
    "retrieve",
]

"""Embeddings, graph and log -> what completes an item, as probabilities."""

from typing import TYPE_CHECKING

from graphrec.complements.candidates import Candidates, collect_candidates, describe_pairs
from graphrec.complements.complement_model import ComplementModel, what_anyone_buys
from graphrec.complements.counts.memory import Memory
from graphrec.complements.known_items import KnownItems, QueryItems
from graphrec.complements.members import Members
from graphrec.complements.neighbours.look_alikes import Lenders
from graphrec.complements.query_rows import QueryRows
from graphrec.complements.ranker import Ranker
from graphrec.complements.snapshot import Snapshot
from graphrec.compute.late import late

if TYPE_CHECKING:
    from graphrec.complements.learning import LearnedOrder, learn_to_rank

__all__ = [
    "Candidates",
    "ComplementModel",
    "KnownItems",
    "LearnedOrder",
    "Lenders",
    "Members",
    "Memory",
    "QueryItems",
    "QueryRows",
    "Ranker",
    "Snapshot",
    "collect_candidates",
    "describe_pairs",
    "learn_to_rank",
    "what_anyone_buys",
]

__getattr__ = late(__name__, {"learning": ("LearnedOrder", "learn_to_rank")})

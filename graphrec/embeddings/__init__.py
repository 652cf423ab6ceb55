"""Item matrix + similar links -> embeddings, with GraphSAGE."""

from graphrec.embeddings.fitting import EncoderFit, fit_encoder, seen_links
from graphrec.embeddings.graphsage import GraphSage
from graphrec.embeddings.sampling import Adjacency

__all__ = ["Adjacency", "EncoderFit", "GraphSage", "fit_encoder", "seen_links"]

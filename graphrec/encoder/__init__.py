"""Item matrix + similar links -> embeddings, with GraphSAGE."""

from graphrec.encoder.fitting import EncoderFit, fit_encoder, seen_links
from graphrec.encoder.graphsage import GraphSage
from graphrec.encoder.sampling import Adjacency

__all__ = ["Adjacency", "EncoderFit", "GraphSage", "fit_encoder", "seen_links"]

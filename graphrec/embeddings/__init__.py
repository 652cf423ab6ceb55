"""Item matrix + similar links -> embeddings, with GraphSAGE."""

from typing import TYPE_CHECKING

from graphrec.compute.late import late

if TYPE_CHECKING:
    from graphrec.embeddings.fitting import EncoderFit, fit_encoder, seen_links
    from graphrec.embeddings.graphsage import GraphSage
    from graphrec.embeddings.neighbourhoods import Adjacency

__all__ = ["Adjacency", "EncoderFit", "GraphSage", "fit_encoder", "seen_links"]

__getattr__ = late(
    __name__,
    {
        "fitting": (
            "EncoderFit",
            "fit_encoder",
            "seen_links",
        ),
        "graphsage": ("GraphSage",),
        "neighbourhoods": ("Adjacency",),
    },
)

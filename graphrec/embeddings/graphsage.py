"""GraphSAGE: an item's features and those of its similar items -> a point on the unit sphere."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch_geometric.nn import SAGEConv

from graphrec.embeddings.csr import CsrMatrix
from graphrec.embeddings.sampling import Adjacency, Block


class GraphSage(nn.Module):
    r"""Two mean-aggregating layers (Hamilton, Ying and Leskovec 2017) beside a path of the item's own features.

    .. math::
        h = \mathrm{relu}(W x), \quad e = \mathrm{normalise}(\mathrm{SAGE}_2(\mathrm{SAGE}_1(h)) + V x)

    An item without neighbours aggregates zeros and is placed by its features alone.

    Parameters
    ----------
    features : int
        Columns of the item matrix.
    hidden, dim : int
        Width inside and of the embedding.
    """

    def __init__(self, features: int, hidden: int, dim: int) -> None:
        super().__init__()
        self.enter = nn.Linear(features, hidden)
        self.first = SAGEConv(hidden, hidden, aggr="mean")
        self.second = SAGEConv(hidden, dim, aggr="mean")
        self.own = nn.Linear(features, dim)

    def forward(self, features: Tensor, first: Block, second: Block) -> Tensor:
        """Embed the seeds of sampled blocks.

        Parameters
        ----------
        features : Tensor
            `(items, features) float32`, the whole item matrix.
        first, second : Block
            As `sample_blocks` draws them.

        Returns
        -------
        Tensor
            `(seeds, dim) float32`, unit length.
        """
        x = features[first.sources]
        h = F.relu_(self.enter(x))
        # index_select, unlike h[...], has a backward pass that is both repeatable and fast.
        h = F.relu_(_layer(self.first, first.matrix @ h, h.index_select(0, first.targets)))
        own = self.own(x[first.targets[second.targets]])
        return _unit(_layer(self.second, second.matrix @ h, h.index_select(0, second.targets)) + own)

    def whole(self, features: Tensor, neighbours: CsrMatrix) -> Tensor:
        """Embed every item with all its neighbours, `(items, dim) float32`, unit length.

        Parameters
        ----------
        features : Tensor
            `(items, features) float32`.
        neighbours : CsrMatrix
            `(items, items)`, rows are means.
        """
        h = F.relu_(self.enter(features))
        h = F.relu_(_layer(self.first, neighbours @ h, h))
        return _unit(_layer(self.second, neighbours @ h, h) + self.own(features))

    def alone(self, features: Tensor) -> Tensor:
        """Embed items by their features alone, `(rows, dim) float32`, unit length."""
        h = F.relu_(self.enter(features))
        nobody = h.new_zeros(1, h.shape[1])
        h = F.relu_(_layer(self.first, nobody, h))
        return _unit(_layer(self.second, nobody, h) + self.own(features))

    @torch.no_grad()
    def embed_all(self, features: Tensor, graph: Adjacency) -> Tensor:
        """Embed every item with all its neighbours, without gradients, `(items, dim) float32`, unit length."""
        return self.whole(features, graph.mean_matrix())

    @torch.no_grad()
    def embed_alone(self, features: Tensor) -> Tensor:
        """Embed items by their features alone, without gradients, `(rows, dim) float32`, unit length."""
        return self.alone(features)


def _layer(layer: SAGEConv, neighbours: Tensor, own: Tensor) -> Tensor:
    """Apply a layer to means that are already taken.

    SAGEConv would pass messages by edge_index, which writes one vector per link, or by a sparse tensor, which torch
    transposes in every backward pass.
    """
    # In place where a layer writes as many numbers as the whole graph has: fresh memory costs more than the sum.
    combined: Tensor = layer.lin_r(own)
    return combined.add_(layer.lin_l(neighbours))


def _unit(vectors: Tensor) -> Tensor:
    return F.normalize(vectors.float(), dim=-1)

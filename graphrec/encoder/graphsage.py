"""GraphSAGE: an item's features and those of its similar items -> a point on the unit sphere."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch_geometric.nn import SAGEConv

from graphrec.encoder.sampling import Adjacency, Block


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
        h = F.relu(self.enter(x))
        # index_select, unlike h[...], has a backward pass that is both repeatable and fast.
        h = F.relu(self.first((h, h.index_select(0, first.targets)), first.edge_index))
        own = self.own(x[first.targets[second.targets]])
        return F.normalize(self.second((h, h.index_select(0, second.targets)), second.edge_index) + own, dim=-1)

    @torch.no_grad()
    def embed_all(self, features: Tensor, graph: Adjacency) -> Tensor:
        """Embed every item with all its neighbours, layer by layer, `(items, dim) float32`, unit length."""
        adjacency = graph.mean_matrix()
        h = F.relu(self.enter(features))
        h = F.relu(self.first((h, h), adjacency))
        return F.normalize(self.second((h, h), adjacency) + self.own(features), dim=-1)

    @torch.no_grad()
    def embed_alone(self, features: Tensor) -> Tensor:
        """Embed items by their features alone, `(rows, dim) float32`, unit length."""
        nobody = torch.zeros((2, 0), dtype=torch.long)
        h = F.relu(self.enter(features))
        h = F.relu(self.first((h, h), nobody))
        return F.normalize(self.second((h, h), nobody) + self.own(features), dim=-1)

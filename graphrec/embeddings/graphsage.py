"""GraphSAGE: an item's features and those of its similar items -> a point on the unit sphere."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch_geometric.nn import SAGEConv
from torch_geometric.typing import Adj, OptPairTensor

from graphrec.embeddings.neighbourhoods import Adjacency, Neighbourhood, from_zero, whole_neighbourhood


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
        self.first = CsrSageConv(hidden, hidden)
        self.second = CsrSageConv(hidden, dim)
        self.own = nn.Linear(features, dim)

    def forward(self, features: Tensor, near: Neighbourhood) -> Tensor:
        """Embed the seeds of a neighbourhood, `(seeds, dim) float32`, unit length.

        Parameters
        ----------
        features : Tensor
            `(items, features) float32`, the whole item matrix.
        near : Neighbourhood
        """
        first, second = near.first, near.second
        x = features.index_select(0, near.items)
        h = F.relu_(self.enter(x))
        # index_select, unlike h[...], has a backward pass that is both repeatable and fast.
        h = F.relu_(self.first((h, h.index_select(0, first.targets)), first.adjacency))
        own = self.own(x.index_select(0, first.targets.index_select(0, second.targets)))
        vectors = self.second((h, h.index_select(0, second.targets)), second.adjacency) + own
        return F.normalize(vectors.float(), dim=-1)

    @torch.no_grad()
    def embed_all(self, features: Tensor, graph: Adjacency) -> Tensor:
        """Embed every item with all its neighbours, without gradients, `(items, dim) float32`, unit length."""
        embeddings: Tensor = self(features, whole_neighbourhood(graph))
        return embeddings

    @torch.no_grad()
    def embed_alone(self, features: Tensor) -> Tensor:
        """Embed items by their features alone, without gradients, `(rows, dim) float32`, unit length."""
        nobody = torch.zeros(len(features) + 1, dtype=torch.long)
        return self.embed_all(features, Adjacency(nobody, nobody[:0]))


class CsrSageConv(SAGEConv):  # type: ignore[misc]  # torch-geometric is not read by mypy
    r"""`SAGEConv` over a sparse CSR adjacency, whose values are the weights of the neighbours.

    .. math::
        y_i = W_l \sum_j a_{ij} x_j + b + W_r x_i

    Messages and their sum are one product, as in `SAGEConv`, but not by `torch.sparse.mm`: that has no bfloat16 on a
    CPU, and an epoch with it takes about 1.2 times as long, see `scripts/benchmark_train.py`.

    Parameters
    ----------
    read, write : int
        Width of x and of y.
    """

    def __init__(self, read: int, write: int) -> None:
        super().__init__(read, write, aggr="sum")

    def message_and_aggregate(self, adj_t: Adj, x: OptPairTensor) -> Tensor:
        """Sum up the weighted vectors of the neighbours, `(targets, read)`."""
        product: Tensor = _Product.apply(x[0], adj_t)  # type: ignore[no-untyped-call]
        return product


class _Product(torch.autograd.Function):
    """`y = A x`, `dx = A' dy`, each by rows, so that the sums are the same at every run."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, dense: Tensor, matrix: Tensor) -> Tensor:
        ctx.matrix = matrix  # type: ignore[attr-defined]
        return _row_sums(matrix.crow_indices(), matrix.col_indices(), matrix.values(), dense)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> tuple[Tensor, None]:
        matrix: Tensor = ctx.matrix  # type: ignore[attr-defined]
        column, row = matrix.col_indices(), torch.repeat_interleave(matrix.crow_indices().diff())
        order = torch.argsort(column, stable=True)
        indptr = from_zero(torch.bincount(column, minlength=matrix.shape[1]))
        return _row_sums(indptr, row[order], matrix.values()[order], gradients[0].contiguous()), None


def _row_sums(indptr: Tensor, indices: Tensor, values: Tensor, dense: Tensor) -> Tensor:
    """Multiply a matrix in compressed rows with a dense one."""
    if not len(indices):
        return dense.new_zeros(len(indptr) - 1, dense.shape[1])
    weights = values.to(dense.dtype)
    return F.embedding_bag(indices, dense, indptr, mode="sum", include_last_offset=True, per_sample_weights=weights)

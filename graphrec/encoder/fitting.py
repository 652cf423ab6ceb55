"""Training GraphSAGE on similar links, so that substitutes lie together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from graphrec.config import EncoderConfig
from graphrec.encoder.graphsage import GraphSage
from graphrec.encoder.sampling import Adjacency, sample_blocks
from graphrec.graph import Pairs
from graphrec.progress import Display
from graphrec.training import Curve, draw_weighted, repeatable, sampled_softmax_loss, train

_HELD_OUT = 0.05
"""Share of the similar links that are neither trained on nor passed messages along while training."""


@dataclass(frozen=True)
class EncoderFit:
    """A trained encoder with the embeddings of the catalogue it was trained on.

    Parameters
    ----------
    model : GraphSage
    embeddings : ndarray
        `(items, dim) float32`, unit length, each item with its neighbours.
    alone : ndarray
        The same from features alone: what the items would be had nobody touched them.
    curve : Curve
    """

    model: GraphSage
    embeddings: np.ndarray
    alone: np.ndarray
    curve: Curve


@dataclass(frozen=True)
class _PairBatch:
    left: Tensor
    right: Tensor


def fit_encoder(
    item_matrix: np.ndarray, similar: Pairs, config: EncoderConfig, seed: int, display: Display
) -> EncoderFit:
    """Train on similar links only: in-batch negatives, popularity correction, neighbour dropout.

    Parameters
    ----------
    item_matrix : ndarray
        `(items, features) float32`.
    similar : Pairs
        At least one link.
    config : EncoderConfig
    seed : int
    display : Display
    """
    features = torch.from_numpy(np.ascontiguousarray(item_matrix))
    held_out = _held_out_links(similar, seed)
    rows, targets = torch.from_numpy(similar.rows), torch.from_numpy(similar.indices.astype(np.int64))
    train_edges = np.flatnonzero(~held_out)
    cumulative = torch.from_numpy(np.sqrt(similar.weight[train_edges].astype(np.float64)).cumsum())
    edges = torch.from_numpy(train_edges)
    graph = Adjacency.from_pairs(similar, ~held_out & config.neighbours)
    log_frequency = _log_frequency(similar, train_edges)
    steps = max(1, min(config.pairs_per_epoch, len(train_edges)) // config.batch)
    with repeatable(seed) as generator:
        model = GraphSage(item_matrix.shape[1], config.hidden, config.dim)

        def batches() -> Iterator[_PairBatch]:
            for _ in range(steps):
                edge = edges[draw_weighted(cumulative, config.batch, generator)]
                yield _PairBatch(rows[edge], targets[edge])

        def loss(batch: _PairBatch) -> Tensor:
            return _pair_loss(model, features, graph, batch, log_frequency, config, generator)

        check = _validation_batches(similar, held_out, config.batch, seed)

        def validate() -> float:
            fixed = torch.Generator().manual_seed(seed + 1)
            losses = [float(_pair_loss(model, features, graph, batch, log_frequency, config, fixed)) for batch in check]
            return float(np.mean(losses)) if losses else 0.0

        curve = train(
            model,
            batches,
            steps,
            loss,
            validate,
            config.epochs,
            config.learning_rate,
            "encoder (GraphSAGE)",
            display,
        )
        embeddings = model.embed_all(features, seen_links(similar, config)).numpy()
        alone = model.embed_alone(features).numpy()
    return EncoderFit(model, embeddings, alone, curve)


def seen_links(similar: Pairs, config: EncoderConfig) -> Adjacency:
    """Return the links along which items see their neighbours: all, or none where `encoder.neighbours` is off."""
    return Adjacency.from_pairs(similar, np.full(len(similar), config.neighbours))


def _pair_loss(
    model: GraphSage,
    features: Tensor,
    graph: Adjacency,
    batch: _PairBatch,
    log_frequency: Tensor,
    config: EncoderConfig,
    generator: torch.Generator,
) -> Tensor:
    """Tell each item's similar partner from the partners of the other pairs of the batch."""
    seeds, hidden = torch.cat([batch.left, batch.right]), torch.cat([batch.right, batch.left])
    alone = torch.rand(len(seeds), generator=generator) < config.neighbour_dropout
    first, second = sample_blocks(graph, seeds, hidden, alone, config.fan_out, generator)
    left, right = model(features, first, second).chunk(2)
    same = (batch.right[:, None] == batch.right) & ~torch.eye(len(batch.right), dtype=torch.bool)
    collision = same | (batch.left[:, None] == batch.right)
    return sampled_softmax_loss(left @ right.T / config.temperature, log_frequency[batch.right], collision)


def _held_out_links(similar: Pairs, seed: int) -> np.ndarray:
    """Choose links by a hash of the unordered pair, so that both directions go together."""
    low, high = np.minimum(similar.rows, similar.indices), np.maximum(similar.rows, similar.indices)
    key = pd.util.hash_array((low * similar.items + high + seed).astype(np.uint64))
    return np.asarray(key % 10_000 < _HELD_OUT * 10_000)


def _log_frequency(similar: Pairs, edges: np.ndarray) -> Tensor:
    """Log of the share of draws in which an item is the partner; one more draw for each keeps it finite."""
    weight = np.sqrt(similar.weight[edges].astype(np.float64))
    drawn = np.bincount(similar.indices[edges], weight, minlength=similar.items)
    share = (drawn + drawn.sum() / max(len(drawn), 1) * 1e-3) / max(drawn.sum(), 1e-12)
    return torch.from_numpy(np.log(np.maximum(share, 1e-12)).astype(np.float32))


def _validation_batches(similar: Pairs, held_out: np.ndarray, size: int, seed: int) -> list[_PairBatch]:
    """Cut the held-out links into at most eight shuffled batches."""
    links = np.flatnonzero(held_out & (similar.rows < similar.indices))
    links = np.random.default_rng(seed).permutation(links)[: 8 * size]
    left = torch.split(torch.from_numpy(similar.rows[links]), size)
    right = torch.split(torch.from_numpy(similar.indices[links].astype(np.int64)), size)
    return [_PairBatch(a, b) for a, b in zip(left, right, strict=True) if len(a) > 1]

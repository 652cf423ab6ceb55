"""Training GraphSAGE on similar links, so that substitutes lie together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from graphrec.compute.hardware import Hardware
from graphrec.compute.ragged import blocks
from graphrec.compute.run import Run
from graphrec.compute.training import (
    Curve,
    Schedule,
    draw_weighted,
    mean_loss,
    repeatable,
    sampled_softmax_loss,
    train,
)
from graphrec.config import EncoderConfig
from graphrec.embeddings.graphsage import GraphSage
from graphrec.embeddings.sampling import Adjacency, Block, sample_blocks
from graphrec.embeddings.whole_graph import HidingGraph, embed_seeds
from graphrec.graph import Pairs


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
    """Similar pairs and what the model is shown of them.

    Parameters
    ----------
    left, right : Tensor
        `(n,) int64`.
    alone : Tensor
        `(2n,) bool`, which of left and right are shown without neighbours.
    seen : tuple of Block or Tensor
        The sampled surroundings of left and right; where the whole graph is embedded, the links to hide.
    """

    left: Tensor
    right: Tensor
    alone: Tensor
    seen: tuple[Block, Block] | Tensor


_Show = Callable[[Tensor, Tensor, Tensor, torch.Generator], _PairBatch]
"""Left, right, their places among the links trained on (none when held out), a generator -> a batch."""
_Embed = Callable[[_PairBatch], Tensor]
"""A batch -> embeddings of left and right, one under the other."""


def fit_encoder(item_matrix: np.ndarray, similar: Pairs, config: EncoderConfig, run: Run) -> EncoderFit:
    """Train on similar links only: in-batch negatives, popularity correction, neighbour dropout.

    Parameters
    ----------
    item_matrix : ndarray
        `(items, features) float32`.
    similar : Pairs
        At least one link.
    config : EncoderConfig
    run : Run
    """
    if not config.neighbours:
        config = config.model_copy(update={"neighbour_dropout": 1.0})
    features = torch.from_numpy(np.ascontiguousarray(item_matrix))
    held_out = _held_out_links(similar, config.validation, run.seed)
    with repeatable(run) as generator:
        model = GraphSage(item_matrix.shape[1], config.hidden, config.dim)
        mode = _whole_graph if _is_whole(similar.items, config) else _sampled_graph
        show, embed = mode(model, features, similar, ~held_out, config, run.hardware)
        links = _Links.of(similar, np.flatnonzero(~held_out))
        check = _validation_batches(show, similar, held_out, config, run)
        task = _EncoderTask(model, links, show, embed, run.hardware.moved(links.log_frequency), check, config, run)
        curve = train(task, run, generator)
        embeddings = model.embed_all(features, seen_links(similar, config)).numpy()
        alone = model.embed_alone(features).numpy()
    return EncoderFit(model, embeddings, alone, curve)


@dataclass(frozen=True)
class _Links:
    """The links that are trained on.

    Parameters
    ----------
    left, right : Tensor
        `(links,) int64`.
    cumulative : Tensor
        `(links,) float64`, running sum of the weights by which they are drawn.
    log_frequency : Tensor
        `(items,) float32`, see `_log_frequency`.
    items : int
    """

    left: Tensor
    right: Tensor
    cumulative: Tensor
    log_frequency: Tensor
    items: int

    @classmethod
    def of(cls, similar: Pairs, edges: np.ndarray) -> _Links:
        return cls(
            torch.from_numpy(similar.rows[edges]),
            torch.from_numpy(similar.indices[edges].astype(np.int64)),
            torch.from_numpy(np.sqrt(similar.weight[edges].astype(np.float64)).cumsum()),
            _log_frequency(similar, edges),
            similar.items,
        )

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True)
class _EncoderTask:
    """Similar pairs, each partner told from those of the other pairs."""

    model: GraphSage
    links: _Links
    show: _Show
    embed: _Embed
    log_frequency: Tensor
    check: list[_PairBatch]
    config: EncoderConfig
    run: Run

    @property
    def pairs(self) -> int:
        """Pairs per step."""
        return _pairs_per_step(self.links.items, len(self.links), self.config)

    @property
    def schedule(self) -> Schedule:
        steps = max(1, min(self.config.pairs_per_epoch, len(self.links)) // self.pairs)
        # A mean over more pairs can be trusted further.
        rate = self.config.learning_rate * math.sqrt(self.pairs / self.config.batch)
        return Schedule("encoder (GraphSAGE)", steps, self.config.epochs, rate)

    def batches(self, generator: torch.Generator) -> Iterator[_PairBatch]:
        links, share = self.links, self.run.hardware.share_of(self.pairs)
        for _ in range(self.schedule.steps):
            link = draw_weighted(links.cumulative, share, generator)
            yield self.show(links.left[link], links.right[link], link, generator)

    def loss(self, batch: _PairBatch) -> Tensor:
        left, right = self.embed(batch).chunk(2)
        return _pair_loss(left, right, batch, self.log_frequency, self.config)

    def validate(self) -> float:
        return mean_loss(self, self.check)


def seen_links(similar: Pairs, config: EncoderConfig) -> Adjacency:
    """Return the links along which items see their neighbours: all, or none where `encoder.neighbours` is off."""
    return Adjacency.from_pairs(similar, np.full(len(similar), config.neighbours))


def _is_whole(items: int, config: EncoderConfig) -> bool:
    return items < config.whole_graph_below


def _pairs_per_step(items: int, links: int, config: EncoderConfig) -> int:
    """Put batches together where the whole graph is embedded, as long as a step hides little of it."""
    together = config.whole_graph_batches if _is_whole(items, config) else 1
    return config.batch * max(1, min(together, links // (config.hides_one_in * config.batch)))


def _whole_graph(
    model: GraphSage, features: Tensor, similar: Pairs, kept: np.ndarray, config: EncoderConfig, hardware: Hardware
) -> tuple[_Show, _Embed]:
    graph, features = hardware.moved(HidingGraph.from_pairs(similar, kept)), hardware.moved(features)

    def show(left: Tensor, right: Tensor, link: Tensor, draws: torch.Generator) -> _PairBatch:
        return _PairBatch(left, right, torch.rand(2 * len(left), generator=draws) < config.neighbour_dropout, link)

    def embed(batch: _PairBatch) -> Tensor:
        matrix = graph.without(cast(Tensor, batch.seen))
        return embed_seeds(model, features, matrix, torch.cat([batch.left, batch.right]), batch.alone)

    return show, embed


def _sampled_graph(
    model: GraphSage, features: Tensor, similar: Pairs, kept: np.ndarray, config: EncoderConfig, hardware: Hardware
) -> tuple[_Show, _Embed]:
    graph, features = Adjacency.from_pairs(similar, kept), hardware.moved(features)

    def show(left: Tensor, right: Tensor, link: Tensor, draws: torch.Generator) -> _PairBatch:
        seeds, hidden = torch.cat([left, right]), torch.cat([right, left])
        alone = torch.rand(len(seeds), generator=draws) < config.neighbour_dropout
        return _PairBatch(left, right, alone, sample_blocks(graph, seeds, hidden, alone, config.fan_out, draws))

    def embed(batch: _PairBatch) -> Tensor:
        embeddings: Tensor = model(features, *cast(tuple[Block, Block], batch.seen))
        return embeddings

    return show, embed


def _pair_loss(left: Tensor, right: Tensor, batch: _PairBatch, log_frequency: Tensor, config: EncoderConfig) -> Tensor:
    """Tell each item's similar partner from the partners of the other pairs, `config.batch` of them at a time."""
    losses = []
    # A loop over the few batches that share a step: all at once would need the square of their pairs.
    for part in blocks(len(left), config.batch):
        source, partner = batch.left[part], batch.right[part]
        same = (partner[:, None] == partner) & ~torch.eye(len(partner), dtype=torch.bool, device=partner.device)
        collision = same | (source[:, None] == partner)
        scores = left[part] @ right[part].T / config.temperature
        losses.append(sampled_softmax_loss(scores, log_frequency[partner], collision))
    return torch.stack(losses).mean()


def _held_out_links(similar: Pairs, share: float, seed: int) -> np.ndarray:
    """Choose links by a hash of the unordered pair, so that both directions go together."""
    low, high = np.minimum(similar.rows, similar.indices), np.maximum(similar.rows, similar.indices)
    key = pd.util.hash_array((low * similar.items + high + seed).astype(np.uint64))
    return np.asarray(key % 10_000 < share * 10_000)


def _log_frequency(similar: Pairs, edges: np.ndarray) -> Tensor:
    """Log of the share of draws in which an item is the partner; one more draw for each keeps it finite."""
    weight = np.sqrt(similar.weight[edges].astype(np.float64))
    drawn = np.bincount(similar.indices[edges], weight, minlength=similar.items)
    share = (drawn + drawn.sum() / max(len(drawn), 1) * 1e-3) / max(drawn.sum(), 1e-12)
    return torch.from_numpy(np.log(np.maximum(share, 1e-12)).astype(np.float32))


def _validation_batches(
    show: _Show, similar: Pairs, held_out: np.ndarray, config: EncoderConfig, run: Run
) -> list[_PairBatch]:
    """Cut the held-out links, at most `encoder.validation_batches` batches of them, into shuffled parts."""
    most = config.validation_batches * config.batch
    at_once = most if _is_whole(similar.items, config) else config.batch
    links = np.flatnonzero(held_out & (similar.rows < similar.indices))
    links = np.random.default_rng(run.seed).permutation(links)[:most]
    left = torch.split(torch.from_numpy(similar.rows[links]), at_once)
    right = torch.split(torch.from_numpy(similar.indices[links].astype(np.int64)), at_once)
    fixed, nothing = torch.Generator().manual_seed(run.seed + 1), torch.zeros(0, dtype=torch.long)
    parts = [(a, b) for a, b in zip(left, right, strict=True) if len(a) > 1]
    return [run.hardware.moved(show(a, b, nothing, fixed)) for a, b in parts]

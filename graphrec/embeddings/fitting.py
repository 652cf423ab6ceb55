"""Training GraphSAGE on similar links, so that substitutes lie together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

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
from graphrec.embeddings.neighbourhoods import Adjacency, Neighbourhood, neighbourhood_of
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
    near : Neighbourhood
        Of left and right, one after the other.
    """

    left: Tensor
    right: Tensor
    near: Neighbourhood


def fit_encoder(item_matrix: np.ndarray, similar: Pairs, config: EncoderConfig, run: Run) -> EncoderFit:
    """Train on similar links only: in-batch negatives, popularity correction, neighbour dropout.

    Parameters
    ----------
    item_matrix : ndarray
        `(items, features) float32`.
    similar : Pairs
        Without a link to train on, the encoder stays as it began: it lays items as their features lie.
    config : EncoderConfig
    run : Run
    """
    if not config.neighbours:
        config = config.model_copy(update={"neighbour_dropout": 1.0})
    features = torch.from_numpy(np.ascontiguousarray(item_matrix))
    with repeatable(run) as generator:
        model = GraphSage(item_matrix.shape[1], config.hidden, config.dim)
        curve = train(_EncoderTask.of(model, features, similar, config, run), run, generator)
        embeddings = model.embed_all(features, seen_links(similar, config)).numpy()
        alone = model.embed_alone(features).numpy()
    return EncoderFit(model, embeddings, alone, curve)


@dataclass(frozen=True)
class _EncoderTask:
    """Similar pairs, each partner told from those of the other pairs."""

    model: GraphSage
    features: Tensor
    links: _TrainingLinks
    log_frequency: Tensor
    check: list[_PairBatch]
    config: EncoderConfig
    run: Run

    @classmethod
    def of(cls, model: GraphSage, features: Tensor, similar: Pairs, config: EncoderConfig, run: Run) -> _EncoderTask:
        held_out = _held_out_links(similar, config.validation, run.seed)
        links = _TrainingLinks.of(similar, ~held_out)
        fixed, nothing = torch.Generator().manual_seed(run.seed + 1), torch.zeros(0, dtype=torch.long)
        check = [
            run.hardware.moved(_show(links.graph, *pair, nothing, config, fixed))
            for pair in _validation_pairs(similar, held_out, config, run.seed)
        ]
        features, log_frequency = run.hardware.moved(features), run.hardware.moved(links.log_frequency)
        return cls(model, features, links, log_frequency, check, config, run)

    @property
    def pairs(self) -> int:
        """Pairs per step."""
        return _pairs_per_step(self.links.graph.items, len(self.links.rows), self.config)

    @property
    def schedule(self) -> Schedule:
        links = min(self.config.pairs_per_epoch, len(self.links.rows))
        # Where nothing is known to be similar there is no step, and items lie as their features lie.
        steps = max(min(1, links), links // self.pairs)
        # A mean over more pairs can be trusted further.
        rate = self.config.learning_rate * math.sqrt(self.pairs / self.config.batch)
        return Schedule("encoder (GraphSAGE)", steps, self.config.epochs, rate)

    def batches(self, generator: torch.Generator) -> Iterator[_PairBatch]:
        links, share = self.links, self.run.hardware.share_of(self.pairs)
        for _ in range(self.schedule.steps):
            link = draw_weighted(links.cumulative, share, generator)
            hidden = torch.cat([link, links.reverse[link]])
            yield _show(links.graph, links.rows[link], links.graph.indices[link], hidden, self.config, generator)

    def loss(self, batch: _PairBatch) -> Tensor:
        left, right = self.model(self.features, batch.near).chunk(2)
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


@dataclass(frozen=True)
class _TrainingLinks:
    """Similar links that are trained on and passed messages along.

    Parameters
    ----------
    graph : Adjacency
    rows : Tensor
        `(links,) int64`, the item that each link starts from.
    reverse : Tensor
        `(links,) int64`, place of the link in the other direction, its own where there is none.
    cumulative : Tensor
        `(links,) float64`, running sum of what a link is drawn by.
    log_frequency : Tensor
        `(items,) float32`, log of the share of draws in which an item is the partner.
    """

    graph: Adjacency
    rows: Tensor
    reverse: Tensor
    cumulative: Tensor
    log_frequency: Tensor

    @classmethod
    def of(cls, similar: Pairs, kept: np.ndarray) -> _TrainingLinks:
        """Take the links that a mask keeps; it keeps both directions of a pair or none."""
        links = np.flatnonzero(kept)
        rows, drawn = similar.rows[links], np.sqrt(similar.weight[links].astype(np.float64))
        back = similar.find(similar.indices[links], rows)
        return cls(
            Adjacency.from_pairs(similar, kept),
            torch.from_numpy(rows),
            torch.from_numpy(np.where(back >= 0, (np.cumsum(kept) - 1)[back], np.arange(len(links)))),
            torch.from_numpy(drawn.cumsum()),
            _log_frequency(np.bincount(similar.indices[links], drawn, minlength=similar.items)),
        )


def _show(
    graph: Adjacency, left: Tensor, right: Tensor, hidden: Tensor, config: EncoderConfig, draws: torch.Generator
) -> _PairBatch:
    """Choose what the model sees of left and right: all that is near, or a sample where the catalogue is large."""
    seeds = torch.cat([left, right])
    alone = torch.rand(len(seeds), generator=draws) < config.neighbour_dropout
    fan_out = None if _is_whole(graph.items, config) else config.fan_out
    return _PairBatch(left, right, neighbourhood_of(graph, seeds, alone, hidden, fan_out, draws))


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


def _log_frequency(drawn: np.ndarray) -> Tensor:
    """Log of the share of draws in which an item is the partner; one more draw for each keeps it finite."""
    share = (drawn + drawn.sum() / max(len(drawn), 1) * 1e-3) / max(drawn.sum(), 1e-12)
    return torch.from_numpy(np.log(np.maximum(share, 1e-12)).astype(np.float32))


def _validation_pairs(
    similar: Pairs, held_out: np.ndarray, config: EncoderConfig, seed: int
) -> list[tuple[Tensor, Tensor]]:
    """Cut the held-out links, at most `encoder.validation_batches` of them, into shuffled parts."""
    most = config.batch * config.validation_batches
    links = np.flatnonzero(held_out & (similar.rows < similar.indices))
    links = np.random.default_rng(seed).permutation(links)[:most]
    at_once = most if _is_whole(similar.items, config) else config.batch
    left = torch.split(torch.from_numpy(similar.rows[links]), at_once)
    right = torch.split(torch.from_numpy(similar.indices[links].astype(np.int64)), at_once)
    return [(a, b) for a, b in zip(left, right, strict=True) if len(a) > 1]

"""Time an encoder epoch beside the bare CSR products that it must do and torch-geometric's edge_index scatter.

python scripts/benchmark_train.py --items 200000 --links 4000000 --repeats 5

A random graph with heavy-tailed degrees and random features are made once. Then, by turns in one process:

graphrec     a whole-graph epoch by the package's own parts: links to be predicted are hidden, two-layer GraphSAGE over
             CSR, in-batch softmax, backward, clipping, AdamW
bare         the CSR products that this epoch cannot do without, forward and backward, on matrices laid out
             beforehand, and nothing else: by torch.sparse.mm, and by the embedding bag that graphrec itself uses
scatter      the same epoch, the same parameters, pairs and hidden links, by torch-geometric's SAGEConv over edge_index

The losses of graphrec and scatter are compared: both must have computed the same. --steps says how many whole-graph
steps an epoch has; all are alike, so that ratios do not depend on it. With --sampled, steps over sampled neighbours are
timed too (what larger catalogues are trained by), over CSR blocks and over the same blocks with scatter.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graphrec.compute.run import Run
from graphrec.compute.training import repeatable, sampled_softmax_loss
from graphrec.config import EncoderConfig
from graphrec.embeddings import Adjacency, GraphSage
from graphrec.embeddings.csr import CsrMatrix
from graphrec.embeddings.sampling import Block, sample_blocks
from graphrec.embeddings.whole_graph import HidingGraph, embed_seeds
from graphrec.graph import Pairs, top_pairs

CONFIG = EncoderConfig()
Epoch = Callable[[], tuple[float, float]]
"""Runs once: seconds, mean loss."""


def random_graph(items: int, links: int, seed: int) -> Pairs:
    """Draw `links` different directed links, each with its reverse; an item's degree falls with its rank's root."""
    rng = np.random.default_rng(seed)
    share = (1 / np.sqrt(np.arange(1, items + 1))).cumsum()
    ranked = rng.permutation(items)
    key = np.zeros(0, dtype=np.int64)
    while len(key) < links // 2:
        ends = ranked[np.searchsorted(share, rng.random((2, links)) * share[-1])]
        low, high = ends.min(axis=0), ends.max(axis=0)
        key = np.unique(np.concatenate([key, (low * items + high)[low < high]]))
    key = rng.permutation(key)[: links // 2]
    low, high = key // items, key % items
    weight = rng.exponential(size=len(key)).astype(np.float32)
    return top_pairs(
        items, np.concatenate([low, high]), np.concatenate([high, low]), np.concatenate([weight, weight]), {}, items
    )


def pair_loss(embeddings: Tensor, left: Tensor, right: Tensor, log_frequency: Tensor) -> Tensor:
    """Take the encoder's loss, a batch of pairs at a time."""
    losses = []
    ours, theirs = embeddings.chunk(2)
    for start in range(0, len(left), CONFIG.batch):
        part = slice(start, start + CONFIG.batch)
        source, partner = left[part], right[part]
        same = (partner[:, None] == partner) & ~torch.eye(len(partner), dtype=torch.bool)
        scores = ours[part] @ theirs[part].T / CONFIG.temperature
        losses.append(sampled_softmax_loss(scores, log_frequency[partner], same | (source[:, None] == partner)))
    return torch.stack(losses).mean()


def scattered(
    model: GraphSage, features: Tensor, graph: HidingGraph, link: Tensor, seeds: Tensor, alone: Tensor
) -> Tensor:
    """Embed as `embed_seeds` does, but send every message by itself with torch-geometric."""
    kept = torch.ones(len(graph.rows), dtype=torch.bool)
    kept[link], kept[graph.reverse[link]] = False, False
    edge_index = torch.stack([graph.matrix.indices[kept], graph.rows[kept]])
    h = F.relu(model.enter(features))
    h = F.relu(model.first(h, edge_index))
    vectors = F.normalize(model.second(h, edge_index) + model.own(features), dim=-1).index_select(0, seeds)
    where = alone.nonzero()[:, 0]
    return vectors.index_copy(0, where, model.alone(features.index_select(0, seeds[where])))


def scattered_blocks(model: GraphSage, features: Tensor, first: Block, second: Block) -> Tensor:
    """Embed sampled blocks by torch-geometric's layers over edge_index."""
    x = features[first.sources]
    h = F.relu(model.enter(x))
    h = F.relu(model.first((h, h.index_select(0, first.targets)), edge_index_of(first.matrix)))
    own = model.own(x[first.targets[second.targets]])
    out = model.second((h, h.index_select(0, second.targets)), edge_index_of(second.matrix))
    return F.normalize(out + own, dim=-1)


def edge_index_of(matrix: CsrMatrix) -> Tensor:
    """Write a CSR matrix as the pairs (column, row) of its entries."""
    return torch.stack([matrix.indices, torch.repeat_interleave(matrix.indptr.diff())])


def epoch_of(features: Tensor, steps: int, losses_of: Callable[[GraphSage], Iterator[Callable[[], Tensor]]]) -> Epoch:
    """Train a fresh model for an epoch; `losses_of` gives the loss of each step, which is called on the clock."""

    def run() -> tuple[float, float]:
        torch.manual_seed(0)
        model = GraphSage(features.shape[1], CONFIG.hidden, CONFIG.dim)
        optimizer = torch.optim.AdamW(model.parameters(), lr=CONFIG.learning_rate, weight_decay=1e-4)
        started, total = time.perf_counter(), 0.0
        for loss in losses_of(model):
            optimizer.zero_grad()
            value = loss()
            value.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            total += float(value.detach())
        return time.perf_counter() - started, total / steps

    return run


def bare(products: list[tuple[Tensor, Tensor, Tensor, Tensor]], steps: int, by_bag: bool) -> Epoch:
    """Multiply each CSR matrix with a dense one, `steps` times, and do nothing else."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse (CSR|invariant)")
        matrices = [
            torch.sparse_csr_tensor(indptr, indices, values, size=(len(indptr) - 1, len(dense)))
            for indptr, indices, values, dense in products
        ]

    def run() -> tuple[float, float]:
        started = time.perf_counter()
        for _ in range(steps):
            for matrix, (indptr, indices, values, dense) in zip(matrices, products, strict=True):
                if by_bag:
                    F.embedding_bag(
                        indices, dense, indptr, mode="sum", include_last_offset=True, per_sample_weights=values
                    )
                else:
                    torch.sparse.mm(matrix, dense)
        return time.perf_counter() - started, float("nan")

    return run


def whole_graph_rivals(pairs: Pairs, features: Tensor, steps: int, questions: int) -> dict[str, Epoch]:
    """Make the contestants of a whole-graph epoch; what each is asked is printed."""
    draws = torch.Generator().manual_seed(0)
    graph = HidingGraph.from_pairs(pairs, np.ones(len(pairs), dtype=bool))
    targets, log_frequency = graph.matrix.indices, torch.zeros(pairs.items)
    asked = [
        (torch.randint(len(pairs), (questions,), generator=draws), torch.rand(2 * questions, generator=draws) < 0.3)
        for _ in range(steps)
    ]

    def losses_by(scatter: bool) -> Callable[[GraphSage], Iterator[Callable[[], Tensor]]]:
        def losses_of(model: GraphSage) -> Iterator[Callable[[], Tensor]]:
            for link, alone in asked:

                def loss(link: Tensor = link, alone: Tensor = alone) -> Tensor:
                    left, right = graph.rows[link], targets[link]
                    seeds = torch.cat([left, right])
                    if scatter:
                        vectors = scattered(model, features, graph, link, seeds, alone)
                    else:
                        vectors = embed_seeds(model, features, graph.without(link), seeds, alone)
                    return pair_loss(vectors, left, right, log_frequency)

                yield loss

        return losses_of

    matrix, vectors = graph.matrix, torch.randn(pairs.items, CONFIG.hidden, generator=draws)
    ahead = (matrix.indptr, matrix.indices, matrix.values, vectors)
    back = (matrix.back_indptr, matrix.back_indices, matrix.back_values, vectors)
    print(
        f"whole graph: {steps} step(s), each {questions:,} pairs to predict, messages along all other links at both "
        f"layers, forward and backward\nbare: {2 * steps} products of a {pairs.items:,} x {pairs.items:,} matrix of "
        f"{len(pairs):,} entries, and {2 * steps} of its transpose, with a dense one of width {CONFIG.hidden}"
    )
    return {
        "graphrec": epoch_of(features, steps, losses_by(scatter=False)),
        "bare, torch.sparse.mm": bare([ahead, ahead, back, back], steps, by_bag=False),
        "bare, embedding_bag": bare([ahead, ahead, back, back], steps, by_bag=True),
        "edge_index scatter": epoch_of(features, steps, losses_by(scatter=True)),
    }


def sampled_rivals(pairs: Pairs, features: Tensor, steps: int) -> dict[str, Epoch]:
    """Make the contestants of an epoch of sampled neighbours; both sample anew, with the same draws."""
    rows, targets = torch.from_numpy(pairs.rows), torch.from_numpy(pairs.indices.astype(np.int64))
    graph, log_frequency = Adjacency.from_pairs(pairs), torch.zeros(pairs.items)

    def losses_by(scatter: bool) -> Callable[[GraphSage], Iterator[Callable[[], Tensor]]]:
        def losses_of(model: GraphSage) -> Iterator[Callable[[], Tensor]]:
            draws = torch.Generator().manual_seed(0)

            def loss() -> Tensor:
                link = torch.randint(len(pairs), (CONFIG.batch,), generator=draws)
                left, right = rows[link], targets[link]
                alone = torch.rand(2 * CONFIG.batch, generator=draws) < CONFIG.neighbour_dropout
                seeds, hidden = torch.cat([left, right]), torch.cat([right, left])
                blocks = sample_blocks(graph, seeds, hidden, alone, CONFIG.fan_out, draws)
                vectors = scattered_blocks(model, features, *blocks) if scatter else model(features, *blocks)
                return pair_loss(vectors, left, right, log_frequency)

            for _ in range(steps):
                yield loss

        return losses_of

    print(f"sampled: {steps} steps, each {CONFIG.batch} pairs to predict, {CONFIG.fan_out} neighbours")
    return {
        "graphrec": epoch_of(features, steps, losses_by(scatter=False)),
        "edge_index scatter": epoch_of(features, steps, losses_by(scatter=True)),
    }


def compare(rivals: dict[str, Epoch], repeats: int) -> None:
    """Run all by turns, once to warm up, and print medians and the medians of the ratios."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in rivals}
    for turn in range(repeats + 1):
        for name, epoch in rivals.items():
            measured = epoch()
            if turn:
                runs[name].append(measured)
    losses = [runs[name][0][1] for name in ("graphrec", "edge_index scatter")]
    if not np.isclose(*losses, rtol=1e-3):
        raise SystemExit(f"graphrec and scatter computed other things: losses {losses}")
    ours = np.array([seconds for seconds, _ in runs["graphrec"]])
    for name, measured in runs.items():
        seconds = np.array([one for one, _ in measured])
        print(
            f"{name:<22} {np.median(seconds):7.2f} s ({seconds.min():.2f}-{seconds.max():.2f}); "
            f"graphrec takes {np.median(ours / seconds):.2f} times as long"
        )
    print(f"mean loss of both trainings {losses[0]:.4f}")


def main() -> None:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--links", type=int, default=4_000_000, help="directed, each with its reverse")
    parser.add_argument("--features", type=int, default=163, help="columns of the item matrix")
    parser.add_argument("--steps", type=int, default=1, help="whole-graph steps of an epoch")
    parser.add_argument("--pairs", type=int, default=CONFIG.batch * CONFIG.whole_graph_batches, help="asked per step")
    parser.add_argument("--sampled", type=int, default=0, metavar="STEPS", help="time so many sampled steps too")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, help="default: as many as torch takes")
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    pairs = random_graph(asked.items, asked.links, 0)
    degree = np.diff(pairs.indptr)
    with repeatable(Run(0)) as generator:
        features = torch.randn(asked.items, asked.features, generator=generator)
        print(
            f"{asked.items:,} items, {len(pairs):,} links, degrees median {np.median(degree):.0f}, mean "
            f"{degree.mean():.0f}, highest {degree.max():,}; {torch.get_num_threads()} thread(s), {asked.repeats} runs"
        )
        compare(whole_graph_rivals(pairs, features, asked.steps, asked.pairs), asked.repeats)
        if asked.sampled:
            compare(sampled_rivals(pairs, features, asked.sampled), asked.repeats)


if __name__ == "__main__":
    main()

"""Time an encoder epoch by graphrec's product beside the same epoch by torch-geometric's own ways to pass messages.

python scripts/benchmark_train.py --items 200000 --links 4000000 --repeats 5

A random graph with heavy-tailed degrees and random features are made once. Then, by turns in one process, the same
epoch of the package's own parts: neighbourhoods of the pairs to be predicted are laid out, two-layer GraphSAGE,
in-batch softmax, backward, clipping, AdamW. Only the layers differ, each a SAGEConv with the same parameters:

graphrec          over a CSR adjacency, by the embedding bag of `CsrSageConv`
torch.sparse.mm   over a CSR adjacency, by what SAGEConv itself does with it; transposes in every backward pass
edge_index        one message per link, gathered and scattered

All losses are compared: all must have computed the same. A step sees all neighbours, as on catalogues below
`encoder.whole_graph_below`; --steps says how many an epoch has; all are alike, so that ratios do not depend on it.
With --sampled, so many steps over sampled neighbours are timed too, what larger catalogues are trained by.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch_geometric.nn import SAGEConv

from graphrec.compute.run import Run
from graphrec.compute.training import repeatable, sampled_softmax_loss
from graphrec.config import EncoderConfig
from graphrec.embeddings import Adjacency, GraphSage
from graphrec.embeddings.graphsage import CsrSageConv
from graphrec.embeddings.neighbourhoods import neighbourhood_of
from graphrec.graph import Pairs, top_pairs

CONFIG = EncoderConfig()


class ByEdgeIndex(SAGEConv):
    """SAGEConv that is shown each link of the adjacency by itself."""

    def __init__(self, read: int, write: int) -> None:
        super().__init__(read, write, aggr="mean")

    def forward(self, x: tuple[Tensor, Tensor], adjacency: Tensor) -> Tensor:
        """Pass messages along (column, row) of the entries."""
        row = torch.repeat_interleave(adjacency.crow_indices().diff())
        return super().forward(x, torch.stack([adjacency.col_indices(), row]))


RIVALS: dict[str, Callable[[int, int], SAGEConv]] = {
    "graphrec": CsrSageConv,
    "torch.sparse.mm": lambda read, write: SAGEConv(read, write, aggr="sum"),
    "edge_index": ByEdgeIndex,
}


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


def model_with(layer: Callable[[int, int], SAGEConv], features: int) -> GraphSage:
    """Make the same GraphSAGE with another kind of layer."""
    torch.manual_seed(0)
    model = GraphSage(features, CONFIG.hidden, CONFIG.dim)
    for name, width in (("first", CONFIG.hidden), ("second", CONFIG.dim)):
        other = layer(CONFIG.hidden, width)
        other.load_state_dict(getattr(model, name).state_dict())
        setattr(model, name, other)
    return model


def epoch(
    layer: Callable[[int, int], SAGEConv],
    pairs: Pairs,
    features: Tensor,
    steps: int,
    asked: int,
    fan_out: tuple[int, int] | None,
) -> tuple[float, float]:
    """Train a fresh model for an epoch of `steps` steps, `asked` pairs each: seconds, mean loss."""
    model, draws = model_with(layer, features.shape[1]), torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=CONFIG.learning_rate, weight_decay=1e-4)
    graph, rows, log_frequency = Adjacency.from_pairs(pairs), torch.from_numpy(pairs.rows), torch.zeros(pairs.items)
    started, total = time.perf_counter(), 0.0
    for _ in range(steps):
        link = torch.randint(len(pairs), (asked,), generator=draws)
        left, right = rows[link], graph.indices[link]
        alone = torch.rand(2 * asked, generator=draws) < CONFIG.neighbour_dropout
        near = neighbourhood_of(graph, torch.cat([left, right]), alone, link, fan_out, draws)
        optimizer.zero_grad()
        value = pair_loss(model(features, near), left, right, log_frequency)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        total += float(value.detach())
    return time.perf_counter() - started, total / steps


def compare(run: Callable[[Callable[[int, int], SAGEConv]], tuple[float, float]], repeats: int) -> None:
    """Run all by turns, once to warm up, and print medians and the medians of the ratios."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in RIVALS}
    for turn in range(repeats + 1):
        for name, layer in RIVALS.items():
            measured = run(layer)
            if turn:
                runs[name].append(measured)
    losses = [measured[0][1] for measured in runs.values()]
    if not np.allclose(losses, losses[0], rtol=1e-3):
        raise SystemExit(f"the layers computed other things: losses {losses}")
    ours = np.array([seconds for seconds, _ in runs["graphrec"]])
    for name, measured in runs.items():
        seconds = np.array([one for one, _ in measured])
        print(
            f"{name:<16} {np.median(seconds):7.2f} s ({seconds.min():.2f}-{seconds.max():.2f}); "
            f"{np.median(seconds / ours):.2f} times as long as graphrec"
        )
    print(f"mean loss of all trainings {losses[0]:.4f}")


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
        print(f"all neighbours: {asked.steps} step(s), each {asked.pairs:,} pairs to predict")
        compare(lambda layer: epoch(layer, pairs, features, asked.steps, asked.pairs, None), asked.repeats)
        if asked.sampled:
            print(f"sampled: {asked.sampled} steps, each {CONFIG.batch} pairs to predict, {CONFIG.fan_out} neighbours")
            compare(
                lambda layer: epoch(layer, pairs, features, asked.sampled, CONFIG.batch, CONFIG.fan_out), asked.repeats
            )


if __name__ == "__main__":
    main()

"""The network of the tutorials: trained on steps, and asked for what follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graphrec.compute.progress import Display
from graphrec.compute.run import Run
from graphrec.compute.training import Schedule, draw_weighted, mean_loss, repeatable, train
from graphrec.evaluation.studies.session_steps import PADDING, Steps

_DIMENSION = 64
_NEGATIVES = 1024
_BATCH = 128
_LEARNING_RATE = 0.01


class NextItemLstm(nn.Module):
    """Embedding, LSTM, softmax over items and padding: the network of the tutorials."""

    def __init__(self, items: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(items + 1, _DIMENSION)
        self.lstm = nn.LSTM(_DIMENSION, _DIMENSION, batch_first=True)
        self.answer = nn.Embedding(items + 1, _DIMENSION)
        self.bias = nn.Embedding(items + 1, 1)
        nn.init.normal_(self.answer.weight, std=0.02)

    def forward(self, items: Tensor) -> Tensor:
        """Read rows, `(rows, length, 64)`: the state after every place."""
        states: Tensor = self.lstm(self.embedding(items))[0]
        return states

    def logits(self, states: Tensor, items: Tensor) -> Tensor:
        """Score items after states: `(n, 64)` and `(m,)` give `(n, m)`."""
        scores: Tensor = states @ self.answer(items).T + self.bias(items)[:, 0]
        return scores


def fit_lstm(steps: Steps, vocabulary: int, epochs: int, seed: int, name: str, display: Display) -> NextItemLstm:
    """Train on the learned steps; negatives are drawn by how often they are a label, and corrected for it.

    Parameters
    ----------
    steps : Steps
    vocabulary : int
        Items of the catalogue.
    epochs, seed : int
    name : str
        On the display.
    display : Display
    """
    items, learned, checked = (torch.from_numpy(part) for part in (steps.items, steps.learned, steps.checked))
    frequency = (torch.bincount(items[:, 1:][learned], minlength=vocabulary + 1).double() + 0.5) ** 0.75
    log_frequency, cumulative = (frequency / frequency.sum()).log().float(), frequency.cumsum(0)
    rows = learned.any(dim=1).nonzero()[:, 0]
    check = torch.split(checked.any(dim=1).nonzero()[:, 0], _BATCH)
    run = Run(seed, display)
    with repeatable(run) as generator:
        model = NextItemLstm(vocabulary)
        with torch.no_grad():
            model.bias.weight[:, 0] = log_frequency
        schedule = Schedule(name, -(-len(rows) // _BATCH), epochs, _LEARNING_RATE)
        task = _LstmTask(model, schedule, items, (learned, checked), rows, check, (cumulative, log_frequency), seed)
        train(task, run, generator)
    return model


@dataclass(frozen=True)
class _LstmTask:
    """Rows, the steps in them that are learned and checked, and by what weights negatives are drawn."""

    model: NextItemLstm
    schedule: Schedule
    items: Tensor
    marks: tuple[Tensor, Tensor]
    rows: Tensor
    check: Sequence[Tensor]
    frequency: tuple[Tensor, Tensor]
    seed: int

    def batches(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        shuffled = self.rows[torch.randperm(len(self.rows), generator=generator)]
        yield from self._drawn(torch.split(shuffled, _BATCH), self.marks[0], generator)

    def validate(self) -> float:
        fixed = torch.Generator().manual_seed(self.seed + 1)
        return mean_loss(self, list(self._drawn(self.check, self.marks[1], fixed)))

    def _drawn(
        self, parts: Sequence[Tensor], counted: Tensor, generator: torch.Generator
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        for chosen in parts:
            if len(chosen):
                yield chosen, counted[chosen], draw_weighted(self.frequency[0], _NEGATIVES, generator)

    def loss(self, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        (chosen, marked, negatives), model = batch, self.model
        states = model(self.items[chosen, :-1]).flatten(0, 1).index_select(0, marked.flatten().nonzero()[:, 0])
        target = self.items[chosen, 1:][marked]
        # Each draw is discounted by how often it was to be expected (sampled softmax).
        logits = model.logits(states, negatives) - self.frequency[1][negatives] - np.log(_NEGATIVES)
        logits = logits.masked_fill(negatives == target[:, None], float("-inf"))
        own = (states * model.answer(target)).sum(-1) + model.bias(target)[:, 0]
        return F.cross_entropy(torch.cat([own[:, None], logits], dim=1), torch.zeros(len(target), dtype=torch.long))


@torch.no_grad()
def ranked_by_lstm(model: NextItemLstm, steps: Steps, k: int, padding_counts: bool) -> np.ndarray:
    """List the most likely for each question, `(questions, k)`, as places in `Steps.items`.

    Parameters
    ----------
    model : NextItemLstm
    steps : Steps
    k : int
    padding_counts : bool
        If not, a list holds neither padding nor the item that stands last.
    """
    rows = np.flatnonzero(steps.asked.any(axis=1))
    items, asked = torch.from_numpy(steps.items[rows]), torch.from_numpy(steps.asked[rows])
    every = torch.arange(model.answer.num_embeddings)
    lists = []
    # All scores at once would not fit: questions times items.
    for part, marked in zip(torch.split(items, _BATCH), torch.split(asked, _BATCH), strict=True):
        scores = model.logits(model(part[:, :-1])[marked], every)
        if not padding_counts:
            scores[:, PADDING] = float("-inf")
            scores.scatter_(1, part[:, :-1][marked][:, None], float("-inf"))
        lists.append(scores.topk(min(k, scores.shape[1])).indices)
    return np.asarray(torch.cat(lists).numpy())

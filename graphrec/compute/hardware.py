"""Where training runs: the device, its precision, and the processes that torchrun has started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TypeVar, cast

import torch
from torch import Tensor, distributed, nn

from graphrec.config import TrainingConfig
from graphrec.errors import ConfigError

Value = TypeVar("Value")


@dataclass(frozen=True)
class Hardware:
    """One process of those that train together, and what it computes on.

    Gradients are averaged by an explicit all_reduce, not by DistributedDataParallel: that one wraps `forward`, and the
    losses here call other methods of their models and leave out parameters that a batch does not need.

    Parameters
    ----------
    device : torch.device
    mixed : bool
        Forward passes in bfloat16 where torch holds that to be safe; parameters stay float32.
    rank, processes : int
        Which process this is, and of how many.
    """

    device: torch.device
    mixed: bool
    rank: int
    processes: int

    def autocast(self) -> AbstractContextManager[object]:
        """Compute in mixed precision, where that is set."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed)

    def moved(self, value: Value) -> Value:
        """Bring a tensor, a tuple or a dataclass of tensors to the device."""
        if self.device.type == "cpu":
            return value
        if isinstance(value, Tensor):
            return cast(Value, value.to(self.device))
        if isinstance(value, tuple):
            return cast(Value, tuple(self.moved(part) for part in value))
        if is_dataclass(value) and not isinstance(value, type):
            parts = {field.name: self.moved(getattr(value, field.name)) for field in fields(value)}
            return cast(Value, replace(value, **parts))
        return value

    def share_of(self, batch: int) -> int:
        """Return how much of a batch falls to each process."""
        return max(1, batch // self.processes)

    def same_start(self, model: nn.Module) -> None:
        """Give every process the parameters of the first."""
        if self.processes > 1:
            for values in model.state_dict().values():
                distributed.broadcast(values, 0)

    def average_gradients(self, model: nn.Module) -> None:
        """Replace gradients by their mean over the processes, in one message; a missing one counts as zero."""
        if self.processes == 1:
            return
        learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
        parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in learned]
        flat = torch.cat([part.flatten() for part in parts])
        distributed.all_reduce(flat)
        flat /= self.processes
        sizes = [parameter.numel() for parameter in learned]
        for parameter, part in zip(learned, torch.split(flat, sizes), strict=True):
            parameter.grad = part.view_as(parameter)

    def mean(self, *values: float) -> list[float]:
        """Average numbers over the processes, so that all of them decide alike."""
        if self.processes == 1:
            return list(values)
        together = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(together)
        return [float(value) / self.processes for value in together]


ONE_CPU = Hardware(torch.device("cpu"), mixed=False, rank=0, processes=1)
"""Plain training in one process."""


def hardware_of(config: TrainingConfig) -> Hardware:
    """Say what to train on.

    Raises
    ------
    ConfigError
        When a GPU is asked for and there is none.
    """
    there = torch.cuda.is_available()
    if config.device == "cuda" and not there:
        raise ConfigError(
            "training.device is cuda, but torch finds no GPU; set it to auto or cpu, or install a CUDA build of torch"
        )
    joined = distributed.is_available() and distributed.is_initialized()
    on_gpu = there and config.device != "cpu"
    if on_gpu:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what torch asks for where sums are to repeat
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if on_gpu else torch.device("cpu")
    rank, processes = (distributed.get_rank(), distributed.get_world_size()) if joined else (0, 1)
    return Hardware(device, config.precision == "bf16", rank, processes)


@contextmanager
def joined_processes(config: TrainingConfig) -> Iterator[bool]:
    """Join the processes that torchrun has started, if it has, and part again; yields whether this is the first."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes == 1 or "MASTER_ADDR" not in os.environ or distributed.is_initialized():
        yield True
        return
    device = hardware_of(config).device
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield distributed.get_rank() == 0
    finally:
        distributed.destroy_process_group()


@contextmanager
def first_before_others() -> Iterator[None]:
    """Let the first process go through the block before the others, so that they find what it has put into a cache."""
    joined = distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
    first = not joined or distributed.get_rank() == 0
    if not first:
        distributed.barrier()
    yield
    if joined and first:
        distributed.barrier()

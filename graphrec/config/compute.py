"""Settings of what graphrec runs on: the engine of tables, the training of networks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from graphrec.config.section import Section


class EngineConfig(Section):
    """What counts the pairs."""

    name: Literal["duckdb", "spark"] = "duckdb"
    """'duckdb' works inside this process; 'spark' needs `pip install graphrec[spark]` and Java."""
    memory_limit: str = "4GB"
    """What DuckDB may hold before it spills to disk, or a local Spark driver may have."""
    scratch: str | None = None
    """Folder for what is spilled; None: the system's temporary folder. On a cluster, one that all machines see."""
    master: str = "local[*]"
    """Spark's master URL."""
    settings: dict[str, str] = Field(default_factory=dict)
    """More settings of Spark, by their own names."""


class TrainingConfig(Section):
    """What the networks are trained on."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """'auto' takes a GPU where torch finds one."""
    validation: float = Field(0.1, gt=0, lt=0.5)
    """Share of the baskets, the latest, that choose the epochs of the networks and are not trained on."""
    precision: Literal["32", "bf16"] = "32"
    """'bf16' computes forward passes in bfloat16 where torch holds that to be safe: faster on GPUs and on processors
    that know it. Parameters and results are float32 either way."""
    weight_decay: float = Field(1e-4, ge=0)
    """Of AdamW, for all networks."""
    gradient_norm: float = Field(5.0, gt=0)
    """A longer gradient is cut to this length: only the first steps of a network, and odd batches, have such."""
    last_rate: float = Field(0.05, gt=0, le=1)
    """The learning rate falls to this share of itself: at 0 the last steps would move nothing."""

    @field_validator("precision", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        """Let YAML's number 32 stand for its text."""
        return str(value) if isinstance(value, int) else value

"""Run: what every training is told beside its data and its settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphrec.compute.hardware import ONE_CPU, Hardware, hardware_of
from graphrec.compute.progress import Display, Silent
from graphrec.config import Config, TrainingConfig


@dataclass(frozen=True)
class Run:
    """One run of the package over a log: its seed, what it computes on, and where its progress is shown.

    Parameters
    ----------
    seed : int
        Of every random choice.
    display : Display
        Silent by default.
    hardware : Hardware
        One process on the CPU by default.
    training : TrainingConfig
        What the optimizer does for all networks alike.
    """

    seed: int
    display: Display = field(default_factory=Silent)
    hardware: Hardware = ONE_CPU
    training: TrainingConfig = field(default_factory=TrainingConfig)

    @classmethod
    def of(cls, config: Config, display: Display) -> Run:
        """Take what the settings say.

        Raises
        ------
        ConfigError
            When they ask for a GPU and there is none.
        """
        return cls(config.seed, display, hardware_of(config.training), config.training)

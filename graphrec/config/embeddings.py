"""Settings of the item matrix and of GraphSAGE."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from graphrec.config.section import Section


class FeaturesConfig(Section):
    """The item matrix."""

    text: Literal["auto", "wordllama", "hashing"] = "auto"
    """Encoder of titles; 'auto' takes wordllama where it is installed and says when it is not."""
    text_dim: int = Field(96, ge=2)
    """Principal directions of the text vectors that are kept."""
    type_dim: int = Field(48, ge=2)
    """Length of the code of a type."""
    brand_dim: int = Field(16, ge=2)
    """Length of the code of a brand."""
    described: bool = True
    """Whether the item matrix holds what the catalogue says; False: a random direction for each item, so that the
    graph alone tells items apart."""
    types: bool = True
    """Whether items have types; False: all are of one."""
    derived_types: int = Field(0, ge=0)
    """Where no item has a type, titles are clustered into so many; 0: the square root of the items."""


class EncoderConfig(Section):
    """GraphSAGE on the similar graph."""

    dim: int = Field(64, ge=2)
    hidden: int = Field(128, ge=2)
    fan_out: tuple[int, int] = (10, 5)
    """Neighbours sampled per item at the first and second hop."""
    neighbours: bool = True
    """Whether an item's similar items are looked at; False: it is placed by its own features alone."""
    neighbour_dropout: float = Field(0.3, ge=0, le=1)
    """Share of training items that are shown without neighbours, as cold items will be."""
    temperature: float = Field(0.1, gt=0)
    batch: int = Field(512, ge=2)
    """Similar pairs per batch; each pair's partner is a negative for the others."""
    whole_graph_below: int = Field(10_000, ge=0)
    """A catalogue of fewer items is embedded as a whole at each step, of more by sampled neighbours. The whole costs
    less where samples would touch most items anyway."""
    whole_graph_batches: int = Field(4, ge=1)
    """Batches that share a step where the whole graph is embedded."""
    hides_one_in: int = Field(20, ge=1)
    """A step on the whole graph asks about, and so hides, at most one link in so many: what items are shown while they
    learn must stay close to what they are shown later."""
    pairs_per_epoch: int = Field(60_000, ge=1)
    epochs: int = Field(4, ge=1)
    learning_rate: float = Field(3e-3, gt=0)
    validation: float = Field(0.05, ge=0, lt=0.5)
    """Share of the similar links that choose the epoch: neither trained on nor passed messages along."""
    validation_batches: int = Field(8, ge=1)
    """Batches of these links by which an epoch is judged; more agree on which is best."""

"""Settings of what completes an item: candidates, networks, ranker."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from graphrec.config.section import Section

Source = Literal["bought_with", "low_rank", "neighbours", "walks", "bought_with_type", "predicted", "bestsellers"]
EvidenceName = Literal["counts", "low_rank", "types", "networks", "popularity", "price", "walks", "neighbours", "trend"]


class ComplementsConfig(Section):
    """Where candidates come from, and what is known of them."""

    sources: tuple[Source, ...] = Field(
        ("bought_with", "low_rank", "neighbours", "walks", "bought_with_type", "predicted", "bestsellers"), min_length=1
    )
    """Where candidates come from, see `graphrec.complements.sources`."""
    evidence: tuple[EvidenceName, ...] = (
        "counts",
        "low_rank",
        "types",
        "networks",
        "popularity",
        "price",
        "walks",
        "neighbours",
        "trend",
    )
    """What the ranker sees of a candidate, see `graphrec.complements.evidence`."""
    types: int = Field(3, ge=1)
    """Types from which predicted candidates come."""
    candidates_per_type: int = Field(30, ge=1)
    """Candidates retrieved per type."""
    expected_candidates: int = Field(100, ge=1)
    """Candidates that are bought with the same others: by the low-rank part of the counts."""
    popular_candidates: int = Field(50, ge=0)
    """Candidates that sell best."""
    ranks: tuple[Annotated[int, Field(ge=1)], ...] = Field((32, 128), min_length=1)
    """Of the low-rank parts of the counts, rising: few directions say what goes with what, more of them what goes
    with this."""
    type_candidates: int = Field(30, ge=0)
    """Candidates that are bought with the query's type most beyond what anyone buys."""
    walk_candidates: int | None = Field(None, ge=0)
    """Candidates to which walks of two steps on the complement graph lead most often, and as many of three steps; None:
    150 for given links, which have no counts to tell one from another, and none for a log."""
    look_alikes: int = Field(10, ge=0)
    """Bought items nearest in the embedding space, which lend an item what they were bought with; 0: none."""
    borrowed_candidates: int = Field(20, ge=0)
    """Candidates that a query's look-alikes were bought with most, and as many whose look-alikes the query was."""
    trend_days: tuple[float, ...] = ()
    """Half-lives of the purchases whose shares tell the ranker what sells these days, of pairs that were never bought
    together. It pays in a shop of seasons, and misleads where promotions come and go."""
    prior_strength: float = Field(0.1, gt=0)
    """Baskets' worth of trust in the networks where a log is too small for a ranker: in doubt the counts decide."""

    @field_validator("ranks")
    @classmethod
    def _rising(cls, ranks: tuple[int, ...]) -> tuple[int, ...]:
        """Refuse ranks that do not rise: each is the part of the next that its first directions make."""
        if list(ranks) != sorted(set(ranks)):
            raise ValueError(f"{list(ranks)} do not rise; give {sorted(set(ranks))}")
        return ranks


class NetworksConfig(Section):
    """Type transition and embedding regressor."""

    spaces: Literal[1, 2] = 2
    """2: an item as a query and as a complement has two places; 1: it has one, whatever type is asked for."""
    loss: Literal["softmax", "hinge"] = "softmax"
    """By what the regressor learns, see `graphrec.complements.networks.losses`."""
    hidden: int = Field(128, ge=2)
    dim: int = Field(64, ge=2)
    """Of the complement space."""
    negatives: int = Field(32, ge=1)
    """Items of the target type that a pair's complement is told from."""
    hard_negatives: int = Field(4, ge=0)
    """Similar items of the query that a pair's complement is told from."""
    temperature: float = Field(0.1, gt=0)
    neighbour_dropout: float = Field(0.3, ge=0, le=1)
    """Share of training items whose embedding is that of their features alone, as cold items will have."""
    batch: int = Field(512, ge=2)
    pairs_per_epoch: int = Field(100_000, ge=1)
    draws_per_pair: int = Field(20, ge=1)
    """An epoch draws each pair at most so often on average, so that a small log is not learned by heart."""
    epochs: int = Field(2, ge=1)
    """Five were no better on two logs, see docs/evaluation.md, and cost two and a half times as much."""
    learning_rate: float = Field(5e-3, gt=0)
    validation_pairs: int = Field(20_000, ge=1)
    """Pairs of these baskets by which the type transition's epochs are judged; more agree on which is best."""
    validation_batches: int = Field(16, ge=1)
    """Batches of these pairs by which the regressor's epochs are judged."""


class RankerConfig(Section):
    """How the ranker learns, on temporal folds of the later half of the log."""

    learned_from: float = Field(0.5, gt=0, lt=1)
    """Share of the sessions, the latest, on whose folds the ranker learns."""
    hidden_items: float = Field(0.05, ge=0, lt=0.5)
    """Share of the bought items, at random, that are hidden from the log before the ranker's folds, so that it
    learns of new items what theirs sales in them say."""
    folds: int = Field(4, ge=2)
    """Temporal folds. The last says whether the ranker is used, its temperature and the specificity, before it learns
    from all of them."""
    fold_queries: int = Field(4_000, ge=1)
    """Items of each fold whose lists are learned from."""
    hidden: int = Field(32, ge=1)
    networks: int = Field(2, ge=1)
    """Networks, each from a seed of its own, whose scores are averaged."""
    batch: int = Field(64, ge=1)
    """Lists per step: each has hundreds of candidates, and its answers are few."""
    epochs: int = Field(8, ge=1)
    novel_weight: float = Field(0.2, ge=0)
    """Weight of ordering what was never bought together among itself, beside ordering whole lists."""
    learning_rate: float = Field(3e-3, gt=0)

"""Settings of the graphs and of the models that are fitted on them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from graphrec.config.section import Section


class PairConfig(Section):
    """How pairs are counted, weighed and pruned."""

    min_count: int = Field(1, ge=1)
    """Sessions or baskets that must hold a pair."""
    top_k: int = Field(50, ge=1)
    """Pairs kept per item."""
    rank_by: Literal["weight", "weighted_lift", "lift", "cosine", "log_likelihood"] = "weight"
    """By what an item's pairs are weighed and pruned, see `graphrec.graph.statistics`."""
    half_life_days: float | None = Field(None, ge=1)
    """A session so many days before the last one of the log weighs half; None: age does not matter."""
    length_power: float = Field(0.0, ge=0)
    """A session of n items gives each of its pairs the weight (n - 1) to minus this power."""
    distance_decay: float = Field(1.0, gt=0, le=1)
    """A pair with m items between its two, in the order in which the session met them last, weighs this to the power
    of m."""
    significance: float | None = Field(None, gt=0, lt=0.5)
    """Keep a pair only when its lift is above 1 by more than chance would give at this level, by Dunning's
    log-likelihood ratio, one-sided; None: keep all."""


class SimilarConfig(PairConfig):
    """Similar pairs: substitutes."""

    rank_by: Literal["weight", "weighted_lift", "lift", "cosine", "log_likelihood"] = "weighted_lift"
    """By default count times log(1 + lift), so that two bestsellers do not pass for alike."""
    max_session_items: int = Field(50, ge=2)
    """Only the last so many distinct items of a session are paired: long sessions are robots or idle talk."""
    nearest_k: int = Field(10, ge=1)
    """Without views: neighbours taken from the catalogue, and as many from shared contexts."""
    context_dim: int = Field(64, ge=2)
    """Without views: rank of the co-purchase factorisation whose rows are the contexts."""


class ComplementConfig(PairConfig):
    """Complement pairs: bought together."""

    top_k: int = Field(200, ge=1)
    """Complements kept per item."""
    max_basket_items: int = Field(100, ge=2)
    """Only the last so many distinct items of a basket are paired."""
    substitute_ratio: float = Field(1.0, gt=0)
    """A pair whose co-view lift is more than this times its co-purchase lift is taken for a substitute."""
    reverse_weight: float = Field(0.1, ge=0, le=1)
    """What a basket counts for i -> j in which j was bought before i."""


class GraphConfig(Section):
    """Both product graphs."""

    similar: SimilarConfig = SimilarConfig()
    complement: ComplementConfig = ComplementConfig()


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


Source = Literal["bought_with", "low_rank", "neighbours", "walks", "bought_with_type", "predicted", "bestsellers"]
EvidenceName = Literal["counts", "low_rank", "types", "networks", "popularity", "price", "walks", "neighbours", "trend"]


class ComplementsConfig(Section):
    """Type transition, embedding regressor and their blend with what was observed."""

    sources: tuple[Source, ...] = (
        "bought_with",
        "low_rank",
        "neighbours",
        "walks",
        "bought_with_type",
        "predicted",
        "bestsellers",
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
    spaces: Literal[1, 2] = 2
    """2: an item as a query and as a complement has two places; 1: it has one, whatever type is asked for."""
    loss: Literal["softmax", "hinge"] = "softmax"
    """By what the regressor learns, see `graphrec.complements.networks.losses`."""
    hidden: int = Field(128, ge=2)
    dim: int = Field(64, ge=2)
    """Of the complement space."""
    types: int = Field(3, ge=1)
    """Types from which predicted candidates come."""
    candidates_per_type: int = Field(30, ge=1)
    """Candidates retrieved per type."""
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
    epochs: int = Field(5, ge=1)
    learning_rate: float = Field(5e-3, gt=0)
    validation: float = Field(0.1, gt=0, lt=0.5)
    """Share of the baskets, the latest, that choose the epoch and are not trained on."""
    validation_pairs: int = Field(20_000, ge=1)
    """Pairs of these baskets by which the type transition's epochs are judged; more agree on which is best."""
    validation_batches: int = Field(16, ge=1)
    """Batches of these pairs by which the regressor's epochs are judged."""
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
    learned_from: float = Field(0.5, gt=0, lt=1)
    """Share of the sessions, the latest, on whose stretches the ranker learns."""
    hidden_items: float = Field(0.05, ge=0, lt=0.5)
    """Share of the bought items, at random, that are hidden from the log before the ranker's stretches, so that it
    learns of new items what theirs sales in them say."""
    windows: int = Field(4, ge=2)
    """Such stretches. The last says whether the ranker is used, its temperature and the specificity, before it learns
    from all of them."""
    window_queries: int = Field(4_000, ge=1)
    """Items of each stretch whose lists are learned from."""
    ranker_hidden: int = Field(32, ge=1)
    ranker_networks: int = Field(2, ge=1)
    """Networks, each from a seed of its own, whose scores are averaged."""
    ranker_batch: int = Field(64, ge=1)
    """Lists per step: each has hundreds of candidates, and its answers are few."""
    ranker_epochs: int = Field(8, ge=1)
    ranker_novel_weight: float = Field(0.2, ge=0)
    """Weight of ordering what was never bought together among itself, beside ordering whole lists."""
    ranker_learning_rate: float = Field(3e-3, gt=0)
    prior_strength: float = Field(0.1, gt=0)
    """Baskets' worth of trust in the networks where a log is too small for a ranker: in doubt the counts decide."""

    @field_validator("ranks")
    @classmethod
    def _rising(cls, ranks: tuple[int, ...]) -> tuple[int, ...]:
        """Refuse ranks that do not rise: each is the part of the next that its first directions make."""
        if list(ranks) != sorted(set(ranks)):
            raise ValueError(f"{list(ranks)} do not rise; give {sorted(set(ranks))}")
        return ranks


class RetrievalConfig(Section):
    """The Annoy index."""

    trees: int = Field(20, ge=1)
    search_k: int = Field(2_000, ge=1)
    """Nodes inspected per query; Annoy's own default, trees times k, loses a fifth of recall@10."""
    exact_below: int = Field(5_000, ge=0)
    """A type with fewer items is searched exactly, which is both right and faster there; so are the low-rank counts of
    a shop with fewer items, and a band of them with fewer."""
    recall_queries: int = Field(500, ge=1)
    """Queries on which Annoy is measured against exact search when it is built."""


class RerankConfig(Section):
    """The session LSTM."""

    hidden: int = Field(64, ge=2)
    max_length: int = Field(20, ge=2)
    """Last so many events of a session that are read."""
    max_sessions: int = Field(40_000, ge=1)
    """Latest sessions that are trained on."""
    negatives: int = Field(512, ge=1)
    negative_power: float = Field(0.75, ge=0, le=1)
    """Negatives are drawn by popularity to this power (Mikolov et al. 2013): the long tail is met too."""
    batch: int = Field(256, ge=2)
    validation_sessions: int = Field(4_096, ge=1)
    """Later sessions by which an epoch is judged; more agree on which is best."""
    epochs: int = Field(4, ge=1)
    learning_rate: float = Field(3e-3, gt=0)
    weight: float = Field(0.5, ge=0)
    """How much of the session's log-probability is added to a candidate's log-score."""


class TrainingConfig(Section):
    """What the networks are trained on."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """'auto' takes a GPU where torch finds one."""
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

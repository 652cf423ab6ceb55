"""Every setting of graphrec with its default: this file is the only place where defaults live."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from graphrec.errors import ConfigError, first_line


class Section(BaseModel):
    """What all sections share: frozen, and a name that is not a setting is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class KeepRule(Section):
    """A condition that a row of the log must meet to be used; the others are counted as filtered."""

    column: str
    """Column of the original table."""
    above: float | None = None
    """Keep rows whose number is greater than this."""
    matches: str | None = None
    """Keep rows whose text this regular expression finds from its beginning on."""

    @model_validator(mode="after")
    def _one_condition(self) -> KeepRule:
        if (self.above is None) == (self.matches is None):
            raise ValueError(f"keep rule for column {self.column!r} needs either 'above' or 'matches'")
        return self


class TableConfig(Section):
    """Where a table lies and how its text is cut into columns."""

    path: str | None = None
    """A file or a glob: CSV, TSV or TXT (gz, zst too), Parquet, JSON lines."""
    columns: dict[str, str | list[str]] = Field(default_factory=dict)
    """graphrec's word -> the table's column. Of a list, all columns are joined into one value; of a list for
    `type`, the first that is not missing counts."""
    separator: str | None = None
    """Of a text file; None: found out by looking at it."""
    header: list[str] | None = None
    """Column names of a text file that has no header line."""


class EventsConfig(TableConfig):
    """The log and how its rows become events."""

    reader: Literal["columns", "rees46"] = "columns"
    """'columns' reads any table by the mapping in `columns`; 'rees46' knows the REES46 files."""
    kinds: dict[Literal["view", "cart", "purchase", "ignore"], list[str]] = Field(default_factory=dict)
    """What the values of the kind column mean; 'ignore' lists values to filter out."""
    default_kind: Literal["view", "cart", "purchase"] | None = None
    """Kind of every row, for a log without a kind column."""
    time_format: str | None = None
    """strftime format of the time column, or 's' / 'ms' for Unix time; None: ISO 8601."""
    keep: list[KeepRule] = Field(default_factory=list)
    """Rows must meet all of these."""
    on_bad_rows: Literal["fail", "quarantine"] = "fail"
    """'quarantine' sets bad rows aside, counts them by reason and writes them into the model directory."""
    session_gap_minutes: float = Field(30.0, gt=0)
    """Without a session column, a user's pause longer than this begins a new session."""


class CatalogueConfig(TableConfig):
    """The table of item facts, when they do not stand in the log."""


class SplitConfig(Section):
    """A global time split: nothing after the cut is fitted on."""

    test_from: str | None = None
    """First day (ISO) of the held-out events; None: fit on everything."""


class SimilarConfig(Section):
    """Similar pairs: substitutes."""

    max_session_items: int = Field(50, ge=2)
    """Only the last so many distinct items of a session are paired: long sessions are robots or idle talk."""
    min_count: int = Field(1, ge=1)
    """Sessions that must have seen a pair."""
    top_k: int = Field(50, ge=1)
    """Similar items kept per item."""
    nearest_k: int = Field(10, ge=1)
    """Without views: neighbours taken from the catalogue, and as many from shared contexts."""
    context_dim: int = Field(64, ge=2)
    """Without views: rank of the co-purchase factorisation whose rows are the contexts."""


class ComplementConfig(Section):
    """Complement pairs: bought together."""

    max_basket_items: int = Field(100, ge=2)
    """Only the last so many distinct items of a basket are paired."""
    min_count: int = Field(1, ge=1)
    """Baskets that must hold a pair."""
    top_k: int = Field(200, ge=1)
    """Complements kept per item."""
    substitute_ratio: float = Field(1.0, gt=0)
    """A pair whose co-view lift is more than this times its co-purchase lift is taken for a substitute."""
    reverse_weight: float = Field(0.1, ge=0, le=1)
    """What a basket counts for i -> j in which j was bought before i."""


class GraphConfig(Section):
    """Both product graphs."""

    similar: SimilarConfig = SimilarConfig()
    complement: ComplementConfig = ComplementConfig()
    memory_limit: str = "4GB"
    """What the counting engine may hold before it spills to disk."""


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
    derived_types: int = Field(0, ge=0)
    """Where no item has a type, titles are clustered into so many; 0: the square root of the items."""


class EncoderConfig(Section):
    """GraphSAGE on the similar graph."""

    dim: int = Field(64, ge=2)
    hidden: int = Field(128, ge=2)
    fan_out: tuple[int, int] = (10, 5)
    """Neighbours sampled per item at the first and second hop."""
    neighbour_dropout: float = Field(0.3, ge=0, le=1)
    """Share of training items that are shown without neighbours, as cold items will be."""
    temperature: float = Field(0.1, gt=0)
    batch: int = Field(512, ge=2)
    """Similar pairs per step; each pair's partner is a negative for the others."""
    pairs_per_epoch: int = Field(60_000, ge=1)
    epochs: int = Field(4, ge=1)
    learning_rate: float = Field(3e-3, gt=0)


class ComplementsConfig(Section):
    """Type transition, embedding regressor and their blend with what was observed."""

    hidden: int = Field(128, ge=2)
    dim: int = Field(64, ge=2)
    """Of the complement space."""
    types: int = Field(3, ge=1)
    """Types from which predicted candidates come."""
    candidates_per_type: int = Field(30, ge=1)
    """Fewest candidates retrieved per type; at least twice k are."""
    negatives: int = Field(32, ge=1)
    """Items of the target type that a pair's complement is told from."""
    hard_negatives: int = Field(4, ge=0)
    """Similar items of the query that a pair's complement is told from."""
    temperature: float = Field(0.1, gt=0)
    batch: int = Field(512, ge=2)
    pairs_per_epoch: int = Field(100_000, ge=1)
    epochs: int = Field(5, ge=1)
    learning_rate: float = Field(5e-3, gt=0)
    validation: float = Field(0.1, gt=0, lt=0.5)
    """Share of the baskets, the latest, that choose the epoch and the prior strength and are not trained on."""
    prior_strengths: tuple[float, ...] = (0.1, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
    """Baskets' worth of trust in the model that are tried on the validation baskets."""


class RetrievalConfig(Section):
    """The Annoy index."""

    trees: int = Field(50, ge=1)
    search_k: int = Field(5_000, ge=1)
    """Nodes inspected per query; Annoy's own default, trees times k, loses a fifth of recall@10."""
    exact_below: int = Field(5_000, ge=0)
    """A type with fewer items is searched exactly, which is both right and faster there."""
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
    batch: int = Field(256, ge=2)
    epochs: int = Field(4, ge=1)
    learning_rate: float = Field(3e-3, gt=0)
    weight: float = Field(0.5, ge=0)
    """How much of the session's log-probability is added to a candidate's log-score."""


class Config(Section):
    """Everything that decides a model, given the data."""

    events: EventsConfig = EventsConfig()
    catalogue: CatalogueConfig = CatalogueConfig()
    split: SplitConfig = SplitConfig()
    graph: GraphConfig = GraphConfig()
    features: FeaturesConfig = FeaturesConfig()
    encoder: EncoderConfig = EncoderConfig()
    complements: ComplementsConfig = ComplementsConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    rerank: RerankConfig = RerankConfig()
    seed: int = Field(0, ge=0)
    """Of every random choice."""


class ShopConfig(Section):
    """The generated shop."""

    events: int = Field(200_000, ge=1)
    """Rows of the log."""
    items: int = Field(1_200, ge=2)
    """Products; never fewer than two for each type and series."""
    noise: float = Field(0.1, ge=0, le=1)
    """Share of complements drawn without regard to the planted matrix."""
    affinity: float = Field(0.7, ge=0, le=1)
    """Share of complements that are of the same series as the item they complete."""
    cold_share: float = Field(0.05, ge=0, lt=1)
    """Share of products that no event touches."""
    buy_share: float = Field(0.35, gt=0, le=1)
    """Share of sessions that buy."""
    popularity_exponent: float = Field(0.8, ge=0)
    """Of the long tail: popularity falls with rank to this power."""
    days: int = Field(60, ge=1)
    seed: int = Field(0, ge=0)


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read a YAML file that holds only what differs from the defaults.

    `${NAME}` and `${NAME:-default}` in a text are replaced from the environment. A relative table path
    is taken from the folder of the file; one given as an override, from the working directory.

    Parameters
    ----------
    path : str or Path
        The YAML file.
    overrides : sequence of str
        `section.name=value` settings that win over the file.

    Raises
    ------
    ConfigError
        When the file cannot be read, or a setting does not exist or has a wrong value.
    """
    path = Path(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ConfigError(f"cannot read config {path}: {error.strerror}; give the path of a YAML file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"config {path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"config {path} must hold sections such as 'events:', not a {type(raw).__name__}")
    raw = _expand_environment(raw, path)
    for section in ("events", "catalogue"):
        table = raw.get(section)
        if isinstance(table, dict) and isinstance(table.get("path"), str):
            table["path"] = str(path.parent / table["path"])
    for override in overrides:
        _apply_override(raw, override)
    return parse_config(raw, str(path))


def parse_config(raw: dict[str, Any], origin: str) -> Config:
    """Check a plain dictionary of settings; `origin` names it in errors."""
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"]) or "(top level)"
        if problem["type"] == "extra_forbidden":
            raise ConfigError(f"{origin}: setting '{where}' does not exist{_known(where)}") from None
        raise ConfigError(f"{origin}: setting '{where}': {first_line(ValueError(problem['msg']))}") from None


def _known(where: str) -> str:
    """List the settings beside one that does not exist."""
    section: Any = Config
    for part in where.split(".")[:-1]:
        field = getattr(section, "model_fields", {}).get(part)
        section = field.annotation if field is not None else None
    names = sorted(getattr(section, "model_fields", {}))
    return f"; there are {', '.join(names)}" if names else ""


def _apply_override(raw: dict[str, Any], override: str) -> None:
    """Write one `section.name=value` into the raw settings."""
    name, equals, text = override.partition("=")
    if not equals or not name.strip():
        raise ConfigError(f"--set {override!r} is not of the form section.name=value")
    *sections, last = name.strip().split(".")
    place = raw
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise ConfigError(f"--set {override!r}: '{section}' is a value, not a section")
    try:
        place[last] = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {override!r}: the value is not YAML; quote it") from None


_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def _expand_environment(value: Any, path: Path) -> Any:  # noqa: ANN401 - walks whatever YAML holds
    """Replace `${NAME}` and `${NAME:-default}` in every text of a YAML tree."""
    if isinstance(value, dict):
        return {key: _expand_environment(inner, path) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expand_environment(inner, path) for inner in value]
    if not isinstance(value, str):
        return value

    def replace(found: re.Match[str]) -> str:
        name, default = found.group(1), found.group(2)
        text = os.environ.get(name, default)
        if text is None:
            raise ConfigError(f"{path} uses ${{{name}}}, which is not set in the environment; export {name}=...")
        return text

    return _VARIABLE.sub(replace, value)

"""Settings: only differences are written, and every mistake is named."""

import pytest

from graphrec.complements.evidence import EVIDENCE
from graphrec.complements.sources import CANDIDATE_SOURCES
from graphrec.config import ComplementsConfig, Config, load_config
from graphrec.errors import ConfigError


def write(tmp_path, text):
    (tmp_path / "c.yaml").write_text(text)
    return tmp_path / "c.yaml"


def test_an_empty_file_is_all_defaults(tmp_path):
    assert load_config(write(tmp_path, "")) == Config()


def test_overrides_win_and_may_open_sections(tmp_path):
    config = load_config(write(tmp_path, "seed: 1\nencoder: {dim: 32}"), ["encoder.dim=16", "graph.co_view.top_k=5"])
    assert (config.seed, config.encoder.dim, config.graph.co_view.top_k) == (1, 16, 5)


def test_paths_start_from_the_file_and_overrides_from_here(tmp_path):
    path = write(tmp_path, "events: {path: data/log.csv}")
    assert load_config(path).events.path == str(tmp_path / "data" / "log.csv")
    assert load_config(path, ["events.path=log.csv"]).events.path == "log.csv"


def test_the_environment_is_read_with_a_default(tmp_path, monkeypatch):
    path = write(tmp_path, "events: {path: '${SHOP_DATA:-/usual}/log.csv'}")
    assert load_config(path).events.path == "/usual/log.csv"
    monkeypatch.setenv("SHOP_DATA", "/elsewhere")
    assert load_config(path).events.path == "/elsewhere/log.csv"
    with pytest.raises(ConfigError, match="NO_SUCH_THING"):
        load_config(write(tmp_path, "events: {path: '${NO_SUCH_THING}/log.csv'}"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("encoder: {dims: 3}", "'encoder.dims' does not exist; there are batch, dim"),
        ("encoder: {dim: 1}", "'encoder.dim'.*greater than or equal to 2"),
        ("[1, 2]", "must hold sections"),
        ("events: {keep: [{column: x}]}", "either 'above' or 'matches'"),
        (
            "complements: {sources: [walks, dreams]}",
            r"'complements\.sources\.1': .*'bought_with', 'low_rank'.*'bestsellers'",
        ),
        ("complements: {sources: []}", r"'complements\.sources': .*at least 1"),
        ("complements: {evidence: [counts, dreams]}", r"'complements\.evidence\.1': .*'counts', 'low_rank'.*'trend'"),
        ("complements: {prior_strengths: [1.0]}", r"'complements\.prior_strengths' does not exist"),
    ],
)
def test_mistakes_are_named(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said) as told:
        load_config(write(tmp_path, text))
    assert len(str(told.value).splitlines()) == 1


def test_what_the_configuration_names_is_what_there_is():
    assert ComplementsConfig().sources == tuple(CANDIDATE_SOURCES)
    assert ComplementsConfig().evidence == tuple(EVIDENCE)

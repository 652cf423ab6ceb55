"""Models are signed and verified from the command line."""

import pytest
from typer.testing import CliRunner

from graphrec.cli.commands import app
from graphrec.errors import ModelError


@pytest.fixture
def signed(recommender, tmp_path):
    (tmp_path / "key").write_bytes(bytes(range(32)))
    (tmp_path / "other").write_bytes(bytes(32))
    recommender.save(tmp_path / "model", sign=tmp_path / "key")
    return tmp_path


def ended(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_every_command_that_loads_asks_for_the_signature(signed, recommender):
    model, item = signed / "model", recommender.items[0]
    recommender.model.catalogue.frame.head(2).assign(item=["new-1", "new-2"]).to_csv(signed / "new.csv", index=False)
    commands = [
        ("recommend", model, item),
        ("similar", model, item),
        ("embed", model, signed / "new.csv", "--out", signed / "vectors.parquet"),
        ("export", model, "--out", signed / "lists.parquet"),
    ]
    for command in commands:
        refused = ended(*command, "--verify", signed / "other").exception
        assert isinstance(refused, ModelError) and "another key" in str(refused)
        assert ended(*command, "--verify", signed / "key").exit_code == 0


def test_a_fit_asks_for_its_key_and_its_place_before_it_reads_the_log(signed):
    (signed / "shop.yaml").write_text("events: {path: nowhere.csv, columns: {item: item, session: order}}")
    for arguments, told in (
        (("--out", signed / "new", "--sign", signed / "nowhere"), "cannot read the key"),
        (("--out", signed / "key" / "model"), "cannot write"),
    ):
        refused = ended("fit", signed / "shop.yaml", *arguments).exception
        assert isinstance(refused, ModelError) and told in str(refused)

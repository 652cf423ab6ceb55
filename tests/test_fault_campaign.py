"""What the fault campaign asks of files tells whole from damaged ones, and its quick parts lose nothing."""

import importlib
import sys
from pathlib import Path

import pandas as pd
import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture
def campaign(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield importlib.import_module("fault_campaign")
    for name in ("fault_campaign", "fault_place"):
        sys.modules.pop(name)


def test_damage_is_seen(campaign, recommender, tmp_path):
    recommender.save(tmp_path / "model")
    assert campaign.whole_model(tmp_path / "model") is None
    (tmp_path / "model" / "card.md").write_text("half")
    assert "card.md" in campaign.whole_model(tmp_path / "model")
    table = tmp_path / "lists.parquet"
    pd.DataFrame({"item": ["a"] * 100}).to_parquet(table)
    assert campaign.whole_table(table) is None
    table.write_bytes(table.read_bytes()[:-9])
    assert "lists.parquet" in campaign.whole_table(table)


def test_bits_are_flipped_and_files_crafted_and_nothing_is_lost(campaign, recommender, tmp_path):
    recommender.save(tmp_path / "model")
    told = list(campaign.flipped(campaign.Place(tmp_path), 6, campaign.random.Random(0)))
    assert [(trial.tried, trial.lost) for trial in told] == [(6, []), (6, [])]


def test_an_unknown_part_is_refused(campaign):
    with pytest.raises(SystemExit):
        campaign.main(["burn"])

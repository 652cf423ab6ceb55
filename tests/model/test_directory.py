"""A model on disk: the same answers in a new process, the same files for one seed, nothing that can run code."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graphrec import Recommender
from graphrec.complements.evidence import EVIDENCE
from graphrec.config import ShopConfig, load_config
from graphrec.errors import ModelError
from graphrec.events import load_events
from graphrec.events.shop import generate_shop, write_shop
from graphrec.model.manifest import write_manifest
from graphrec.retrieval import ExactIndex
from tests.conftest import knowing, quick_config


@pytest.fixture(scope="module")
def saved(recommender, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "shop"
    recommender.save(path)
    return path


ASK = """
import sys
from graphrec import Recommender
recommender = Recommender.load(sys.argv[1])
lists = recommender.recommend_all(10)
print(lists.to_csv())
item = lists["item"].iloc[0]
print(recommender.similar_items(item), recommender.recommend(item, session=[lists["complement"].iloc[0]]))
print(recommender.embed(recommender.model.catalogue.frame.iloc[:5]).tobytes().hex())
"""


def test_a_new_process_answers_to_the_bit(recommender, saved):
    there = subprocess.run([sys.executable, "-c", ASK, saved], capture_output=True, text=True, check=True).stdout
    lists = recommender.recommend_all(10)
    item = lists["item"].iloc[0]
    here = [
        lists.to_csv(),
        f"{recommender.similar_items(item)} {recommender.recommend(item, session=[lists['complement'].iloc[0]])}",
        recommender.embed(recommender.model.catalogue.frame.iloc[:5]).tobytes().hex(),
    ]
    assert there.split("\n") == [*"\n".join(here).split("\n"), ""]


def test_one_seed_makes_the_same_files(tmp_path):
    write_shop(generate_shop(ShopConfig(events=8_000, items=400, seed=2)), tmp_path)
    events = load_events(load_config(tmp_path / "shop.yaml"))
    settings = {"encoder": {"epochs": 1}, "networks": {"epochs": 1}, "rerank": {"epochs": 1}}
    manifests = []
    for name in ("one", "two"):
        Recommender.fit(events, quick_config(**settings)).save(tmp_path / name)
        manifests.append(json.loads((tmp_path / name / "manifest.json").read_text()))
    assert manifests[0] == manifests[1]


def test_manifest_names_every_file_and_nothing_can_run_code(saved):
    manifest = json.loads((saved / "manifest.json").read_text())
    names = {file.name for file in saved.iterdir()}
    assert names == {*manifest["files"], "manifest.json"}
    assert {Path(name).suffix for name in names} <= {".json", ".parquet", ".safetensors", ".ann", ".md"}
    assert manifest["report"]["annoy_recall_at_10"]["similar"] > 0.9
    assert "Trained on" in (saved / "card.md").read_text()


@pytest.fixture(scope="module")
def through_annoy(tmp_path_factory) -> Recommender:
    """A shop of which every type and some lengths of the low-rank counts are searched by Annoy."""
    folder = tmp_path_factory.mktemp("annoy")
    write_shop(generate_shop(ShopConfig(events=15_000, items=2_000, seed=4)), folder)
    settings = {
        "encoder": {"epochs": 1, "pairs_per_epoch": 5_000},
        "networks": {"epochs": 1, "pairs_per_epoch": 5_000},
        "ranker": {"fold_queries": 200},
        "rerank": {"epochs": 1, "max_sessions": 500},
        "retrieval": {"exact_below": 50, "trees": 10, "search_k": 1_500},
    }
    return Recommender.fit(load_events(load_config(folder / "shop.yaml")), quick_config(**settings))


def test_annoy_is_saved_measured_and_answers_as_before(through_annoy, tmp_path):
    model = through_annoy.model
    assert model.snapshot.index.forests and model.snapshot.expected.forests
    recall = model.report["annoy_recall_at_10"]
    assert recall["expected"] > 0.9 and recall["complements"] > 0.9
    through_annoy.save(tmp_path / "model")
    files = json.loads((tmp_path / "model" / "manifest.json").read_text())["files"]
    assert {f"expected-{band}.ann" for band in model.snapshot.expected.forests} <= set(files)
    assert f"expected by the counts {recall['expected']:.3f}" in (tmp_path / "model" / "card.md").read_text()
    loaded = Recommender.load(tmp_path / "model")
    pd.testing.assert_frame_equal(
        loaded.recommend_many(loaded.items[:200]), through_annoy.recommend_many(loaded.items[:200])
    )


def test_through_annoy_a_batch_equals_one_by_one(through_annoy):
    items = through_annoy.items[::150]
    together = through_annoy.recommend_many(items, 10)
    for position, item in enumerate(items):
        rows, alone = together[together["query"] == position], through_annoy.recommend(item, 10)
        assert rows["complement"].tolist() == [answer.item for answer in alone]
        assert rows["score"].tolist() == [answer.score for answer in alone]
    new = through_annoy.model.catalogue.frame[::100].assign(item=lambda frame: "new-" + frame["item"])
    together = through_annoy.recommend_new(new, 10)
    for row in range(len(new)):
        rows = together[together["item"] == new["item"].iloc[row]].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, through_annoy.recommend_new(new.iloc[row : row + 1], 10))


def test_lists_through_annoy_are_nearly_the_exact_ones(through_annoy):
    model, snapshot = through_annoy.model, through_annoy.model.snapshot
    exact = knowing(model, index=snapshot.index.with_forests({}), expected=ExactIndex(snapshot.memory.right))
    ours, truth = (Recommender(m).recommend_many(through_annoy.items[:500], 10) for m in (model, exact))
    pairs = [set(zip(lists["item"], lists["complement"], strict=True)) for lists in (ours, truth)]
    assert len(pairs[0] & pairs[1]) > 0.9 * len(pairs[1])


def test_saving_again_replaces_the_model_and_leaves_nothing_behind(recommender, tmp_path):
    for _ in range(2):
        recommender.save(tmp_path / "model")
    assert [file.name for file in tmp_path.iterdir()] == ["model"]
    Recommender.load(tmp_path / "model")


def test_a_failed_save_leaves_the_old_model(recommender, tmp_path, monkeypatch):
    recommender.save(tmp_path / "model")
    monkeypatch.setattr("graphrec.model.saving.model_card", lambda model: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        recommender.save(tmp_path / "model")
    assert [file.name for file in tmp_path.iterdir()] == ["model"]
    Recommender.load(tmp_path / "model")


def test_what_is_no_model_is_never_overwritten(recommender, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(ModelError, match="is no model directory"):
        recommender.save(tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_damage_is_told(recommender, tmp_path):
    with pytest.raises(ModelError, match=r"no manifest\.json"):
        Recommender.load(tmp_path)
    path = tmp_path / "model"
    recommender.save(path)
    weights = path / "regressor.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelError, match=r"regressor\.safetensors is not what the manifest says"):
        Recommender.load(path)
    weights.unlink()
    with pytest.raises(ModelError, match=r"regressor\.safetensors of the manifest is missing"):
        Recommender.load(path)
    manifest = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(ModelError, match="format 99"):
        Recommender.load(path)
    (path / "manifest.json").write_text("{")
    with pytest.raises(ModelError, match="is not JSON"):
        Recommender.load(path)


def facts_of(path) -> dict:
    """Read what a manifest says beside what `write_manifest` adds of itself."""
    manifest = json.loads((path / "manifest.json").read_text())
    return {name: fact for name, fact in manifest.items() if name not in ("format", "files", "digest", "signature")}


def with_columns(path, change) -> list[str]:
    """Let a saved model's ranker have learned from other columns, and say from which it has."""
    columns = facts_of(path)["ranker_columns"]
    write_manifest(path, facts_of(path) | {"ranker_columns": change(columns)})
    return columns


def test_a_ranker_that_has_learned_from_other_columns_is_refused(recommender, tmp_path):
    recommender.save(tmp_path / "model")
    columns = with_columns(tmp_path / "model", lambda columns: [*columns[:-1], "phase of the moon"])
    assert columns == list(recommender.model.complements.ranker.columns) and columns[0] == "posterior"
    with pytest.raises(ModelError, match="other evidence than this graphrec makes") as told:
        Recommender.load(tmp_path / "model")
    assert "'phase of the moon'" in str(told.value) and repr(columns[-1]) in str(told.value)
    assert len(str(told.value).splitlines()) == 1
    assert repr(columns[0]) not in str(told.value), "only what differs is named"
    with_columns(tmp_path / "model", lambda _: [columns[0], *columns[:0:-1]])
    with pytest.raises(ModelError, match="in another order"):
        Recommender.load(tmp_path / "model")


def test_a_ranker_is_refused_where_the_package_makes_new_columns_of_its_evidence(saved, monkeypatch):
    Recommender.load(saved)
    price = EVIDENCE["price"]
    more = {**EVIDENCE, "price": lambda pairs: {**price(pairs), "currency": 0.0 * pairs.bought}}
    monkeypatch.setattr("graphrec.complements.evidence.EVIDENCE", more)
    with pytest.raises(ModelError, match=r"\['currency'\]; fit again"):
        Recommender.load(saved)


def test_many_lenders_are_saved_and_lend_as_before(through_annoy, tmp_path):
    model = through_annoy.model
    through_annoy.save(tmp_path / "model")
    again = Recommender.load(tmp_path / "model").model
    assert model.lenders.forest is not None and again.lenders.forest is not None
    new = model.catalogue.frame[::50]
    lent = model.new_queries(new).likeness
    np.testing.assert_array_equal(again.new_queries(new).likeness.toarray(), lent.toarray())
    np.testing.assert_array_equal(again.snapshot.known.likeness.toarray(), model.snapshot.known.likeness.toarray())

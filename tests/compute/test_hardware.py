"""Mixed precision learns as well, a GPU that is not there is named, and torchrun's processes end with one model."""

import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from graphrec.compute.hardware import ONE_CPU, hardware_of
from graphrec.compute.run import Run
from graphrec.config import Config, ShopConfig, TrainingConfig, load_config, parse_config
from graphrec.embeddings import fit_encoder
from graphrec.errors import ConfigError
from graphrec.events import load_events
from graphrec.events.shop import Shop, generate_shop, write_shop
from graphrec.graph import top_pairs
from graphrec.recommender import Recommender

SETTINGS = [
    "encoder.epochs=3", "networks.epochs=3", "networks.pairs_per_epoch=30000", "ranker.fold_queries=300",
    "networks.learning_rate=0.01",
    "rerank.epochs=1", "rerank.max_sessions=3000", "training.device=cpu",
]  # fmt: skip


def test_a_gpu_that_is_not_there_is_named_with_the_cure(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"training\.device is cuda.*set it to auto or cpu"):
        hardware_of(TrainingConfig(device="cuda"))
    assert hardware_of(TrainingConfig()) == ONE_CPU


def test_precision_may_be_written_as_a_number():
    assert parse_config({"training": {"precision": 32}}, "test") == Config()
    assert hardware_of(parse_config({"training": {"device": "cpu", "precision": "bf16"}}, "test").training).mixed
    with pytest.raises(ConfigError, match=r"training\.precision"):
        parse_config({"training": {"precision": 16}}, "test")


def test_mixed_precision_learns_what_full_precision_learns():
    """Items of four groups with links inside their group."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(4), 40)
    matrix = (rng.standard_normal((4, 12))[group] + rng.standard_normal((160, 12))).astype(np.float32)
    left = rng.integers(0, 160, 3000)
    right = group[left] * 40 + rng.integers(0, 40, 3000)
    pairs = top_pairs(160, left[left != right], right[left != right], np.ones(int((left != right).sum())), {}, 100)
    config = parse_config({"encoder": {"dim": 16, "hidden": 32, "batch": 128, "epochs": 3}}, "test").encoder
    runs = (Run(0, hardware=replace(ONE_CPU, mixed=mixed)) for mixed in (False, True))
    full, mixed = (fit_encoder(matrix, pairs, config, run) for run in runs)
    assert mixed.embeddings.dtype == np.float32
    assert {parameter.dtype for parameter in mixed.model.parameters()} == {torch.float32}
    assert not np.array_equal(full.embeddings, mixed.embeddings)
    assert min(mixed.curve.validation) < 1.03 * min(full.curve.validation)
    assert min(mixed.curve.validation) < 0.9 * np.log(config.batch)


def torchrun(*words: object) -> str:
    """Run a module or script in two processes, and return what they printed."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *map(str, words)]
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


JOINED = """
    import sys
    import numpy as np, torch
    from torch import distributed, nn
    from graphrec.config import TrainingConfig
    from graphrec.compute.hardware import hardware_of, joined_processes
    from graphrec.compute.run import Run
    from graphrec.compute.training import Schedule, repeatable, train

    config = TrainingConfig(device="cpu")
    with joined_processes(config) as first:
        hardware = hardware_of(config)
        assert first == (hardware.rank == 0) and hardware.processes == 2
        run = Run(0, hardware=hardware)
        with repeatable(run) as generator:
            weights = nn.Linear(2, 1)
            weights.unused = nn.Linear(3, 1)
            with torch.no_grad():
                weights.weight += hardware.rank  # another start, which training must make the same
            class Middle:
                schedule = Schedule("test", 200, 3, 0.05)
                model = weights
                def batches(self, generator):
                    for _ in range(200):
                        yield torch.randn(16, 2, generator=generator)
                def loss(self, x):
                    # Process 0 is told that y = 3 a, process 1 that y = b: together they learn 1.5 a + 0.5 b.
                    target = 3 * x[:, 0] if hardware.rank == 0 else x[:, 1]
                    return (self.model(x)[:, 0] - target).square().mean()
                def validate(self):
                    return float(hardware.rank)
            drawn = next(Middle().batches(generator))
            curve = train(Middle(), run, generator)
        np.savez(f"{sys.argv[1]}/{hardware.rank}.npz", weight=weights.weight.detach().numpy(), drawn=drawn.numpy(),
                 validation=np.array(curve.validation))
"""


def test_processes_average_their_gradients_agree_on_losses_and_end_with_equal_weights(tmp_path):
    (tmp_path / "joined.py").write_text(textwrap.dedent(JOINED))
    torchrun(tmp_path / "joined.py", tmp_path)
    one, other = (np.load(tmp_path / f"{rank}.npz") for rank in (0, 1))
    np.testing.assert_array_equal(one["weight"], other["weight"])
    np.testing.assert_allclose(one["weight"], [[1.5, 0.5]], atol=0.15)
    assert one["validation"].tolist() == other["validation"].tolist() == [0.5, 0.5, 0.5]
    assert not np.array_equal(one["drawn"], other["drawn"])


@pytest.mark.slow
def test_two_processes_fit_a_shop_as_well_as_one(tmp_path):
    shop = generate_shop(ShopConfig(events=20_000, items=300, noise=0.02, seed=3))
    write_shop(shop, tmp_path / "shop")
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    printed = torchrun("-m", "graphrec", "fit", tmp_path / "shop" / "shop.yaml", "--out", tmp_path / "two", *settings)
    assert printed.count("model:") == 1
    config = load_config(tmp_path / "shop" / "shop.yaml", SETTINGS)
    one, two = Recommender.fit(load_events(config), config), Recommender.load(tmp_path / "two")
    lowest = [
        {name: min(curve["validation"]) for name, curve in model.model.report["stages"].items()} for model in (one, two)
    ]
    assert lowest[0].keys() == lowest[1].keys()
    for name, loss in lowest[0].items():
        assert lowest[1][name] < 1.05 * loss, name
    hits = planted_share(one, shop), planted_share(two, shop)
    assert hits[1] > 0.6
    # Their batches are other ones, and so may be what is chosen on the last fold of a log as small as this.
    assert hits[1] > hits[0] - 0.15


def planted_share(recommender: Recommender, shop: Shop) -> float:
    """Share of all listed complements whose type is a planted target of the item's."""
    names = list(shop.catalogue.type_names)
    lists = recommender.recommend_all(10)
    left, right = (lists[column].map(names.index).to_numpy() for column in ("item_type", "complement_type"))
    return float((shop.catalogue.transition[left, right] > 0).mean())

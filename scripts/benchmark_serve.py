"""Time the lists of a large generated shop through Annoy beside exact search, and the answers for new products.

python scripts/benchmark_serve.py --items 200000

A shop is generated and a model fitted on all but its latest tenth of sessions (few epochs: how good the model is does
not matter here). Then, in one process and by turns, the same items get their lists twice: with the indexes as
configured, and with everything compared with everything. Both are held against what was bought together later.
"""

import argparse
import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

K = 10
FEW_EPOCHS = [
    "encoder.epochs=1",
    "networks.epochs=2",
    "ranker.fold_queries=1000",
    "rerank.epochs=1",
    "rerank.max_sessions=5000",
]


def fit(folder: Path, events: int, items: int, settings: list[str]) -> None:
    """Generate the shop, fit on its earlier sessions, and keep what was bought together later."""
    from graphrec import Recommender
    from graphrec.complements.folds import answers_of
    from graphrec.config import ShopConfig, load_config
    from graphrec.events import load_events, split_latest
    from graphrec.events.shop import generate_shop, write_shop

    if not (folder / "shop.yaml").is_file():
        write_shop(generate_shop(ShopConfig(events=events, items=items)), folder)
    config = load_config(folder / "shop.yaml", [f"store.path={folder / 'store'}", *FEW_EPOCHS, *settings])
    earlier, later = split_latest(load_events(config), 0.1)
    pairs = answers_of(later, config.graph).complement
    np.savez(folder / "later.npz", query=pairs.rows, answer=pairs.indices.astype(np.int64))
    started = time.perf_counter()
    recommender = Recommender.fit(earlier, config)
    print(f"fitted in {time.perf_counter() - started:.0f} s")
    recommender.save(folder / "model")


def measure(folder: Path, queries: int, repeats: int) -> None:
    """Time both ways by turns, compare their lists, then time new products."""
    from graphrec import Recommender
    from graphrec.retrieval import ExactIndex

    started = time.perf_counter()
    recommender = Recommender.load(folder / "model")
    model = recommender.model
    print(f"loaded in {time.perf_counter() - started:.1f} s")
    snapshot = model.snapshot
    searched = dataclasses.replace(
        snapshot, index=snapshot.index.with_forests({}), expected=ExactIndex(snapshot.memory.right)
    )
    exact = dataclasses.replace(model, complements=dataclasses.replace(model.complements, snapshot=searched))
    recall = model.report["annoy_recall_at_10"]
    types, bands = len(snapshot.index.forests), len(getattr(snapshot.expected, "forests", {}))
    print(f"Annoy: {types} types, recall@10 {_share(recall['complements'])}; {bands} bands of the low-rank counts,")
    print(f"  recall@10 {_share(recall['expected'])}; all embeddings, recall@10 {_share(recall['similar'])}")
    lists_of = {"as configured": model, "exact": exact}
    codes = np.sort(np.random.default_rng(0).permutation(len(model.catalogue))[:queries])
    for other in lists_of.values():
        _lists(other, codes[:1])  # what is made once is made before the clock starts
    seconds: dict[str, list[float]] = {name: [] for name in lists_of}
    for _ in range(repeats):
        for name, other in lists_of.items():
            started = time.perf_counter()
            _lists(other, codes)
            seconds[name].append(time.perf_counter() - started)
    for name, runs in seconds.items():
        each = 1e3 * np.array(runs) / len(codes)
        print(f"{name:<14} {np.median(each):7.3f} ms a list ({each.min():.3f}-{each.max():.3f}), {len(codes):,} items")
    ratio = float(np.median(np.array(seconds["exact"]) / np.array(seconds["as configured"])))
    _judge("lists, times faster than exact search", ratio, ratio >= 10, "at least 10")
    found = [value for value in (recall["complements"], recall["expected"]) if value is not None]
    _judge("least recall@10 of candidates", min(found, default=1.0), min(found, default=1.0) >= 0.98, "at least 0.98")
    _compare(folder, model, exact, codes)
    _new_products(recommender, repeats)


def _compare(folder: Path, model: object, exact: object, codes: np.ndarray) -> None:
    """Hold the lists of both against each other, and against what was bought later."""
    ours, truth = _lists(model, codes), _lists(exact, codes)
    query = np.repeat(np.arange(len(codes)), K)
    as_exact = _ndcg(ours, codes, query[truth.ravel() >= 0], truth.ravel()[truth.ravel() >= 0]).mean()
    common = np.mean([len(np.intersect1d(a, b)) / K for a, b in zip(ours, truth, strict=True)])
    print(f"of the exact lists' items {common:.4f} are in ours; NDCG@10 with them as the answer {as_exact:.4f}")
    later = np.load(folder / "later.npz")
    asked = np.unique(later["query"])
    asked = np.sort(np.random.default_rng(1).permutation(asked)[: len(codes)])
    held = np.isin(later["query"], asked)
    question = np.searchsorted(asked, later["query"][held])
    ours_later, exact_later = (_ndcg(_lists(m, asked), asked, question, later["answer"][held]) for m in (model, exact))
    difference = abs(float(ours_later.mean() / exact_later.mean()) - 1)
    means = f"{ours_later.mean():.5f}, exact {exact_later.mean():.5f}"
    print(f"NDCG@10 of later co-purchases of {len(asked):,} items: {means}")
    _judge("difference in NDCG of later co-purchases", difference, difference < 0.02, "under 0.02")
    _judge("difference in NDCG from exact lists", 1 - as_exact, 1 - as_exact < 0.02, "under 0.02")


def _new_products(recommender: object, repeats: int) -> None:
    """Embed and answer products of another shop of the same kind, a thousand at once and one at a time."""
    from graphrec.config import ShopConfig
    from graphrec.events.shop import generate_shop

    shop = generate_shop(ShopConfig(events=1, items=1_000, seed=1)).catalogue.products
    products = shop.rename(columns={"product_id": "item", "category_code": "type"}).drop(columns="category_id")
    products["item"], products["category_path"] = "new-" + products["item"], products["type"]
    recommender.recommend_new(products[:1], k=K)
    together, alone, processor = [], [], []
    for _ in range(repeats):
        started = time.perf_counter()
        recommender.recommend_new(products, k=K)
        together.append(time.perf_counter() - started)
    for row in range(max(200, 100 * repeats)):
        started, used = time.perf_counter(), time.process_time()
        recommender.recommend_new(products[row % 1_000 : row % 1_000 + 1], k=K)
        alone.append(1e3 * (time.perf_counter() - started))
        processor.append(1e3 * (time.process_time() - used))
    _judge("1,000 new products, s", float(np.median(together)), np.median(together) < 2, "under 2")
    for name, times in (("", alone), (" of processor time", processor)):
        print(f"one new product: {np.median(times):.1f} ms{name}, 99th percentile {np.quantile(times, 0.99):.1f}")
    slowest = float(np.quantile(alone, 0.99))
    _judge("one new product at the 99th percentile, ms", slowest, slowest < 50, "under 50")


def _lists(model: object, codes: np.ndarray) -> np.ndarray:
    ranking = model.rank(model.carts(list(codes[:, None])), K)
    lists = np.full((len(codes), K), -1, dtype=np.int64)
    lists[ranking.query, ranking.rank - 1] = ranking.item
    return lists


def _ndcg(lists: np.ndarray, queries: np.ndarray, question: np.ndarray, answer: np.ndarray) -> np.ndarray:
    from graphrec.evaluation.metrics import hit_matrix, ndcg
    from graphrec.evaluation.questions import Questions

    questions = Questions(queries, np.arange(len(queries)), question, answer)
    return ndcg(hit_matrix(lists, questions), questions.answers)


def _share(recall: float | None) -> str:
    return "exact" if recall is None else f"{recall:.4f}"


def _judge(what: str, value: float, met: bool, bar: str) -> None:
    print(f"  {'met   ' if met else 'MISSED'} {what}: {value:.4g} (bar: {bar})")


def in_own_process(*arguments: str) -> None:
    """Run one step in a process of its own."""
    done = subprocess.run([sys.executable, "-W", "ignore", __file__, "--do", *arguments], check=False)
    if done.returncode:
        raise SystemExit(f"{arguments[0]} ended with {done.returncode}")


STEPS: dict[str, Callable[[Path, list[str]], None]] = {
    "fit": lambda folder, rest: fit(folder, int(rest[0]), int(rest[1]), json.loads(rest[2])),
    "measure": lambda folder, rest: measure(folder, int(rest[0]), int(rest[1])),
}


def main() -> None:
    """Fit once, then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--events", type=int, help="rows of the log; default: 20 for each item")
    parser.add_argument("--queries", type=int, default=4_000, help="items drawn at random whose lists are timed")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], help="section.name=value for the fit")
    parser.add_argument("--folder", type=Path, default=Path("benchmark-output"))
    parser.add_argument("--do", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.do:
        STEPS[asked.do[0]](Path(asked.do[1]), asked.do[2:])
        return
    events = asked.events or 20 * asked.items
    folder = asked.folder / f"serve-{events}-{asked.items}"
    if not (folder / "model").is_dir() or asked.set:
        in_own_process("fit", str(folder), str(events), str(asked.items), json.dumps(asked.set))
    in_own_process("measure", str(folder), str(asked.queries), str(asked.repeats))


if __name__ == "__main__":
    main()

"""The outside check of exported lists: worked out by hand, at one with the board, never silent on bad lists."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graphrec.evaluation.metrics import metrics_beside_chance, row_shares
from graphrec.evaluation.questions import purchases
from graphrec.evaluation.split import events_with_baskets

SCRIPTS = Path(__file__).parents[1] / "scripts"
FOLLOWED = 1 / np.log2(3)
"""Discount of the second place."""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    sys.path.insert(0, str(SCRIPTS))
    try:
        spec = importlib.util.spec_from_file_location("score_export", SCRIPTS / "score_export.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["score_export"] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(SCRIPTS))
    return module


@pytest.fixture
def score(script, tmp_path, capsys):
    """Write lists and logs given as dictionaries, score them, and return the exit code and what was printed."""

    def run(kind, lists, known, test, *options, ending="parquet", titles=None):
        columns = ["session", "item"] if kind == "baskets" else ["src", "dst"]
        exported = [(item, other, rank) for item, row in lists.items() for rank, other in enumerate(row, start=1)]
        tables = {
            "lists": pd.DataFrame(exported, columns=["item", "complement", "rank"]),
            "known": pd.DataFrame(known, columns=columns),
            "test": pd.DataFrame(test, columns=columns),
        }
        for name, table in tables.items():
            save(table, tmp_path / f"{name}.{ending}")
        if titles is not None:
            pd.DataFrame(titles.items(), columns=["item", "title"]).to_parquet(tmp_path / "titles.parquet")
            options = [*options, "--titles", str(tmp_path / "titles.parquet")]
        files = [str(tmp_path / f"{name}.{ending}") for name in tables]
        code = script.main([kind, *files, *options, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def save(table, file):
    if file.suffix == ".csv":
        table.to_csv(file, index=False)
    elif file.suffix == ".jsonl":
        table.to_json(file, orient="records", lines=True)
    else:
        table.to_parquet(file, index=False)


def basket_rows(baskets):
    return [(f"s{number}", item) for number, basket in enumerate(baskets) for item in basket]


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_lists_are_scored_as_worked_out_by_hand(score, ending):
    # Whichever item of a basket is asked by, its list finds the same, so that the draw does not matter.
    lists = {"1": ["2", "3"], "2": ["1", "3"], "3": ["1", "2"], "4": ["1", "2"]}
    train = basket_rows([["1", "2"], ["1", "2"], ["3", "4"]])
    test = basket_rows([["1", "2"], ["1", "2"], ["3", "4"], ["4"]])
    code, found = score("baskets", lists, train, test, "-k", "2", ending=ending)
    scores = found["models"]["the export"]
    assert code == 0
    assert found["facts"]["questions"] == 3  # a basket of one item asks nothing
    assert scores["HR"] == pytest.approx(2 / 3)
    assert scores["NDCG"] == pytest.approx(2 / 3)
    # Of the six rows two each are items 1 and 2, one is 3: what a stranger's basket of one other item holds by chance.
    found_twice = (1 - 1 / 3) - 1 / 6 * FOLLOWED
    staples_of_others = -1 / 3 - 1 / 3 * FOLLOWED
    assert scores["hits beyond chance"] == pytest.approx((2 * (1 - 1 / 3 - 1 / 6) - 2 / 3) / 3)
    assert scores["NDCG beyond chance"] == pytest.approx((2 * found_twice + staples_of_others) / 3)
    # Three of the four items are listed. Counts know the one pair of each item, and items 3 and 4 were a pair, too.
    assert scores["coverage"] == pytest.approx(3 / 4)
    assert found["models"]["counts"]["HR"] == 1
    low, high = scores["NDCG low"], scores["NDCG high"]
    assert low <= scores["NDCG"] <= high and low < high


def test_an_answer_that_nobody_knew_is_still_an_answer(score):
    test = basket_rows([["a", "b", "new"]])
    _, found = score("baskets", {"a": ["b"], "b": ["a"]}, basket_rows([["a", "b"]]), test, "-k", "2")
    assert found["models"]["the export"]["NDCG"] == pytest.approx(1 / (1 + FOLLOWED))


def test_the_20_commonest_complements_are_counted_in_all_places(score):
    ring = [(str(i), str((i + 1) % 30)) for i in range(30)]
    _, found = score("baskets", {a: [b] for a, b in ring}, basket_rows(ring), basket_rows(ring), "-k", "1")
    assert found["models"]["the export"]["top-20 share"] == pytest.approx(20 / 30)
    assert found["facts"]["top-20 share as shown"] == pytest.approx(20 / 30)
    assert found["models"]["the export"]["coverage"] == 1


def test_pairs_below_chance_are_told_apart(score):
    held = {"a": range(0, 8), "b": range(4, 12), "x": range(0, 6), "y": range(6, 12)}
    log = [(f"s{basket}", item) for item, baskets in held.items() for basket in baskets]
    # Of 12 baskets: a and b met 4 times where chance expects 5.3; x and y never, where it expects 3; b and y 6 times.
    _, found = score("baskets", {"a": ["b"], "b": ["y"], "x": ["y"], "y": ["b"]}, log, log, "-k", "1")
    for name in ("TRAIN", "TEST"):
        assert found["facts"][f"lift below 1 in {name}, together"] == 1 / 4
        assert found["facts"][f"lift below 1 in {name}, never together"] == 1 / 4
    # With one basket of x less, chance would have brought x and y together 2.5 times: too few to say anything.
    _, found = score("baskets", {"x": ["y"]}, [row for row in log if row != ("s0", "x")], log, "-k", "1")
    assert found["facts"]["lift below 1 in TRAIN, never together"] == 0


def test_near_duplicates_are_those_of_the_query_and_of_places_above(score):
    titles = {"q": "Red Cup large", "1": "red cup", "2": "green lamp", "3": "lamp, tall, GREEN", "4": "cup of tea"}
    lists, log = {"q": ["1", "2", "3", "4", "untitled"]}, basket_rows([["q", "1"]])
    _, found = score("baskets", lists, log, log, titles=titles)
    # Two of three words of the query and of its first; of the second and the third. The fourth shares one of five.
    assert found["facts"]["near-duplicates in the first five"] == pytest.approx(2 / 5)


def test_known_links_come_first_and_the_others_are_scored_without_them(score):
    known, test = [("a", "b"), ("a", "c"), ("b", "d")], [("b", "c"), ("c", "b")]
    first = {"a": ["b", "c", "d"], "b": ["a", "d", "c"], "c": ["a", "b", "d"], "d": ["b", "a", "c"]}
    code, found = score("links", first, known, test, "-k", "2", "--check")
    assert found["facts"]["known links first, until they run out"] == 1
    assert found["facts"]["known links among the first 2"] == pytest.approx(6 / 8)
    assert found["models"]["the export"]["NDCG"] == 1
    # From c over a to b, from b over a to c: the walk ends nowhere else that is new.
    assert found["models"]["two-step walk"]["NDCG"] == 1
    assert [wrong.split(":")[0] for wrong in found["must not be"]] == ["top-20 share as shown"] and code == 1
    code, found = score("links", first | {"c": ["d", "b", "a"]}, known, test, "-k", "2", "--check")
    assert found["facts"]["known links first, until they run out"] == pytest.approx(5 / 6)
    assert found["models"]["the export"]["NDCG"] == pytest.approx((1 + FOLLOWED) / 2)
    assert "known links first, until they run out" in {wrong.split(":")[0] for wrong in found["must not be"]}


GROUPS, SIZE = 10, 12


@pytest.fixture(scope="module")
def groups():
    """Baskets of six items of one group of twelve each; a bag lies in every basket."""
    rng = np.random.default_rng(0)
    group, order = rng.integers(GROUPS, size=900), rng.permuted(np.tile(np.arange(SIZE), (900, 1)), axis=1)
    baskets = [[f"{g}-{item}" for item in some[:6]] + ["bag"] for g, some in zip(group, order, strict=True)]
    members = [[f"{g}-{item}" for item in range(SIZE)] for g in range(GROUPS)]
    # The next ten of the ring, so that none is listed more often than the others.
    lists = {row[n]: (row[n + 1 :] + row[:n])[:10] for row in members for n in range(SIZE)}
    lists["bag"] = [f"{group}-0" for group in range(GROUPS)]
    return lists, basket_rows(baskets[:600]), basket_rows(baskets[600:])


def test_good_lists_pass_the_check(score, groups):
    code, found = score("baskets", *groups, "--check")
    assert found["must not be"] == [] and code == 0
    counts, export = (found["models"][name] for name in ("counts", "the export"))
    assert counts["NDCG"] > export["NDCG"]  # the bag is in every basket
    assert export["NDCG beyond chance low"] > counts["NDCG beyond chance high"]


def test_lists_of_bestsellers_fail_the_check(score, groups):
    _, train, test = groups
    best = pd.DataFrame(train, columns=["session", "item"])["item"].value_counts().index
    lists = {item: [other for other in best[:21] if other != item][:20] for item in best}
    code, found = score("baskets", lists, train, test, "--check")
    wrong = {one.split(":")[0] for one in found["must not be"]}
    assert code == 1
    assert {"top-20 share as shown", "lift below 1 in TRAIN, never together", "NDCG beyond chance"} <= wrong


@pytest.mark.parametrize(
    ("spoil", "wrong"),
    [
        (lambda row, item: [], "items without a list"),
        (lambda row, item: row[:9], "short lists"),
        (lambda row, item: [item, *row[:9]], "lists with the query itself"),
    ],
)
def test_one_spoilt_list_fails_the_check(score, groups, spoil, wrong):
    lists, train, test = groups
    code, found = score("baskets", lists | {"3-3": spoil(lists["3-3"], "3-3")}, train, test, "--check")
    assert [one.split(",")[0] for one in found["must not be"]] == [f"{wrong}: 1"] and code == 1
    assert score("baskets", lists | {"3-3": spoil(lists["3-3"], "3-3")}, train, test)[0] == 0  # only told


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        (pd.DataFrame({"item": ["a"], "rank": [1]}), "no column 'complement'; it has item, rank"),
        (pd.DataFrame({"item": ["a"], "complement": ["b"], "rank": [0]}), "whole numbers from 1 on"),
        (pd.DataFrame({"item": ["a", "a"], "complement": ["b", "c"], "rank": [1, 1]}), "item 'a' has rank 1 twice"),
        (pd.DataFrame({"item": ["a", "a"], "complement": ["b", "b"], "rank": [1, 2]}), "has complement b twice"),
        (pd.DataFrame({"item": ["a"], "complement": [None], "rank": [1]}), "'complement' has 1 rows without a value"),
    ],
)
def test_a_file_that_cannot_be_scored_is_named_in_one_line(script, tmp_path, capsys, lists, told):
    lists.to_csv(tmp_path / "lists.csv", index=False)
    pd.DataFrame({"session": ["s", "s"], "item": ["a", "b"]}).to_csv(tmp_path / "log.csv", index=False)
    log = str(tmp_path / "log.csv")
    assert script.main(["baskets", str(tmp_path / "lists.csv"), log, log]) == 2
    line = capsys.readouterr().err.strip()
    assert line.startswith(str(tmp_path / "lists.csv")) and told in line and "\n" not in line


@pytest.mark.parametrize("name", ["nowhere.parquet", "lists.txt"])
def test_a_file_that_is_not_there_or_of_no_known_kind_is_named(script, tmp_path, capsys, name):
    (tmp_path / "lists.txt").write_text("item,complement,rank\n")
    assert script.main(["baskets", *[str(tmp_path / name)] * 3]) == 2
    line = capsys.readouterr().err.strip()
    assert line.startswith(str(tmp_path / name)) and "\n" not in line


def test_nothing_of_graphrec_is_imported():
    for name in ("score_export.py", "list_opponents.py"):
        assert "import graphrec" not in (SCRIPTS / name).read_text()
        assert "from graphrec" not in (SCRIPTS / name).read_text()


def test_the_board_and_the_outside_agree(planted, score):
    """One fit, the same lists: both find the same NDCG, plain and beyond chance, within sampling error."""
    split, known, every = planted.split, planted.sets.known, planted.sets.every
    items = split.train.catalogue.items
    exported = planted.recommender.recommend_all(20)
    lists = exported.sort_values("rank").groupby("item")["complement"].agg(list)
    logs = [
        pd.DataFrame({"session": rows["basket"].astype(str), "item": items[rows["item"].to_numpy()]}).drop_duplicates()
        for rows in (purchases(events_with_baskets(split.train)), purchases(split.test))
    ]
    _, found = score("baskets", lists.to_dict(), *logs, "--check")
    assert found["must not be"] == [], "of a fit's own lists nothing may be that a shop must never meet"
    place = {item: code for code, item in enumerate(items)}
    ranked = np.array([[place[other] for other in lists[items[query]]] for query in every.query])
    board = pd.DataFrame(metrics_beside_chance(ranked, every, row_shares(known, len(items)))).groupby(every.basket)
    assert found["facts"]["questions"] == len(known) == len(board) > 400
    for name, metric in (("NDCG", "ndcg@10"), ("NDCG beyond chance", "ndcg_beyond_chance@10")):
        # By whichever item the outside asks about a basket, on average it finds what all its items find.
        expected, error = board[metric].mean().mean(), np.sqrt(board[metric].var(ddof=0).sum()) / len(board)
        assert found["models"]["the export"][name] == pytest.approx(expected, abs=3 * error)
        assert error < expected / 20

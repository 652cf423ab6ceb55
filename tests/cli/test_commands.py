"""The command line: what it writes, and one clear line with exit code 2 where a user went wrong."""

import contextlib
import io
import json
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graphrec.cli import main
from graphrec.model import Model

QUICK = [
    "--set", "encoder.epochs=1", "--set", "encoder.pairs_per_epoch=5000",
    "--set", "networks.epochs=1", "--set", "networks.pairs_per_epoch=5000",
    "--set", "rerank.epochs=1", "--set", "rerank.max_sessions=500",
]  # fmt: skip


@dataclass(frozen=True)
class Run:
    returncode: int
    stdout: str
    stderr: str


def graphrec(*words: object) -> Run:
    """Run the command line in this process, as its entry point does."""
    out, err, argv, show = io.StringIO(), io.StringIO(), sys.argv, warnings.showwarning
    sys.argv = ["graphrec", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv, warnings.showwarning = argv, show
    return Run(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli")
    made = graphrec("shop", path / "shop", "--events", 8000, "--seed", 1, "--items", 400)
    assert made.returncode == 0, made.stderr
    fitted = graphrec("fit", path / "shop" / "shop.yaml", "--out", path / "model", *QUICK)
    assert fitted.returncode == 0, fitted.stderr
    assert "complement links" in fitted.stdout
    return path


def test_recommend_as_json_and_as_table(folder):
    items = pd.read_parquet(folder / "model" / "items.parquet")["item"].tolist()[:2]
    answered = graphrec("recommend", folder / "model", *items, "-k", 5, "--json", "--session", items[0])
    answers = json.loads(answered.stdout)
    assert [answer["rank"] for answer in answers] == [1, 2, 3, 4, 5]
    assert set(answers[0]) == {"item", "score", "uplift", "rank", "source", "evidence", "evidence_of"}
    assert set(answers[0]["evidence"]) == {"bought_together", "support", "lift", "bought_first"}
    assert not set(items) & {answer["item"] for answer in answers}
    table = graphrec("recommend", folder / "model", items[0])
    assert table.returncode == 0 and "completes" in table.stdout
    similar = json.loads(graphrec("similar", folder / "model", items[0], "-k", 3, "--json").stdout)
    assert len(similar) == 3


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of items whose ids hold commas and dashes."""
    path = tmp_path_factory.mktemp("odd")
    rows = [f'{basket},"{item}"' for basket in range(6) for item in ("a,b", "-17", "c", "-k1")[: 2 + basket % 3]]
    (path / "log.csv").write_text("s,i\n" + "\n".join(rows) + "\n")
    columns = "{session: s, item: i}"
    (path / "shop.yaml").write_text(f"events: {{path: log.csv, columns: {columns}, default_kind: purchase}}\n")
    fitted = graphrec("fit", path / "shop.yaml", "--out", path / "model", *QUICK)
    assert fitted.returncode == 0, fitted.stderr
    return path / "model"


def answered(*words: object) -> list[str]:
    run = graphrec(*words, "--json")
    assert run.returncode == 0, run.stderr
    return [answer["item"] for answer in json.loads(run.stdout)]


def test_ids_may_hold_commas_and_begin_with_a_dash(odd):
    alone = answered("recommend", odd, "c", "-k", 3)
    assert sorted(alone) == ["-17", "-k1", "a,b"]
    assert sorted(answered("recommend", odd, "-17", "-k", 3)) == ["-k1", "a,b", "c"]
    assert sorted(answered("similar", odd, "-17", "-k", 3)) == ["-k1", "a,b", "c"]
    # One that looks like an option of the command stands behind --.
    told = graphrec("recommend", odd, "-k", 3, "--json", "--", "-k1").stdout
    assert sorted(answer["item"] for answer in json.loads(told)) == ["-17", "a,b", "c"]


def test_an_id_that_is_known_is_one_step_of_a_session(odd):
    for steps in (["--session", "a,b"], ["--session", "-17", "--session", "a,b"], ["--session", "-17,-k1"]):
        run = graphrec("recommend", odd, "c", *steps)
        assert run.returncode == 0, run.stderr
        assert "log score" in run.stdout
    assert_one_line(graphrec("recommend", odd, "c", "--session", "-17,a,b"), "unknown item 'a', 'b'")


def test_what_cannot_be_skipped_is_not_advised_to_be(folder):
    assert "--skip-unknown" in graphrec("recommend", folder / "model", "nobody").stderr
    said = graphrec("recommend", folder / "model", "nobody", "--skip-unknown").stderr
    assert "nobody" in said and "--skip-unknown" not in said


def test_a_cart_tells_with_which_of_its_items_an_answer_was_bought(folder):
    first, second = pd.read_parquet(folder / "model" / "items.parquet")["item"].tolist()[:2]
    alone = {
        item: {a["item"]: a["evidence"]["bought_together"] for a in whole_list(folder, item)}
        for item in (first, second)
    }
    cart = whole_list(folder, first, second)
    assert {first, second} <= {answer["evidence_of"] for answer in cart}
    for answer in cart:
        of, count = answer["evidence_of"], answer["evidence"]["bought_together"]
        most = max(known[answer["item"]] for known in alone.values())
        assert count == most == (alone[of][answer["item"]] if of else 0)
    assert " with " in graphrec("recommend", folder / "model", first, second).stdout


def whole_list(folder: Path, *items: str) -> list[dict]:
    return json.loads(graphrec("recommend", folder / "model", *items, "-k", 1000, "--json").stdout)


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_export_has_a_row_for_every_item_and_rank(folder, ending):
    file = folder / f"lists.{ending}"
    assert graphrec("export", folder / "model", "--out", file, "-k", 4).returncode == 0
    read = {"parquet": pd.read_parquet, "csv": pd.read_csv, "jsonl": lambda f: pd.read_json(f, lines=True)}[ending]
    lists = read(file)
    assert len(lists) == 4 * len(pd.read_parquet(folder / "model" / "items.parquet"))
    assert list(lists.columns)[:3] == ["item", "complement", "rank"]


PRODUCTS = Path(__file__).parents[2] / "scripts" / "demo_products_shop.csv"


def titles_of(folder: Path) -> dict[str, str]:
    items = pd.read_parquet(folder / "model" / "items.parquet")
    return dict(zip(items["item"], items["title"], strict=True))


@pytest.mark.parametrize(("columns", "shown", "widest"), [(80, 28, 80), (40, 28, None), (200, 99, 200)])
def test_titles_get_the_room_that_is_left_and_can_be_told_apart(folder, monkeypatch, columns, shown, widest):
    monkeypatch.setenv("COLUMNS", str(columns))
    titles = titles_of(folder)
    for item in list(titles)[:5]:
        lines = graphrec("recommend", folder / "model", item, "-k", 20).stdout.splitlines()
        rows = {line.split()[1]: line for line in lines if line.split() and line.split()[0].isdigit()}
        assert len(rows) == 20
        # The last character of a title that is cut is the sign that it was.
        assert all(titles[listed][: shown - 1] in row for listed, row in rows.items())
        assert widest is None or max(map(len, lines)) <= widest


def test_scores_after_a_session_are_headed_as_log_scores(folder):
    first, second, *_ = titles_of(folder)
    assert "log score" not in graphrec("recommend", folder / "model", first).stdout
    assert "log score" in graphrec("recommend", folder / "model", first, "--session", second).stdout


def test_embed_shows_what_completes_the_first_new_products_by_title(folder):
    products = pd.concat([pd.read_csv(PRODUCTS), pd.DataFrame({"item": ["fourth"], "title": ["Fourth"]})])
    products.to_csv(folder / "four.csv", index=False)
    out = folder / "four.jsonl"
    said = graphrec("embed", folder / "model", folder / "four.csv", "--out", out).stdout
    table, titles = pd.read_json(out, lines=True, dtype=False), titles_of(folder)
    for item, title, complements in zip(products["item"], products["title"], table["complements"], strict=True):
        assert (f"{title} ({item})" in said) == (item != "fourth")
        told = said.partition(f"({item})")[2].partition("(new-")[0]
        assert item == "fourth" or all(titles[str(complement)][:27] in told for complement in complements[:5])


def test_embed_embeds_once(folder, monkeypatch):
    embed, calls = Model.embed, []

    def counted(model: Model, rows: pd.DataFrame) -> np.ndarray:
        calls.append(len(rows))
        return embed(model, rows)

    monkeypatch.setattr(Model, "embed", counted)
    assert graphrec("embed", folder / "model", PRODUCTS, "--out", folder / "once.csv").returncode == 0
    assert calls == [3]


def test_embed_gives_unit_vectors_and_complements(folder):
    for ending in ("parquet", "csv"):
        assert graphrec("embed", folder / "model", PRODUCTS, "--out", folder / f"new.{ending}").returncode == 0
    table = pd.read_parquet(folder / "new.parquet")
    assert table["item"].tolist() == ["new-camera", "new-tea", "new-tent"]
    np.testing.assert_allclose(np.linalg.norm(np.stack(table["embedding"]), axis=1), 1, rtol=1e-5)
    assert table["complements"].map(len).eq(10).all()
    text = pd.read_csv(folder / "new.csv")
    for name in ("embedding", "complements", "scores"):
        np.testing.assert_array_equal(np.stack(text[name].map(json.loads)), np.stack(table[name]))


def test_the_log_may_name_its_own_columns_for_new_products(folder):
    products = pd.read_csv(folder / "shop" / "products.csv").head(3)
    products["product_id"] = ["x1", "x2", "x3"]
    products.to_csv(folder / "new.csv", index=False)
    assert graphrec("embed", folder / "model", folder / "new.csv", "--out", folder / "new.csv.parquet").returncode == 0
    assert pd.read_parquet(folder / "new.csv.parquet")["item"].tolist() == ["x1", "x2", "x3"]


LOGS = {
    "missing column": ("basket,thing\n1,a\n", "column 'sku'"),
    "empty file": ("", "is empty"),
    "unknown kind": ("basket,sku,what\n1,a,wish\n", "no known event kind"),
    "no purchases": ("basket,sku,what\n1,a,view\n1,b,view\n", "no purchases"),
    "one item": ("basket,sku,what\n1,a,purchase\n2,a,purchase\n", "hold one item"),
    "nothing together": ("basket,sku,what\n1,a,purchase\n2,b,purchase\n", "no two items were bought together"),
    "price": ("basket,sku,what,price\n1,a,purchase,dear\n1,b,purchase,2\n", "are no numbers"),
}


@pytest.mark.parametrize("case", LOGS)
def test_bad_logs_are_one_line_and_exit_2(case, tmp_path):
    text, said = LOGS[case]
    (tmp_path / "log.csv").write_text(text)
    price = ", price: price" if case == "price" else ""
    kind = "" if case in ("missing column", "empty file") else ", kind: what"
    config = (
        f"events:\n  path: log.csv\n  default_kind: purchase\n  columns: {{session: basket, item: sku{kind}{price}}}\n"
    )
    (tmp_path / "shop.yaml").write_text(config)
    run = graphrec("fit", tmp_path / "shop.yaml", "--out", tmp_path / "model")
    assert_one_line(run, said)
    assert not (tmp_path / "model").exists()


def assert_one_line(run: Run, said: str) -> None:
    assert run.returncode == 2, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    last = run.stderr.strip().splitlines()[-1]
    assert (said in last and "Error" in last) or "UnknownItem" in last


def test_bad_calls_are_one_line_and_exit_2(folder, tmp_path):
    shop = folder / "shop" / "shop.yaml"
    (tmp_path / "odd.yaml").write_text("events: [1")
    (tmp_path / "word.yaml").write_text("events: {paht: x}")
    cases = [
        (("fit", tmp_path / "none.yaml"), "cannot read config"),
        (("fit", tmp_path / "odd.yaml"), "is not YAML"),
        (("fit", tmp_path / "word.yaml"), "'events.paht' does not exist; there are before, columns"),
        (("fit", shop, "--set", "encoder.dim=large"), "encoder.dim"),
        (("fit", shop, "--set", "encoder"), "section.name=value"),
        (("fit", shop, "--set", "events.path=/nowhere/log.csv"), "no such file"),
        (("recommend", folder / "model", "not-an-item"), "UnknownItem"),
        (("recommend", tmp_path, "x"), "no manifest.json"),
        (("export", folder / "model", "--out", tmp_path / "lists.xls"), "ending must be one of"),
        (("embed", folder / "model", tmp_path / "none.csv", "--out", tmp_path / "x.csv"), "no such file"),
    ]
    for words, said in cases:
        assert_one_line(graphrec(*words), said)


def test_no_arguments_and_wrong_options_are_no_traceback():
    for words in ((), ("fit",), ("recommend", "--nonsense")):
        run = graphrec(*words)
        assert run.returncode == 2
        assert "Traceback" not in run.stderr


def test_the_installed_command_runs():
    command = Path(sys.executable).with_name("graphrec")
    run = subprocess.run([command, "fit", "nowhere.yaml"], capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.startswith("ConfigError: cannot read config nowhere.yaml")

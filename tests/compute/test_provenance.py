"""A key of code changes with every source that decides a result, and with no other."""

import shutil

import pytest

from graphrec.compute.provenance import PACKAGE, code_of, sources_of


@pytest.fixture
def copied(tmp_path):
    """The source files of graphrec, to be changed."""
    return shutil.copytree(PACKAGE, tmp_path / "graphrec")


@pytest.mark.parametrize(
    ("place", "decides"),
    [
        ("events/store.py", True),
        ("events/cleaning.py", True),
        ("events/readers/rees46.py", True),
        ("events/words.py", True),
        ("compute/engine.py", True),
        ("events/shop.py", False),
        ("graph/pairs.py", False),
        ("config/sessions.py", False),
    ],
)
def test_the_code_of_a_module_is_its_own_and_what_it_imports(copied, place, decides):
    before = code_of("graphrec.events.store", package=copied)
    assert before == code_of("graphrec.events.store")
    (copied / place).write_text((copied / place).read_text() + "\n_ = 0\n")
    assert (code_of("graphrec.events.store", package=copied) != before) == decides


def test_late_imports_and_modules_named_by_their_package_are_followed(tmp_path):
    for name, text in {
        "__init__": "",
        "first": "def late():\n    from graphrec.room import second\n",
        "room/__init__": "",
        "room/second": "import graphrec.room.third\nimport os.path\n",
        "room/third": "",
        "alone": "",
    }.items():
        file = tmp_path / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    found = {file.relative_to(tmp_path).as_posix() for file in sources_of("graphrec.first", package=tmp_path)}
    assert found == {"first.py", "room/__init__.py", "room/second.py", "room/third.py"}


def test_a_module_that_does_not_exist_is_named():
    with pytest.raises(ModuleNotFoundError, match=r"graphrec\.events\.nowhere"):
        code_of("graphrec.events.nowhere")

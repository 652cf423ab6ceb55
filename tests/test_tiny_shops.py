"""Whatever the doctor passes is fitted and answers, or is refused in one line before it is trained."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.tiny_shops import TinyShop, check_shop, tiny_shops

PURCHASES = {"default_kind": "purchase"}


def lines(text, **more):
    """Make a row of each 'session item'."""
    return [{"session": line[0], "item": line[1:]} | {name: make(line) for name, make in more.items()} for line in text]


@pytest.mark.filterwarnings("ignore::graphrec.errors.GraphrecWarning")
@pytest.mark.parametrize(
    ("shop", "came"),
    [
        (TinyShop(lines(["1A", "1B", "1C"]), [], PURCHASES), "fitted"),
        (TinyShop([{"user": "guest", "item": item} for item in "ABAB"], [], PURCHASES), "fitted"),
        (TinyShop(lines(["1A", "2A", "3B", "4A", "4B"]), [], PURCHASES), "fitted"),
        (
            TinyShop(lines(["1A", "1B", "2A", "2C", "3B", "3C"], type="type of {}".format), [], PURCHASES),
            "fitted",
        ),
        (TinyShop(lines(["1A", "2B"]), [], PURCHASES), "not fitted"),
        (TinyShop([], [], PURCHASES), "not read"),
    ],
    ids=["one session", "all are guests", "one pair", "a type for each item", "nothing together", "no row"],
)
def test_the_smallest_shops(tmp_path, shop, came):
    assert check_shop(shop, tmp_path) == came


@pytest.mark.filterwarnings("ignore::graphrec.errors.GraphrecWarning")
@settings(
    max_examples=20,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tiny_shops())
def test_any_tiny_shop(shop):
    """`scripts/fuzz_shops.py` draws thousands of them."""
    with tempfile.TemporaryDirectory() as folder:
        check_shop(shop, Path(folder))

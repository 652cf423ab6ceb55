"""Near-duplicates by hand-worked titles, and against a comparison of one pair after the other."""

import numpy as np
import pandas as pd
import pytest

from graphrec.events import Catalogue
from graphrec.lists import NearDuplicates

TITLES = {
    "pink": "Pink Regency Teacup and Saucer",
    "green": "GREEN REGENCY TEACUP AND SAUCER",
    "plate": "Regency Cake Plate and Saucer",
    "six": "Coca-Cola 6 x 330ml",
    "twelve": "Coca-Cola Pack 12",
    "litre": "coca cola 1.5 l",
    "cherry": "Cherry Coca-Cola 6 x 330ml",
    "banana": "Bananas",
    "organic": "Organic Bananas",
    "again": "BANANAS",
    "small": "Water 500ml",
    "large": "Water 1 gallon",
    "castle": "Lego 7965",
    "ship": "Lego 7190",
    "d90": "Nikon D90",
    "d700": "Nikon D700",
    "sizes": "6 x 330 ml",
    "other sizes": "12 x 50 ml",
    "bare": None,
    "bare too": None,
    "red": None,
    "blue": "Shirt, blue",
}
PARENTS = {"red": "shirt", "blue": "shirt"}
NAMES = list(TITLES)


def catalogue(titles, parents=None):
    return Catalogue.from_frame(
        pd.DataFrame({"item": [f"i{n}" for n in range(len(titles))], "title": titles, "parent": parents})
    )


@pytest.fixture(scope="module")
def near():
    return NearDuplicates.of(catalogue(list(TITLES.values()), [PARENTS.get(name) for name in NAMES]))


def codes(*names):
    return np.array([NAMES.index(name) if name else -1 for name in names])


@pytest.mark.parametrize(
    ("one", "other", "overlap", "expected"),
    [
        ("pink", "green", 4 / 6, True),
        ("pink", "plate", 3 / 7, False),
        # Coca and cola of coca, cola, 6, x, 330ml, pack, 12: the same without the sizes.
        ("six", "twelve", 2 / 7, True),
        ("six", "litre", 2 / 8, True),
        ("six", "cherry", 5 / 6, True),
        ("twelve", "cherry", 2 / 8, True),
        ("banana", "organic", 1 / 2, False),
        ("banana", "again", 1, True),
        # One word that sizes stand beside; of another word numbers may be the name.
        ("small", "large", 1 / 4, True),
        ("castle", "ship", 1 / 3, False),
        ("d90", "d700", 1 / 3, False),
        # Nothing but sizes: 6, x, 330, ml and 12, x, 50, ml.
        ("sizes", "other sizes", 2 / 6, False),
        ("bare", "bare too", 0, False),
        ("red", "blue", 0, True),
        ("bare", "blue", 0, False),
        ("pink", None, 0, False),
        (None, None, 0, False),
    ],
)
def test_pairs_of_titles(near, one, other, overlap, expected):
    for left, right in ((one, other), (other, one)):
        assert near.between(codes(left), codes(right)).tolist() == [expected]
        assert near.word_overlap(codes(left), codes(right)) == pytest.approx([overlap])


def test_three_of_five_words_are_enough():
    near = NearDuplicates.of(catalogue(["a b c d", "a b c e", "a b c d e f"]))
    assert near.between(np.array([0, 1]), np.array([1, 2])).tolist() == [True, True]
    assert near.between(np.array([0]), np.array([2])).tolist() == [True]
    near = NearDuplicates.of(catalogue(["a b c", "a b d"]))
    assert not near.between(np.array([0]), np.array([1])).any()


def test_a_list_keeps_one_of_each_and_none_of_the_query(near):
    query = np.array([codes("pink", None), codes("banana", "small")])
    ranked = np.array(
        [
            # Both cups are the query; the packs of cola are one thing; what has no title is nothing else.
            codes("green", "six", "bare", "twelve", "bare too", "litre", None),
            codes("organic", "again", "pink", "large", "red", "green", "blue"),
        ]
    )
    assert near.one_of_each(query, ranked).tolist() == [
        [False, True, True, False, True, False, False],
        [True, False, True, False, True, False, False],
    ]


def test_what_went_takes_nothing_along():
    # The second is near the first and the third is near the second alone.
    near = NearDuplicates.of(catalogue(["a b c d e", "b c d e f", "c d e f g", "z"]))
    assert near.between(np.array([0, 1, 0]), np.array([1, 2, 2])).tolist() == [True, True, False]
    assert near.one_of_each(np.array([[3]]), np.array([[0, 1, 2]])).tolist() == [[True, False, True]]


def test_share_counts_the_query_and_the_items_above(near):
    ranked = np.array([codes("green", "six", "twelve", "cherry"), codes("red", "blue", None, None)])
    query = codes("pink", "banana")
    # By all words twelve is no other pack of six; cherry is near to six; blue has red's parent.
    assert near.share_of_near_duplicates(ranked, query, 4) == pytest.approx(3 / 6)
    assert near.share_of_near_duplicates(ranked, query[:, None], 2) == pytest.approx(2 / 4)
    assert near.share_of_near_duplicates(ranked[:0], query[:0], 5) == 0
    assert near.share_of_near_duplicates(np.full((1, 3), -1), query[:1], 5) == 0


def test_lists_are_walked_as_pairs_are_compared_one_by_one(monkeypatch):
    monkeypatch.setattr("graphrec.lists.near_duplicates._PAIRS", 100)
    monkeypatch.setattr("graphrec.lists.near_duplicates._CELLS", 2_000)
    generator = np.random.default_rng(3)
    items, words = 80, np.array([*"abcdefhk", "6", "12", "oz"])
    titles = [" ".join(generator.choice(words, generator.integers(0, 6))) for _ in range(items)]
    parents = [None if generator.random() < 0.8 else f"p{generator.integers(9)}" for _ in range(items)]
    near = NearDuplicates.of(catalogue(titles, parents))

    def alike(left, right):
        if left < 0 or right < 0:
            return False
        if parents[left] is not None and parents[left] == parents[right]:
            return True
        one, other = (set(titles[code].split()) for code in (left, right))
        sizes = {"6", "12", "oz"}
        short, short_other = (
            words - sizes if len(words - sizes) > 1 or "oz" in words else set() for words in (one, other)
        )
        return any(len(a & b) >= 0.6 * len(a | b) > 0 for a, b in ((one, other), (short, short_other)))

    left, right = np.divmod(np.arange((items + 1) ** 2), items + 1) - np.array([[1], [1]])
    expected = [alike(*pair) for pair in zip(left, right, strict=True)]
    assert near.between(left, right).tolist() == expected
    assert 0.02 < np.mean(expected) < 0.5
    query, ranked = generator.integers(-1, items, (30, 2)), generator.integers(-1, items, (30, 12))
    found = near.one_of_each(query, ranked)
    for members, listed, stays in zip(query, ranked, found, strict=True):
        above = list(members)
        for code, kept in zip(listed, stays, strict=True):
            assert kept == (code >= 0 and not any(alike(code, other) for other in above))
            above += [code] * bool(kept)


def test_a_catalogue_without_titles_has_no_near_duplicates():
    near = NearDuplicates.of(catalogue([None, None]))
    assert not near.between(np.array([0, 0]), np.array([1, 0])).any()
    assert near.one_of_each(np.array([[0]]), np.array([[1, -1]])).tolist() == [[True, False]]

"""Given links: what was known before the cut takes no place in a list."""

import numpy as np
import pandas as pd
import pytest

from graphrec.compute.progress import Silent
from graphrec.config import parse_config
from graphrec.evaluation import make_question_sets, split_log
from graphrec.evaluation.evaluated_models import evaluated_models
from graphrec.evaluation.experiment import run
from graphrec.evaluation.materials import Materials


@pytest.fixture(scope="module")
def materials(tmp_path_factory):
    """Forty products in four groups, all of whose pairs but a few are linked, both ways."""
    folder = tmp_path_factory.mktemp("links")
    rng = np.random.default_rng(0)
    pairs = [(a, b) for a in range(40) for b in range(40) if a != b and a % 4 == b % 4]
    links = pd.DataFrame([{"src": f"p{a}", "dst": f"p{b}", "rel": "also_bought"} for a, b in pairs])
    links[rng.random(len(links)) < 0.9].to_parquet(folder / "links.parquet")
    events = {"reader": "links", "path": str(folder / "links.parquet")}
    return Materials(split_log(parse_config({"events": events, "split": {"test_share": 0.3}}, "test")))


@pytest.mark.parametrize("key", ["count", "popularity", "type-popularity"])
def test_no_list_holds_a_link_that_was_known_before(materials, tmp_path, key):
    sets, known = make_question_sets(materials.split, materials.data, 0), materials.data.counts
    plain_model, by_uplift = evaluated_models([key], 1, materials.config)
    lists = run(by_uplift, materials, sets, tmp_path, "key", Silent()).known
    query, place = np.nonzero(lists >= 0)
    assert len(query) and not np.asarray(known[sets.asked[query], lists[query, place]]).any()
    lists = run(plain_model, materials, sets, tmp_path, "key", Silent()).known
    query, place = np.nonzero(lists >= 0)
    assert len(lists) == len(sets.asked) and len(query)
    assert not np.asarray(known[sets.asked[query], lists[query, place]]).any()
    # What was held out may stand there, and does.
    answers = sets.known.query[sets.known.answer_question] * 40 + sets.known.answer_item
    assert np.isin(sets.asked[query] * 40 + lists[query, place], answers).any()
    # Asked without that rule, the same model lists known links.
    plain = plain_model.fit(materials, Silent()).complements(sets.asked, 20, None)
    query, place = np.nonzero(plain >= 0)
    assert np.asarray(known[sets.asked[query], plain[query, place]]).any()

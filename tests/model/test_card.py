"""The card says what a reader of lists must know: what scores them, how far off, and how they are ordered."""

from dataclasses import replace

import pytest

from graphrec.model.card import model_card
from tests.conftest import listing


@pytest.fixture
def model(recommender):
    return recommender.model


def test_the_ranker_that_is_served_is_told_with_the_error_of_its_probabilities(model):
    ranker, card = model.report["ranker"], model_card(model)
    assert ranker["served"] and "- scored by the ranker\n" in card
    assert f"off by {ranker['calibration_error']:.1%} of themselves" in card
    assert f"at temperature {ranker['temperature']:.2f}\n" in card
    assert f"on {ranker['lists']:,.0f} lists of the last fold" in card
    assert f"- specificity {model.chosen_specificity:g}, chosen on the last fold" in card


def test_a_ranker_that_is_not_served_is_told_as_such(model):
    card = model_card(replace(model, report=model.report | {"ranker": model.report["ranker"] | {"served": False}}))
    assert "- scored by the posterior of counts and networks\n" in card
    assert "and is not served, on" in card


def test_a_log_without_anything_to_learn_from_has_no_calibration_error(model):
    card = model_card(replace(model, report=model.report | {"ranker": {"served": False}}))
    assert "- too little was bought together of late for a ranker to learn from\n" in card
    assert "calibration" not in card and "the default: nothing to choose by" in card


def test_a_specificity_of_the_configuration_is_told_as_such(model):
    assert "- specificity 0.15, as configured" in model_card(listing(model, specificity=0.15))

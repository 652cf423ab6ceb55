"""Graphrec keeps the contract that its baselines keep."""

import pytest

from tests.recommender_contract import RecommenderContract


class TestRecommender(RecommenderContract):
    @pytest.fixture
    def asked(self, recommender):
        return recommender

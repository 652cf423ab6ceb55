"""What models are fitted and tuned on: the log before the cut, counted once for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from graphrec.baselines.reading import read_training_data
from graphrec.baselines.training_data import TrainingData
from graphrec.config import Config
from graphrec.embeddings.features import ItemFeatures, fit_item_features
from graphrec.evaluation.metrics import answer_shares, row_shares
from graphrec.evaluation.questions import Questions, basket_lines, by_product, every_item, one_random_item
from graphrec.evaluation.split import Split, events_with_baskets


@dataclass(frozen=True)
class Validation:
    """What baselines are chosen by; nothing in it was written after the cut.

    Parameters
    ----------
    data : TrainingData
        The training log before its validation part.
    questions : Questions
        About the validation part.
    share : ndarray
        `(items,) float64`: chance, by the rows of the validation part.
    excluded : csr_array or None
        `(different queries, items)`: what is no answer.
    """

    data: TrainingData
    questions: Questions
    share: np.ndarray
    excluded: sparse.csr_array | None


@dataclass(frozen=True)
class Materials:
    """What models are fitted and tuned on; nothing in it was written after the cut.

    Parameters
    ----------
    split : Split
    """

    split: Split

    @property
    def config(self) -> Config:
        """The configuration of the run."""
        return self.split.config

    @cached_property
    def features(self) -> ItemFeatures:
        """How catalogue rows become numbers, from the catalogue as it was known at the cut."""
        return fit_item_features(self.split.train.catalogue.frame, self.config.features, self.config.seed)

    @cached_property
    def types(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """Type code of every item, and the names of the types."""
        return self.features.type_codes(self.split.train.catalogue.frame), self.features.types.names

    @cached_property
    def data(self) -> TrainingData:
        """The whole training log."""
        return read_training_data(self.split.train, self.types[0], of_links=self.split.of_links)

    @cached_property
    def earlier(self) -> TrainingData:
        """The training log before its validation part."""
        return read_training_data(self.split.validation[0], self.types[0], of_links=self.split.of_links)

    @cached_property
    def validation(self) -> Validation:
        """One random known item of each basket of the validation part, or each product's links in it."""
        seed, most, data = self.config.seed, self.config.evaluation.validation_questions, self.earlier
        lines = basket_lines(events_with_baskets(self.split.validation[1]), most, seed)
        if not self.split.of_links:
            questions = one_random_item(lines, data.bought > 0, seed)
            return Validation(data, questions, row_shares(questions, data.items), None)
        questions = by_product(every_item(lines, data.bought > 0))
        known = sparse.csr_array(data.counts[questions.query])
        return Validation(data, questions, answer_shares(questions, data.items), known)

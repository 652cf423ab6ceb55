"""What the lists of a model are like as a whole, whatever was bought later: a row of figures for the leaderboard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graphrec.evaluation.diversity import (
    contamination,
    coverage,
    direction_accuracy,
    gini,
    share_of_commonest,
    share_with_types,
    types_per_list,
)
from graphrec.evaluation.experiment import Lists
from graphrec.evaluation.lift import Meetings, baskets_after, baskets_before
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.question_sets import QuestionSets
from graphrec.graph import Pairs, build_both_graphs
from graphrec.lists import NearDuplicates

_PLACES, _FIRST = 10, 5
_COMMONEST = 20


@dataclass(frozen=True)
class WholeLists:
    """What the lists of all asked items are held against.

    Parameters
    ----------
    materials : Materials
    sets : QuestionSets
    """

    materials: Materials
    sets: QuestionSets

    def figures(self, one: Lists) -> dict[str, float]:
        """Describe the lists of one fit.

        `top20_share@10` is the share of all places that the 20 commonest complements hold; `lift_below_1@10` that of
        listed pairs which met less often than by chance before the cut, `later_lift_below_1@10` in later baskets;
        `near_duplicates@5` that of the first five places that repeat the query or a place above.
        """
        data, types = self.materials.data, self.materials.types[0]
        query, top, known = self.sets.asked, one.known[:, :_PLACES], data.bought > 0
        return {
            f"top{_COMMONEST}_share@10": share_of_commonest(top, _COMMONEST),
            "item_coverage@10": coverage(top, np.where(known, np.arange(data.items), -1)),
            "type_coverage@10": coverage(top, np.where(known, types, -1)),
            "gini@10": gini(top, int(known.sum())),
            **{f"{name}@10": meetings.share_below_chance(top) for name, meetings in self._meetings.items()},
            "near_duplicates@5": self._near_duplicates.share_of_near_duplicates(one.known, query, _FIRST),
            "types@10": types_per_list(top, types),
            "three_types@10": share_with_types(top, types, 3),
            "contamination@10": contamination(top, query, self._similar, self.materials.config.evaluation.similar_n),
            "direction": direction_accuracy(one.known, query, self.sets.order),
            **{fact: float(one.facts[fact]) for fact in ("fit_seconds", "list_seconds", "peak_gib")},
        }

    @cached_property
    def _meetings(self) -> dict[str, Meetings]:
        """Count baskets before and after the cut; given links are no baskets, by whose number one could expect any."""
        split = self.materials.split
        if split.of_links:
            return {}
        before, after = baskets_before(split.train), baskets_after(split.test)
        items = self.materials.data.items
        return {
            "lift_below_1": Meetings.of(before, self.sets.asked, items),
            "later_lift_below_1": Meetings.of(after, self.sets.asked, items),
        }

    @cached_property
    def _similar(self) -> Pairs:
        """The similar graph of the training log, by which substitutes are told."""
        train, features = self.materials.split.train, self.materials.features
        matrix = features.transform(train.catalogue.frame)
        return build_both_graphs(train, matrix, self.materials.types[0], self.materials.config).similar

    @cached_property
    def _near_duplicates(self) -> NearDuplicates:
        return NearDuplicates.of(self.materials.split.train.catalogue)

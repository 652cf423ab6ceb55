"""Lists of all models -> the tables of the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from graphrec.evaluation.bootstrap import Resampling, interval
from graphrec.evaluation.evaluated_model import OURS, REPEAT_LAST_NAME, describe
from graphrec.evaluation.experiment import LENGTH, Lists
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.metrics import BEYOND_CHANCE, PLAIN, answer_shares, metrics_per_question, row_shares
from graphrec.evaluation.oracle import ORACLE, answer_lists
from graphrec.evaluation.question_sets import QuestionSets
from graphrec.evaluation.segments import Segments, best_baselines, mean_of_seeds
from graphrec.evaluation.single_items import single_items
from graphrec.evaluation.tradeoff import tradeoff_in_words, tradeoff_points
from graphrec.evaluation.whole_lists import WholeLists
from graphrec.results import SOURCES

BY_SESSION = ", by session"
"""Added to the name of a model whose lists look at what the shopper did before."""
COMPARED = (BEYOND_CHANCE, PLAIN, "recall@20")
"""Metrics whose difference to the best baseline is told, the best by that metric."""
_NAMED = 3
"""Items of one score that are named."""


@dataclass(frozen=True)
class Scorecard:
    """Everything that the lists of the models are held against.

    Parameters
    ----------
    materials : Materials
    sets : QuestionSets
    lists : mapping of str to sequence of Lists
        Name on the leaderboard -> one `Lists` per seed.
    """

    materials: Materials
    sets: QuestionSets
    lists: Mapping[str, Sequence[Lists]]

    @property
    def headline(self) -> str:
        """The metric that orders the leaderboard: of given links none was bought by chance, so their NDCG is plain."""
        return PLAIN if self.materials.split.of_links else BEYOND_CHANCE

    @cached_property
    def by_query(self) -> Mapping[str, Sequence[Lists]]:
        """The models that have lists without a session."""
        return {name: seeds for name, seeds in self.lists.items() if name != REPEAT_LAST_NAME}

    @cached_property
    def chance(self) -> np.ndarray:
        """Share of what was asked about that each item is, `(items,) float64`."""
        shares = answer_shares if self.materials.split.of_links else row_shares
        return shares(self.sets.known, self.materials.data.items)

    @cached_property
    def by_seed(self) -> Mapping[str, Sequence[pd.DataFrame]]:
        """Every metric of one random known item per basket: name -> `(questions, metrics)` of each seed."""
        bought, types = self.materials.data.bought, self.materials.types[0]
        return {
            name: [
                pd.DataFrame(metrics_per_question(one, self.sets.known, self.chance, bought, types)) for one in seeds
            ]
            for name, seeds in self._ranked.items()
        }

    @cached_property
    def main(self) -> Mapping[str, pd.DataFrame]:
        """The same, mean over seeds."""
        return {name: mean_of_seeds(tables) for name, tables in self.by_seed.items()}

    @cached_property
    def best_baseline(self) -> Mapping[str, str]:
        """The best baseline by each metric whose differences are told; empty where there is none."""
        without_session = {name: table.mean() for name, table in self.main.items() if not name.endswith(BY_SESSION)}
        best = best_baselines(without_session)
        return {} if best is None else {metric: str(best[metric]) for metric in COMPARED}

    @cached_property
    def tradeoff(self) -> pd.DataFrame:
        """Every model at every specificity, as of `tradeoff_points`."""
        specificities = self.materials.config.evaluation.specificities
        return tradeoff_points(self.by_query, self.sets.known, self.chance, specificities)

    def facts(self) -> dict[str, str]:
        """Say what the tables do not: their order, the best baselines, where lists come from, what to be wary of."""
        order = "NDCG@10, since of given links none is a matter of chance"
        told = {"headline": order if self.headline == PLAIN else "NDCG@10 beyond chance; plain NDCG@10 beside it"}
        best = ", ".join(f"{name} by {metric}" for metric, name in self.best_baseline.items())
        told |= {"best baselines": best} if best else {}
        return told | self._sources() | tradeoff_in_words(self.tradeoff, OURS) | self._single_items() | self._ends()

    def leaderboard(self) -> pd.DataFrame:
        """Lay out one row a model, the best by the headline first, with 95% intervals over customers and seeds."""
        whole = WholeLists(self.materials, self.sets)
        rows = {}
        for name, table in self.main.items():
            row = _with_interval(table, interval(self._draws[name])) | self._differences(name)
            rows[name] = row | (self._whole_lists(name, whole) if name in self.by_query else {})
        rows[ORACLE] = _with_interval(self._ceiling, interval(self._resampling.means([self._ceiling.to_numpy()])))
        board = pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")
        first = [f"{metric}{bound}" for metric in (BEYOND_CHANCE, PLAIN) for bound in ("", "_low", "_high")]
        board = board[[*first, *board.columns.difference(first, sort=False)]]
        return board.sort_values(self.headline, ascending=False)

    def segments(self) -> pd.DataFrame:
        """List the metrics of each segment, as of `Segments.table`."""
        return self._segments.table()

    def deciles(self) -> pd.DataFrame:
        """Take metrics by tenths of the queries, as of `Segments.deciles`."""
        return self._segments.deciles()

    @cached_property
    def _segments(self) -> Segments:
        return Segments(self.materials, self.sets, self.by_query)

    @cached_property
    def _ranked(self) -> Mapping[str, Sequence[np.ndarray]]:
        """Lists of the questions `known`, one array a seed."""
        place = np.searchsorted(self.sets.asked, self.sets.known.query)
        ranked = {name: [one.known[place] for one in seeds] for name, seeds in self.by_query.items()}
        by_session = {
            f"{name}{BY_SESSION}": [one.by_session for one in seeds]
            for name, seeds in self.lists.items()
            if len(seeds[0].by_session)
        }
        return ranked | by_session

    @cached_property
    def _ceiling(self) -> pd.DataFrame:
        """The metrics that no ranking can surpass."""
        questions, bought, types = self.sets.known, self.materials.data.bought, self.materials.types[0]
        by_chance, by_popularity = (
            pd.DataFrame(
                metrics_per_question(answer_lists(questions, -rare, LENGTH), questions, self.chance, bought, types)
            )
            for rare in (self.chance, bought)
        )
        rare = [name for name in by_popularity if str(name).startswith("weighted_recall")]
        kept = [name for name in by_chance if not str(name).startswith("type_recall")]
        return by_chance.assign(**{str(name): by_popularity[name] for name in rare})[kept]

    @cached_property
    def _resampling(self) -> Resampling:
        config = self.materials.config
        return Resampling(self.sets.known.cluster, config.evaluation.resamples, config.seed)

    @cached_property
    def _draws(self) -> Mapping[str, np.ndarray]:
        return {
            name: self._resampling.means([table.to_numpy() for table in tables])
            for name, tables in self.by_seed.items()
        }

    def _differences(self, name: str) -> dict[str, float]:
        """Subtract the mean of the baseline that is best by a metric, draw by draw."""
        row = {}
        for metric, best in self.best_baseline.items():
            if name == best:
                continue
            place = list(self.main[name].columns).index(metric)
            low, high = interval(self._draws[name][:, place] - self._draws[best][:, place])
            row[f"{metric}_difference"] = float(self.main[name][metric].mean() - self.main[best][metric].mean())
            row |= {f"{metric}_difference_low": float(low), f"{metric}_difference_high": float(high)}
        return row

    def _whole_lists(self, name: str, whole: WholeLists) -> dict[str, object]:
        """Describe the lists of the different queries, mean over seeds."""
        rows = [whole.figures(one) for one in self.lists[name]]
        described: dict[str, object] = dict(pd.DataFrame(rows).mean())
        return described | {"seeds": len(rows), "chosen": describe(self._chosen(name))}

    def _chosen(self, name: str) -> Mapping[str, object]:
        chosen: Mapping[str, object] = self.lists[name][0].facts["chosen"]
        return chosen

    def _sources(self) -> dict[str, str]:
        """Say where the first ten places of our lists come from, at the specificity nearest to that of the lists."""
        settings, own = np.array(self.materials.config.evaluation.specificities), self.lists.get(OURS)
        if own is None:
            return {}
        served = float(str(self._chosen(OURS).get("specificity", 0.0)))
        nearest = int(np.abs(settings - served).argmin())
        shares = np.mean([one.sources[nearest] for one in own], axis=0)
        told = ", ".join(f"{share:.1%} {name}" for name, share in zip(SOURCES, shares, strict=True))
        return {"places of the lists": f"{told} (of {OURS}, the first ten, specificity {settings[nearest]:g})"}

    def _single_items(self) -> dict[str, str]:
        """Name the items that hold more than 5% of a model's headline, where that is not about nothing."""
        chance = self.chance if self.headline == BEYOND_CHANCE else np.zeros_like(self.chance)
        names, told = self.materials.split.train.catalogue.items, []
        for name, ranked in self._ranked.items():
            low, _ = interval(self._draws[name][:, list(self.main[name].columns).index(self.headline)])
            found = single_items(ranked, self.sets.known, chance)
            if low <= 0 or not len(found.item):
                continue
            items = [f"{names[code]} {share:.0%}" for code, share in zip(found.item, found.share, strict=True)]
            more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
            told.append(f"{name}: {', '.join(items[:_NAMED])}{more}, without them {found.without:.4f}")
        return {"items of more than 5% of a score": "; ".join(told)} if told else {}

    def _ends(self) -> dict[str, str]:
        """Name the baselines whose best setting is the last that was tried."""
        ends = {name: self._chosen(name).get("ends_of_grid") for name in self.by_query}
        told = [f"{name}: {', '.join(found)}" for name, found in ends.items() if isinstance(found, list) and found]
        return {"tuned to the end of what was tried": "; ".join(told)} if told else {}


def _with_interval(table: pd.DataFrame, bounds: tuple[np.ndarray, np.ndarray]) -> dict[str, object]:
    row: dict[str, object] = {}
    for column, mean, below, above in zip(table.columns, table.mean(), *bounds, strict=True):
        row |= {str(column): mean, f"{column}_low": below, f"{column}_high": above}
    return row

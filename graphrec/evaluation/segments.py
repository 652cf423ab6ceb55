"""The questions that are told apart: novel pairs, untouched items, rare and popular ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphrec.evaluation.bootstrap import Resampling, interval
from graphrec.evaluation.evaluated_model import OURS
from graphrec.evaluation.experiment import LENGTH, Lists
from graphrec.evaluation.materials import Materials
from graphrec.evaluation.metrics import answer_shares, metrics_beside_chance
from graphrec.evaluation.oracle import ORACLE, answer_lists
from graphrec.evaluation.question_sets import QuestionSets
from graphrec.evaluation.questions import Questions, popularity_bands

_BANDS = ("tail", "middle", "dense")
_TENTHS = ("ndcg_beyond_chance", "ndcg", "recall")
COLUMNS = (
    *("segment", "model", "metric", "value", "low", "high", "queries"),
    *("best_baseline", "difference", "difference_low", "difference_high"),
)


@dataclass(frozen=True)
class Segments:
    """The parts, and the lists that answer them.

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

    def table(self) -> pd.DataFrame:
        """List the metrics of each segment, and how far each model is from the best of all baselines in it.

        Returns
        -------
        DataFrame
            `segment, model, metric, value, low, high, queries`, and `best_baseline` of that segment and metric with
            the paired `difference` to it, its `difference_low` and `difference_high`.
        """
        parts = [
            self._of_segment(name, questions, kind)
            for name, (questions, kind) in self._parts().items()
            if len(questions)
        ]
        return pd.concat(parts)[list(COLUMNS)] if parts else pd.DataFrame(columns=list(COLUMNS))

    def deciles(self) -> pd.DataFrame:
        """Take metrics at 10 by tenths of the queries, 10 the most popular.

        Returns
        -------
        DataFrame
            `model, decile, ndcg_beyond_chance, ndcg, recall`.
        """
        questions = self.sets.every
        bought = self.materials.data.bought
        asked = np.bincount(questions.query, minlength=len(bought))
        band = popularity_bands_of_questions(bought, asked)[questions.query]
        size = np.maximum(np.bincount(band, minlength=10), 1)
        parts = []
        for name, seeds in self.lists.items():
            table = mean_of_seeds([self._metrics(one, "known", questions) for one in seeds])
            values = {metric: np.bincount(band, table[f"{metric}@10"], minlength=10) / size for metric in _TENTHS}
            parts.append(pd.DataFrame({"model": name, "decile": np.arange(1, 11), **values}))
        return pd.concat(parts, ignore_index=True)

    def _parts(self) -> dict[str, tuple[Questions, str]]:
        """Name the parts, and the lists that answer them."""
        sets, bought = self.sets, self.materials.data.bought
        band = popularity_bands(bought, len(_BANDS))
        parts = {
            "every known item": (sets.every, "known"),
            "novel pairs": (sets.novel, "novel"),
            "cold queries": (sets.cold_queries, "cold"),
            "cold targets": (sets.cold_targets, "known"),
            "cold queries, type given": (sets.cold_queries, "cold_query_types"),
            "cold targets, type given": (sets.cold_targets, "cold_target_types"),
        }
        for code, name in enumerate(_BANDS):
            parts[f"{name} queries"] = (sets.every.of(band[sets.every.query] == code), "known")
            in_band = (band[sets.every.answer_item] == code) & (bought[sets.every.answer_item] > 0)
            parts[f"{name} targets"] = (sets.every.only(in_band), "known")
        return parts

    def _of_segment(self, segment: str, questions: Questions, kind: str) -> pd.DataFrame:
        evaluation = self.materials.config.evaluation
        resampling = Resampling(questions.cluster, evaluation.resamples, self.materials.config.seed)
        tables = {name: [self._metrics(one, kind, questions) for one in seeds] for name, seeds in self.lists.items()}
        mean = {name: mean_of_seeds(of_seeds).mean() for name, of_seeds in tables.items()}
        draws = {name: resampling.means([one.to_numpy() for one in seeds]) for name, seeds in tables.items()}
        best = best_baselines(mean)
        parts = [self._rows(name, values, draws[name]) for name, values in mean.items()]
        if best is not None:
            for part, name in zip(parts, mean, strict=True):
                part["best_baseline"] = best.to_numpy()
                column = {metric: place for place, metric in enumerate(best.index)}
                theirs = np.stack([draws[other][:, column[metric]] for metric, other in best.items()], axis=1)
                low, high = interval(draws[name] - theirs)
                own = np.array([mean[other][str(metric)] for metric, other in best.items()])
                part["difference"], part["difference_low"], part["difference_high"] = part["value"] - own, low, high
                itself = part["best_baseline"] == name
                part.loc[itself, ["difference", "difference_low", "difference_high"]] = np.nan
        ceiling = self._ceiling(kind, questions)
        parts.append(self._rows(ORACLE, ceiling.mean(), resampling.means([ceiling.to_numpy()])))
        return pd.concat(parts).assign(segment=segment, queries=len(questions)).reindex(columns=list(COLUMNS))

    @staticmethod
    def _rows(name: str, values: pd.Series, draws: np.ndarray) -> pd.DataFrame:
        low, high = interval(draws)
        facts = {"metric": values.index, "value": values.to_numpy(), "low": low, "high": high}
        return pd.DataFrame(facts).assign(model=name)

    def _metrics(self, lists: Lists, kind: str, questions: Questions) -> pd.DataFrame:
        if kind in ("cold_query_types", "cold_target_types"):
            found = (getattr(lists, kind) == questions.answer_item[:, None]).any(axis=1)
            share = np.bincount(questions.answer_question, found, minlength=len(questions)) / questions.answers
            return pd.DataFrame({"in_type_hit@10": share})
        codes = {
            "known": self.sets.asked,
            "novel": self.sets.novel.distinct[0],
            "cold": self.sets.cold_queries.distinct[0],
        }[kind]
        ranked = getattr(lists, kind)[np.searchsorted(codes, questions.query)]
        chance = answer_shares(questions, self.materials.data.items)
        return pd.DataFrame(metrics_beside_chance(ranked, questions, chance))

    def _ceiling(self, kind: str, questions: Questions) -> pd.DataFrame:
        """Take the metrics that no ranking of the part can surpass."""
        if kind in ("cold_query_types", "cold_target_types"):
            return pd.DataFrame({"in_type_hit@10": np.ones(len(questions))})
        chance = answer_shares(questions, self.materials.data.items)
        return pd.DataFrame(metrics_beside_chance(answer_lists(questions, -chance, LENGTH), questions, chance))


def best_baselines(mean: Mapping[str, pd.Series]) -> pd.Series | None:
    """Find, metric by metric, the best of the models that are not ours: `metric` -> name; None where there is none.

    Parameters
    ----------
    mean : mapping of str to Series
        Name on the leaderboard -> its metrics.
    """
    others = pd.DataFrame({name: values for name, values in mean.items() if not name.startswith(OURS)})
    return None if others.empty else others.idxmax(axis=1)


def popularity_bands_of_questions(bought: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Sort items into ten bands with about equal numbers of questions, `(items,) int64`: 0 the rarest."""
    order = np.lexsort((np.arange(len(bought)), bought))
    before = np.concatenate([[0], asked[order].cumsum()[:-1]])
    band = np.empty(len(bought), dtype=np.int64)
    band[order] = np.minimum(before * 10 // max(int(asked.sum()), 1), 9)
    return band


def mean_of_seeds(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Average tables of the same questions and metrics."""
    total = tables[0]
    for table in tables[1:]:
        total = total + table
    return total / len(tables)

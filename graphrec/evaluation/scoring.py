"""Lists of all contenders -> the tables of the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from graphrec.evaluation.bootstrap import interval, resampled_means
from graphrec.evaluation.contenders import OURS, REPEAT_LAST_NAME, Materials, describe
from graphrec.evaluation.diversity import (
    contamination,
    coverage,
    direction_accuracy,
    gini,
    share_with_types,
    types_per_list,
)
from graphrec.evaluation.exam import Exam
from graphrec.evaluation.experiment import LENGTH, Lists
from graphrec.evaluation.metrics import hit_matrix, metrics_per_question, ranking_metrics
from graphrec.evaluation.oracle import ORACLE, answer_lists
from graphrec.evaluation.questions import Questions, popularity_bands
from graphrec.evaluation.tradeoff import rare_at_counts, tradeoff_points
from graphrec.ranking import SOURCES

BY_SESSION = ", by session"
"""Added to the name of a model whose lists look at what the shopper did before."""
_COLD_TARGETS = "cold targets"
"""The part whose answers are all untouched: what it ranks is the whole catalogue."""
_BANDS = ("tail", "middle", "dense")
_SEGMENT_CUTS = (10, 20)
_COMPARED = ("ndcg@10", "recall@20")
"""Metrics whose difference to the best baseline is told."""


@dataclass(frozen=True)
class Scorecard:
    """Everything that the lists of the contenders are held against.

    Parameters
    ----------
    materials : Materials
    exam : Exam
    lists : mapping of str to sequence of Lists
        Name on the leaderboard -> one `Lists` per seed.
    """

    materials: Materials
    exam: Exam
    lists: Mapping[str, Sequence[Lists]]

    @cached_property
    def by_query(self) -> Mapping[str, Sequence[Lists]]:
        """The contenders that have lists without a session."""
        return {name: seeds for name, seeds in self.lists.items() if name != REPEAT_LAST_NAME}

    @cached_property
    def main(self) -> Mapping[str, pd.DataFrame]:
        """Every metric of one random known item per basket: name -> `(questions, metrics)`, mean over seeds."""
        place = np.searchsorted(self.exam.asked, self.exam.known.query)
        ranked = {name: [one.known[place] for one in seeds] for name, seeds in self.by_query.items()}
        by_session = {
            f"{name}{BY_SESSION}": [one.by_session for one in seeds]
            for name, seeds in self.lists.items()
            if len(seeds[0].by_session)
        }
        bought, types = self.materials.data.bought, self.materials.types[0]
        return {
            name: _mean_of_seeds(
                [pd.DataFrame(metrics_per_question(one, self.exam.known, bought, types)) for one in seeds]
            )
            for name, seeds in (ranked | by_session).items()
        }

    @cached_property
    def best_baseline(self) -> str | None:
        """The baseline of highest NDCG@10; None where there is none."""
        values = {
            name: table["ndcg@10"].mean()
            for name, table in self.main.items()
            if not name.startswith(OURS) and not name.endswith(BY_SESSION)
        }
        return max(values, key=lambda name: values[name]) if values else None

    @cached_property
    def tradeoff(self) -> pd.DataFrame:
        """Every model at every popularity discount, as of `tradeoff_points`."""
        discounts = self.materials.config.evaluation.specificities
        return tradeoff_points(self.by_query, self.exam.known, self.materials.data.bought, discounts)

    def sources(self) -> dict[str, str]:
        """Say where the first ten places of our lists come from, at the discount nearest to the configured one."""
        config = self.materials.config
        settings, own = np.array(config.evaluation.specificities), self.lists.get(OURS)
        if own is None:
            return {}
        nearest = int(np.abs(settings - (config.lists.specificity or 0.0)).argmin())
        shares = np.mean([one.sources[nearest] for one in own], axis=0)
        told = ", ".join(f"{share:.1%} {name}" for name, share in zip(SOURCES, shares, strict=True))
        return {"places of the lists": f"{told} (of {OURS}, the first ten, popularity discount {settings[nearest]:g})"}

    def leaderboard(self) -> pd.DataFrame:
        """Lay out one row a contender, by falling NDCG@10, with 95% intervals over baskets."""
        draws = {name: self._draws(table, self.exam.known) for name, table in self.main.items()}
        rows = {}
        for name, table in self.main.items():
            row = self._with_interval(table, interval(draws[name]))
            whole = self._whole_lists(name) if name in self.by_query else {}
            row |= whole | self._differences(name, draws)
            rows[name] = row
        rows[ORACLE] = self._with_interval(self._ceiling, interval(self._draws(self._ceiling, self.exam.known)))
        board = pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")
        board["weighted_recall@10_at_counts"] = rare_at_counts(self.tradeoff).reindex(board.index)
        return board.sort_values("ndcg@10", ascending=False)

    def segments(self) -> pd.DataFrame:
        """List the metrics of each segment: `segment, model, metric, value, low, high, queries`."""
        parts = []
        for segment, (questions, kind) in self._segments().items():
            if not len(questions):
                continue
            measured = {
                name: _mean_of_seeds([self._segment_metrics(one, kind, questions) for one in seeds])
                for name, seeds in self.by_query.items()
            }
            measured[ORACLE] = self._ceiling_of(segment, questions)
            for name, table in measured.items():
                low, high = interval(self._draws(table, questions))
                facts = {"metric": table.columns, "value": table.mean().to_numpy(), "low": low, "high": high}
                part = pd.DataFrame(facts).assign(segment=segment, model=name, queries=len(questions))
                parts.append(part)
        columns = ["segment", "model", "metric", "value", "low", "high", "queries"]
        return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)

    def deciles(self) -> pd.DataFrame:
        """Take recall@10 and NDCG@10 by tenths of the queries, 10 the most popular: `model, decile, recall, ndcg`."""
        questions = self.exam.every
        bought = self.materials.data.bought
        asked = np.bincount(questions.query, minlength=len(bought))
        band = popularity_bands_of_questions(bought, asked)[questions.query]
        size = np.maximum(np.bincount(band, minlength=10), 1)
        parts = []
        for name, seeds in self.by_query.items():
            table = _mean_of_seeds([self._segment_metrics(one, "known", questions) for one in seeds])
            values = {
                metric: np.bincount(band, table[f"{metric}@10"], minlength=10) / size for metric in ("recall", "ndcg")
            }
            parts.append(pd.DataFrame({"model": name, "decile": np.arange(1, 11), **values}))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def _ceiling(self) -> pd.DataFrame:
        """The metrics that no ranking of what was bought before the cut can surpass."""
        questions, bought, types = self.exam.known, self.materials.data.bought, self.materials.types[0]
        ranked = answer_lists(questions, bought[questions.answer_item] > 0, bought, LENGTH)
        table = pd.DataFrame(metrics_per_question(ranked, questions, bought, types))
        return table[[name for name in table if not str(name).startswith("type_recall")]]

    def _ceiling_of(self, segment: str, questions: Questions) -> pd.DataFrame:
        """Take them for a part of the exam, among the items that it ranks."""
        if segment.endswith("type given"):
            return pd.DataFrame({"in_type_hit@10": np.ones(len(questions))})
        bought = self.materials.data.bought
        known = (bought[questions.answer_item] > 0) | (segment == _COLD_TARGETS)
        hits = hit_matrix(answer_lists(questions, known, bought, LENGTH), questions)
        return pd.DataFrame(ranking_metrics(hits, questions.answers, _SEGMENT_CUTS))

    @staticmethod
    def _with_interval(table: pd.DataFrame, bounds: tuple[np.ndarray, np.ndarray]) -> dict[str, object]:
        row: dict[str, object] = {}
        for column, mean, below, above in zip(table.columns, table.mean(), *bounds, strict=True):
            row |= {column: mean, f"{column}_low": below, f"{column}_high": above}
        return row

    def _segments(self) -> dict[str, tuple[Questions, str]]:
        """Name the parts of the exam that are told apart, and the lists that answer them."""
        exam, bought = self.exam, self.materials.data.bought
        band = popularity_bands(bought, len(_BANDS))
        parts = {
            "every known item": (exam.every, "known"),
            "novel pairs": (exam.novel, "novel"),
            "cold queries": (exam.cold_queries, "cold"),
            _COLD_TARGETS: (exam.cold_targets, "known"),
            "cold queries, type given": (exam.cold_queries, "cold_query_types"),
            "cold targets, type given": (exam.cold_targets, "cold_target_types"),
        }
        for code, name in enumerate(_BANDS):
            parts[f"{name} queries"] = (exam.every.of(band[exam.every.query] == code), "known")
            in_band = (band[exam.every.answer_item] == code) & (bought[exam.every.answer_item] > 0)
            parts[f"{name} targets"] = (exam.every.only(in_band), "known")
        return parts

    def _segment_metrics(self, lists: Lists, kind: str, questions: Questions) -> pd.DataFrame:
        if kind in ("cold_query_types", "cold_target_types"):
            found = (getattr(lists, kind) == questions.answer_item[:, None]).any(axis=1)
            share = np.bincount(questions.answer_question, found, minlength=len(questions)) / questions.answers
            return pd.DataFrame({"in_type_hit@10": share})
        codes = {
            "known": self.exam.asked,
            "novel": self.exam.novel.distinct[0],
            "cold": self.exam.cold_queries.distinct[0],
        }[kind]
        ranked = getattr(lists, kind)[np.searchsorted(codes, questions.query)]
        return pd.DataFrame(ranking_metrics(hit_matrix(ranked, questions), questions.answers, _SEGMENT_CUTS))

    def _draws(self, table: pd.DataFrame, questions: Questions) -> np.ndarray:
        resamples, seed = self.materials.config.evaluation.resamples, self.materials.config.seed
        return resampled_means(table.to_numpy(), questions.basket, resamples, seed)

    def _whole_lists(self, name: str) -> dict[str, object]:
        """Describe the lists of the different queries, mean over seeds."""
        data, types = self.materials.data, self.materials.types[0]
        query = self.exam.asked
        known = np.where(data.bought > 0, np.arange(data.items), -1)
        known_types = np.where(data.bought > 0, types, -1)
        most = self.materials.config.evaluation.similar_n
        rows = []
        for one in self.lists[name]:
            top = one.known[:, :10]
            rows.append(
                {
                    "types@10": types_per_list(top, types),
                    "three_types@10": share_with_types(top, types, 3),
                    "item_coverage@10": coverage(top, known),
                    "type_coverage@10": coverage(top, known_types),
                    "gini@10": gini(top, int((data.bought > 0).sum())),
                    "contamination@10": contamination(top, query, self.materials.similar, most),
                    "direction": direction_accuracy(one.known, query, self.exam.order),
                    **{fact: float(one.facts[fact]) for fact in ("fit_seconds", "list_seconds", "peak_gib")},
                }
            )
        described: dict[str, object] = dict(pd.DataFrame(rows).mean())
        described["seeds"] = len(rows)
        described["chosen"] = describe(self.lists[name][0].facts["chosen"])
        return described

    def _differences(self, name: str, draws: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Subtract the best baseline's mean, draw by draw."""
        best = self.best_baseline
        if best is None or name == best:
            return {}
        row = {}
        for metric in _COMPARED:
            place = list(self.main[name].columns).index(metric)
            low, high = interval(draws[name][:, place] - draws[best][:, place])
            row[f"{metric}_difference"] = float(self.main[name][metric].mean() - self.main[best][metric].mean())
            row |= {f"{metric}_difference_low": float(low), f"{metric}_difference_high": float(high)}
        return row


def popularity_bands_of_questions(bought: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Sort items into ten bands with about equal numbers of questions, `(items,) int64`: 0 the rarest."""
    order = np.lexsort((np.arange(len(bought)), bought))
    before = np.concatenate([[0], asked[order].cumsum()[:-1]])
    band = np.empty(len(bought), dtype=np.int64)
    band[order] = np.minimum(before * 10 // max(int(asked.sum()), 1), 9)
    return band


def _mean_of_seeds(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    total = tables[0]
    for table in tables[1:]:
        total = total + table
    return total / len(tables)

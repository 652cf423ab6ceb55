"""All baselines, with the small grids from which each is chosen."""

from __future__ import annotations

from collections.abc import Mapping

from graphrec.baselines.association_rules import LEAST_SUPPORTS, fit_fpgrowth, too_much_to_lay_out
from graphrec.baselines.baseline import Baseline, grid_of
from graphrec.baselines.bm25 import fit_bm25
from graphrec.baselines.ease import fit_ease, too_many_items
from graphrec.baselines.item_vectors import fit_als, fit_bpr, fit_item2vec
from graphrec.baselines.link_graph import IGNORED, LEFT_OUT, WALKED, not_of_links
from graphrec.baselines.link_neighbours import (
    fit_adamic_adar,
    fit_common_neighbours,
    fit_link_svd,
    fit_resource_allocation,
)
from graphrec.baselines.link_walks import fit_katz, fit_link_walk_2, fit_link_walk_3
from graphrec.baselines.low_rank import fit_count_svd, too_few_items
from graphrec.baselines.node2vec import fit_node2vec
from graphrec.baselines.pair_counts import (
    fit_cosine,
    fit_count,
    fit_lift,
    fit_npmi,
    fit_popularity,
    fit_shrunk_lift,
    fit_weighted_count,
)
from graphrec.baselines.random_walks import fit_p3alpha, fit_rp3beta, fit_two_step_walk
from graphrec.baselines.type_counts import fit_popularity_in_types, fit_type_backoff, fit_untouched_first

_LEAST_COUNTS = grid_of(min_count=(1, 2, 3, 5, 10, 20, 50, 100))
_TYPES = grid_of(types=(1, 3, 10, 30, 100))

_OF_LOGS_AND_LINKS: Mapping[str, Baseline] = {
    "popularity": Baseline("popularity", fit_popularity, grid_of()),
    "type-popularity": Baseline("popularity within the predicted types", fit_popularity_in_types, _TYPES),
    "untouched-first": Baseline(
        "untouched items of the predicted types, then their bestsellers", fit_untouched_first, _TYPES, ratio=False
    ),
    "count": Baseline("co-purchase count", fit_count, grid_of()),
    "weighted-count": Baseline(
        "co-purchase count by length and age",
        fit_weighted_count,
        grid_of(power=(0, 0.5, 1, 1.5), half_life=(0, 365, 180, 90, 30)),
    ),
    "lift": Baseline("lift", fit_lift, _LEAST_COUNTS),
    "shrunk-lift": Baseline(
        "shrunk lift", fit_shrunk_lift, grid_of(shrink=(10, 30, 100, 300, 1000, 3000, 10_000, 100_000))
    ),
    "npmi": Baseline("normalised PMI", fit_npmi, _LEAST_COUNTS),
    "cosine": Baseline("cosine of baskets", fit_cosine, grid_of(shrink=(0, 3, 10, 30, 100, 300, 1000))),
    "bm25": Baseline("BM25", fit_bm25, grid_of(K1=(0.1, 0.3, 1.2, 20, 100, 500), B=(0, 0.2, 0.75)), library="implicit"),
    "p3alpha": Baseline("P3alpha", fit_p3alpha, grid_of(alpha=(0.2, 0.4, 0.6, 0.8, 1.0, 1.2))),
    "rp3beta": Baseline(
        "RP3beta", fit_rp3beta, grid_of(alpha=(0.05, 0.2, 0.5, 0.8, 1.0), beta=(0, 0.2, 0.4, 0.6, 0.8))
    ),
    "type-backoff": Baseline(
        "co-purchase count, back-off to types",
        fit_type_backoff,
        grid_of(kappa=(0, 10, 30, 100, 300, 1000, 3000, 10_000)),
    ),
    "count-svd": Baseline(
        "co-purchase count + truncated SVD",
        fit_count_svd,
        grid_of(rank=(16, 32, 128, 256), power=(0, 0.5), factor=(0.1, 0.3, 1, 3, 10)),
        why_not=too_few_items,
    ),
    "two-step-walk": Baseline("two-step walk", fit_two_step_walk, grid_of(weight=(0, 0.01, 0.03, 0.1, 0.3, 1, 3))),
    "ease": Baseline(
        "EASE",
        fit_ease,
        grid_of(**{"lambda": (50, 500, 2000, 5000, 20_000)}),
        slow=True,
        why_not=too_many_items,
    ),
    "item2vec": Baseline(
        "item2vec, input times output",
        fit_item2vec,
        grid_of(epochs=(10,), ns_exponent=(0.75, 0.0, -0.5)),
        library="gensim",
        slow=True,
        ratio=False,
    ),
    "bpr": Baseline(
        "BPR",
        fit_bpr,
        grid_of(factors=(64,), iterations=(100,), cosine=(0, 1)),
        library="implicit",
        slow=True,
        ratio=False,
    ),
    "als": Baseline(
        "ALS",
        fit_als,
        grid_of(factors=(64,), alpha=(1, 20), cosine=(0, 1)),
        library="implicit",
        slow=True,
        ratio=False,
    ),
    "fpgrowth": Baseline(
        "association rules (FP-growth)",
        fit_fpgrowth,
        grid_of(min_support=LEAST_SUPPORTS),
        library="mlxtend",
        slow=True,
        why_not=too_much_to_lay_out,
    ),
}

_SUBSTITUTES = (IGNORED, LEFT_OUT, WALKED)
_NEIGHBOURS = grid_of(substitutes=_SUBSTITUTES)
_WALKS = grid_of(substitutes=_SUBSTITUTES, beta=(-0.8, -0.4, -0.2, 0, 0.2, 0.4))

_OF_LINKS: Mapping[str, Baseline] = {
    "link-walk-2": Baseline("two-step walk on the links", fit_link_walk_2, _WALKS, why_not=not_of_links),
    "link-walk-3": Baseline("three-step walk on the links", fit_link_walk_3, _WALKS, why_not=not_of_links),
    "common-neighbours": Baseline("common neighbours", fit_common_neighbours, _NEIGHBOURS, why_not=not_of_links),
    "adamic-adar": Baseline("Adamic-Adar", fit_adamic_adar, _NEIGHBOURS, why_not=not_of_links),
    "resource-allocation": Baseline("resource allocation", fit_resource_allocation, _NEIGHBOURS, why_not=not_of_links),
    "katz": Baseline(
        "Katz",
        fit_katz,
        grid_of(substitutes=_SUBSTITUTES, share=(0.03, 0.3, 3, 30)),
        why_not=not_of_links,
    ),
    "link-svd": Baseline(
        "truncated SVD of the links times root degree",
        fit_link_svd,
        grid_of(substitutes=_SUBSTITUTES, rank=(128, 256, 512, 1024)),
        why_not=not_of_links,
    ),
    "node2vec": Baseline(
        "node2vec",
        fit_node2vec,
        grid_of(substitutes=(LEFT_OUT, WALKED), q=(0.5, 1, 2), output=(0, 1)),
        library="gensim",
        slow=True,
        why_not=not_of_links,
        ratio=False,
    ),
}

BASELINES: Mapping[str, Baseline] = {**_OF_LOGS_AND_LINKS, **_OF_LINKS}
"""Key on the command line -> baseline."""

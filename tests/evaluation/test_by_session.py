"""Lists reranked by what the shopper did: those of the questions, and those of `Recommender`."""

import numpy as np
import pytest

from graphrec.evaluation.by_session import reranked
from graphrec.evaluation.exam import History
from graphrec.events import KINDS

K, POOL = 10, 50
# Codes and kinds, the oldest first.
SESSIONS = [
    [(31, "view"), (7, "cart"), (90, "view")],
    [],
    [(400, "view")],
    [(n, "view") for n in range(100, 140)],  # longer than what the session model reads
    [],
]
QUERY = np.array([3, 3, 12, 700, 55])


def history_of(sessions):
    steps = [(n, item, KINDS.index(kind)) for n, session in enumerate(sessions) for item, kind in reversed(session)]
    return History(*np.array(steps, dtype=np.int64).reshape(-1, 3).T)


def answers(recommender, code, session):
    """Take the pool that the questions take, and let the recommender rerank it."""
    steps = [(recommender.items[item], kind) for item, kind in session]
    pool = recommender.recommend(recommender.items[code], k=POOL)
    listed = recommender.rerank(pool, steps) if steps else pool
    return recommender.model.catalogue.codes(answer.item for answer in listed[:K]).tolist()


def test_without_a_session_the_order_stays(recommender):
    nothing = [[] for _ in QUERY]
    found = reranked(recommender.model, QUERY, history_of(nothing), K)
    assert found.tolist() == [answers(recommender, code, []) for code in QUERY]


def test_questions_are_reranked_as_the_recommender_does_it(recommender):
    found = reranked(recommender.model, QUERY, history_of(SESSIONS), K)
    assert found.tolist() == [answers(recommender, *asked) for asked in zip(QUERY, SESSIONS, strict=True)]
    plain = reranked(recommender.model, QUERY, history_of([[] for _ in QUERY]), K)
    moved = (found != plain).any(axis=1).tolist()
    assert moved == [len(session) > 0 for session in SESSIONS]


@pytest.mark.parametrize("latest", [0, 1])
def test_the_recommender_reranks_its_own_lists_so(recommender, latest):
    item, other = recommender.items[3], recommender.items[90]
    session = [(recommender.items[31], "view"), other][latest:]
    # A session widens the pool by its length.
    pool = recommender.recommend(item, k=POOL + len(session))
    assert recommender.recommend(item, k=K, session=session) == recommender.rerank(pool, session)[:K]

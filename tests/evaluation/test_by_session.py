"""Questions with a session are answered by what users call: `Recommender.recommend(session=)`."""

import numpy as np
import pytest

from graphrec.evaluation.by_session import recommended
from graphrec.evaluation.question_sets import History
from graphrec.events import KINDS

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


def answers(recommender, code, session, k):
    steps = [(recommender.items[item], kind) for item, kind in session]
    listed = recommender.recommend(recommender.items[code], k=k, session=steps)
    return recommender.model.catalogue.codes(answer.item for answer in listed).tolist()


@pytest.mark.parametrize("k", [5, 20])
def test_questions_are_answered_as_users_are(recommender, k):
    found = recommended(recommender.model, QUERY, history_of(SESSIONS), k)
    assert found.tolist() == [answers(recommender, *asked, k) for asked in zip(QUERY, SESSIONS, strict=True)]
    plain = recommended(recommender.model, QUERY, history_of([[] for _ in QUERY]), k)
    assert plain.tolist() == [answers(recommender, code, [], k) for code in QUERY]
    moved = (found != plain).any(axis=1).tolist()
    assert moved == [len(session) > 0 for session in SESSIONS]


def test_what_was_carted_is_not_listed(recommender):
    first, second, *_ = answers(recommender, 3, [], 5)
    session = [(first, "cart"), (second, "view")]
    found = recommended(recommender.model, QUERY[:1], history_of([session]), 5)
    assert first not in found and found.tolist() == [answers(recommender, 3, session, 5)]


def test_the_questions_of_a_log_are_answered_as_users_are(planted):
    history, query, items = planted.sets.history, planted.sets.known.query, planted.recommender.items
    found = recommended(planted.recommender.model, query, history, 20)
    for question in np.unique(history.question)[:40]:
        own = np.flatnonzero(history.question == question)[::-1]
        session = [(items[history.item[step]], KINDS[history.kind[step]]) for step in own]
        listed = planted.recommender.recommend(items[query[question]], k=20, session=session)
        assert [items[code] for code in found[question]] == [answer.item for answer in listed]

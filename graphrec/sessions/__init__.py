"""Sessions -> the order of candidates, with an LSTM."""

from graphrec.sessions.fitting import SessionItems, candidate_log_probabilities, fit_session_model
from graphrec.sessions.reranking import pool_size, reranked_order
from graphrec.sessions.session_lstm import SessionLstm
from graphrec.sessions.sessions import SessionMatrix, session_matrix

__all__ = [
    "SessionItems",
    "SessionLstm",
    "SessionMatrix",
    "candidate_log_probabilities",
    "fit_session_model",
    "pool_size",
    "reranked_order",
    "session_matrix",
]

"""How threads wait for each other: asleep, so that a core which another process keeps busy does not stop them all."""

from __future__ import annotations

import os
import sys

_POLICY = "OMP_WAIT_POLICY"
_USERS_OWN = (_POLICY, "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
"""Settings by which a user says how OpenMP's threads wait."""


def wait_asleep() -> None:
    """Let OpenMP's threads sleep while they wait, where nothing is set and torch is not loaded, which reads it once.

    By default they spin. A small step of training meets at hundreds of barriers, and beside a busy process the thread
    that is waited for often has no core: the others then burn what it needs.
    """
    if "torch" not in sys.modules and not any(name in os.environ for name in _USERS_OWN):
        os.environ[_POLICY] = "passive"

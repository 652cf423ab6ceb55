"""How much memory this process has used at most."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def forget_peak() -> None:
    """Let the peak of this process start anew where the system can do that (Linux, proc(5), clear_refs)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def peak_gib() -> float:
    """Peak memory of this process in GiB since it was last forgotten, or since its beginning."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # Linux counts in KiB, macOS in bytes
        return peak / 2**30 if sys.platform == "darwin" else peak / 2**20
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 2**20

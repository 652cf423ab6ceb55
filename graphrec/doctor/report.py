"""Examination -> facts in words, and a plain dictionary for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from graphrec.doctor.examination import Examination
from graphrec.doctor.findings import Finding
from graphrec.doctor.verdicts import Verdict


def facts_in_words(seen: Examination) -> dict[str, str]:
    """Say what a log holds, a line each."""
    together = ", ".join(f"{count:,} at least {times}x" for times, count in seen.pairs_together.items())
    known = ", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in seen.known.items())
    return {
        "rows": f"{seen.rows.read:,} read, {seen.rows.used:,} used, {sum(seen.rows.rejected.values()):,} rejected, "
        f"{sum(seen.rows.filtered.values()):,} filtered",
        "events": ", ".join(f"{kind} {count:,}" for kind, count in seen.kinds.items()),
        "times": "none" if seen.first is None else f"{seen.first} to {seen.last}",
        "sessions": f"{seen.sessions:,}, of two or more items {seen.sessions_of_two:,}; users {seen.users:,}",
        "baskets": f"{seen.baskets:,}, of two or more items {seen.baskets_of_two:,}",
        "items": f"{seen.items:,}: {seen.touched:,} touched, {seen.bought:,} bought; {seen.types:,} types",
        "items with": known,
        "pairs bought together": together,
        "bought items with such a pair": ", ".join(f"{share:.1%} {n}x" for n, share in seen.items_together.items()),
    }


def report_data(seen: Examination, wrong: Sequence[Finding], can: Sequence[Verdict]) -> dict[str, Any]:
    """Put everything into plain types."""
    plotted = {"per_day", "popularity", "type_transition", "prices"}
    numbers = {name: value for name, value in vars(seen).items() if name not in plotted}
    return numbers | {
        "rows": asdict(seen.rows),
        "findings": [asdict(finding) for finding in wrong],
        "verdicts": [asdict(verdict) for verdict in can],
    }

"""What a log can support, by thresholds that are explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from graphrec.doctor.examination import Examination

Answer = Literal["yes", "partly", "no"]

HABIT = 3
"""Times a pair must have been bought together to be listed on its own evidence: of pairs that met once, most did by
chance; with three meetings a Poisson mean below 0.8 is ruled out at the 5% level."""
ITEM_LISTS = (0.5, 0.1)
"""Share of the bought items that have such a pair, for yes and for partly: above a half most lists open with evidence;
below a tenth a list is a prediction with few exceptions."""
TYPE_LISTS = (0.5, 0.1)
"""Share of the co-purchases that fall on pairs of types seen ten times or more, for yes and for partly: ten meetings
give a type's share of another's baskets within a third."""
FEWEST_CO_PURCHASES = 300
"""Pairs below which no share is to be trusted: at 300, a share of one half is known within six points."""
SESSIONS = (10_000, 1_000)
"""Sessions of two or more items looked at, for yes and for partly: the LSTM has some 50,000 weights beside the
embeddings, and below a thousand sessions it does not beat the order of the list."""


@dataclass(frozen=True)
class Verdict:
    """Whether a log supports something.

    Parameters
    ----------
    what : str
    answer : str
        `yes`, `partly` or `no`.
    because : str
        The figure that decided, and the threshold that it was held against.
    """

    what: str
    answer: Answer
    because: str


def verdicts(seen: Examination, *, given_links: bool) -> list[Verdict]:
    """Judge item-level lists, the type-level back-off, and the session reranker.

    Parameters
    ----------
    seen : Examination
    given_links : bool
        Whether the log is made of ready-made links, each of which counts as established.
    """
    return [_item_lists(seen, given_links), _type_lists(seen), _reranker(seen, given_links)]


def _grade(figure: float, thresholds: tuple[float, float]) -> Answer:
    yes, partly = thresholds
    if figure >= yes:
        return "yes"
    return "partly" if figure >= partly else "no"


def _item_lists(seen: Examination, given_links: bool) -> Verdict:
    what = "lists by item"
    if not seen.pairs_together[1]:
        return Verdict(what, "no", "no two items were bought together")
    times = 1 if given_links else HABIT
    share = seen.items_together[times]
    counted = f"{seen.pairs_together[times]:,} pairs " + (
        "are linked" if given_links else f"bought {HABIT} times or more"
    )
    because = (
        f"{share:.0%} of the bought items have a pair "
        + ("that is linked" if given_links else f"bought together {HABIT} times or more")
        + f" ({counted}); yes from {ITEM_LISTS[0]:.0%}, partly from {ITEM_LISTS[1]:.0%}"
    )
    return Verdict(what, _grade(share, ITEM_LISTS), because)


def _type_lists(seen: Examination) -> Verdict:
    what = "back-off by type"
    if seen.pairs_together[1] < FEWEST_CO_PURCHASES:
        return Verdict(
            what, "no", f"{seen.pairs_together[1]:,} pairs were bought together; {FEWEST_CO_PURCHASES} are the fewest"
        )
    if seen.types < 2:
        if not seen.known["title"]:
            return Verdict(what, "no", "no item has a type or a title that types could be made of")
        return Verdict(what, "partly", "no item has a type: types are clusters of titles, which may mix what is sold")
    share = seen.type_pairs_together
    because = (
        f"{share:.0%} of the co-purchases fall on pairs of types seen 10 times or more ({seen.types:,} types); "
        f"yes from {TYPE_LISTS[0]:.0%}, partly from {TYPE_LISTS[1]:.0%}"
    )
    return Verdict(what, _grade(share, TYPE_LISTS), because)


def _reranker(seen: Examination, given_links: bool) -> Verdict:
    what = "reranking by session"
    if given_links:
        return Verdict(what, "no", "links are no shopper's sessions")
    looked = seen.ordered_sessions
    because = f"{looked:,} sessions looked at two or more items; yes from {SESSIONS[0]:,}, partly from {SESSIONS[1]:,}"
    if looked:
        answer = _grade(looked, SESSIONS)
        if seen.whole_days and answer == "yes":
            return Verdict(what, "partly", because + "; the order within a day is that of the rows")
        return Verdict(what, answer, because)
    if seen.sessions_of_two >= SESSIONS[1]:
        said = (
            f"nothing was looked at; {seen.sessions_of_two:,} baskets of two or more tell only what was bought before"
        )
        return Verdict(what, "partly", said)
    return Verdict(what, "no", because)

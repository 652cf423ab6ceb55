"""Every error a user can meet: one line that names the offender, the rule and the cure."""

from __future__ import annotations

from collections.abc import Iterable


class GraphrecError(Exception):
    """Anything graphrec refuses to do; the command line prints it in one line and exits with 2."""


class ConfigError(GraphrecError):
    """A configuration that cannot be read, or that asks for something impossible."""


class EventsError(GraphrecError):
    """A log or catalogue that breaks a rule of the border."""


class GraphError(GraphrecError):
    """A log that is valid but holds no structure to learn from."""


class ModelError(GraphrecError):
    """A model directory that is missing, damaged, or of another format."""


class UnknownItem(GraphrecError, KeyError):  # noqa: N818 - the name is part of the public contract
    """An item id that neither the log nor the catalogue of the model holds.

    Parameters
    ----------
    items : iterable of str
        The ids that are not known.
    skipped : bool
        Whether unknown ids were to be skipped, so that it is told only where none is left.
    """

    def __init__(self, items: Iterable[str], skipped: bool = False) -> None:
        self.items = tuple(items)
        names = ", ".join(repr(item) for item in self.items[:5])
        more = f" and {len(self.items) - 5} more" if len(self.items) > 5 else ""
        cure = "give one that is known" if skipped else "pass unknown='skip' (--skip-unknown)"
        super().__init__(
            f"unknown item {names}{more}: not in the log or catalogue this model was fitted on; "
            f"embed new products first, or {cure}"
        )

    def __str__(self) -> str:
        return str(self.args[0])


class GraphrecWarning(UserWarning):
    """Something a user should know that does not stop the work."""


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, for errors of other libraries told in one line."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)

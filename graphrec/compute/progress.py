"""Progress bars: the library is silent unless it is handed a display."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]


class Display(Protocol):
    """Something that can show how far a stage has come."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Show a stage while its block runs; `total` steps, or None when they cannot be counted."""
        ...


class Silent:
    """Shows nothing."""

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """Run the stage without a word."""
        yield lambda steps: None


class Prefixed:
    """Shows stages on another display, each under a heading.

    Parameters
    ----------
    display : Display
    heading : str
        What the stages are parts of.
    """

    def __init__(self, display: Display, heading: str) -> None:
        self._display, self._heading = display, heading

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Show the stage under the heading."""
        return self._display.stage(f"{self._heading}, {name}", total)


class Bars:
    """One rich bar per stage, on stderr; finished bars stay."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True)

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """Show the bar of one stage."""
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description:<34}"),
            BarColumn(28),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(name, total=total)
            yield lambda steps: progress.advance(task, steps)
            progress.update(task, total=total or 1, completed=total or 1)

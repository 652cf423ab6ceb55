"""Ids on the command line: those that begin with a dash, and those that hold commas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

if TYPE_CHECKING:
    from graphrec.recommender import Recommender


class OfIds(TyperCommand):
    """A command that is asked for ids: a word such as -17, which is none of its options, is one, and all behind --."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer brings a click of its own
        """Put ids that begin with a dash behind --, where no word is taken for an option."""
        options = {name: param for param in self.params for name in param.opts if name.startswith("-")}
        with_value = {name for name, param in options.items() if not getattr(param, "is_flag", False)}
        end = args.index("--") if "--" in args else len(args)
        ids: list[str] = []
        others: list[str] = []
        for before, word in zip(["", *args], args[:end], strict=False):
            dashed = len(word) > 1 and word[0] == "-" and word[1] != "-" and word[:2] not in options
            (ids if dashed and before not in with_value else others).append(word)
        return super().parse_args(ctx, [*others, "--", *ids, *args[end + 1 :]])


def session_steps(text: str, recommender: Recommender) -> list[str]:
    """Read one --session: an id that is known is one step, commas and all; what is no id is cut at its commas."""
    if text in recommender.catalogue.items:
        return [text]
    return [item.strip() for item in text.split(",") if item.strip()]

"""The command line."""

from graphrec.cli.commands import main

__all__ = ["main"]

"""Functions of DuckDB that Ibis has no word for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import ibis

from graphrec.errors import first_line

Function = Callable[..., Any]
"""Columns and literals -> a column."""


def _builtin(name: str, arguments: Sequence[str], result: str) -> Function:
    """Let Ibis call a function of DuckDB, of so many arguments."""

    def one(_argument: object) -> None: ...

    def two(_argument: object, _other: object) -> None: ...

    stub = (one, two)[len(arguments) - 1]
    function: Function = ibis.udf.scalar.builtin(stub, name=name, signature=(tuple(arguments), result))
    return function


try_strptime = _builtin("try_strptime", ("string", "string"), "timestamp('UTC')")
"""Parse a time by a format; null where the text is none. Of a format without a zone the times are taken for UTC."""
make_timestamp = _builtin("make_timestamp", ("int64",), "timestamp")
"""Turn microseconds from 1970 on into a time."""
to_utc = _builtin("timezone", ("string", "timestamp"), "timestamp('UTC')")
"""Take a local time of a zone for the moment that it is; of an hour that the clocks repeat, the second."""
to_local = _builtin("timezone", ("string", "timestamp('UTC')"), "timestamp")
"""Tell the local time of a zone at a moment."""
epoch_us = _builtin("epoch_us", ("timestamp",), "int64")
"""Count microseconds from 1970 on."""
trim = _builtin("trim", ("string",), "string")
"""Take blanks off both ends."""
regexp_extract_all = _builtin("regexp_extract_all", ("string", "string"), "array<string>")
"""List all that a pattern finds."""
json_text = _builtin("json_extract_string", ("string", "string"), "string")
"""Take what stands at a path of a JSON text, as text."""
json_valid = _builtin("json_valid", ("string",), "boolean")
"""Tell whether a text is JSON."""
json_texts = _builtin("json_extract_string", ("string", "string"), "array<string>")
"""List what stands at all places that a path with wildcards finds, as texts."""
_json_extract = _builtin("json_extract", ("string", "string"), "array<string>")
_hash = _builtin("hash", ("string",), "uint64")


def json_list(text: ibis.Value) -> ibis.Value:
    """List the entries of a JSON array, each as JSON text."""
    return _json_extract(text, "$[*]")


def hash_text(text: ibis.Value) -> ibis.Value:
    """Hash a text to 63 bits, `int64`, not negative: Spark knows no unsigned numbers. DuckDB hashes nulls, too."""
    return ibis.ifelse(text.isnull(), ibis.null("int64"), (_hash(text) >> ibis.literal(1)).cast("int64"))


def text_list(text: ibis.Value) -> ibis.Value:
    """List the entries of a JSON array, or of a list as Python writes it, as texts; an object is a list of one.

    Null where the text is neither.
    """
    array = ibis.ifelse(json_valid(text) & text.re_search(r"^\s*\["), text, ibis.null("string"))
    written = ibis.ifelse(text.re_search(r"^\s*\[.*\]\s*$"), text, ibis.null("string"))
    lone = ibis.ifelse(json_valid(text) & text.re_search(r"^\s*\{"), ibis.array([text]), ibis.null("array<string>"))
    return ibis.coalesce(json_texts(array, "$[*]"), lone, written.try_cast("array<string>"))


def refusal_of(connection: Any, call: str, pattern: str) -> str | None:  # noqa: ANN401 - ibis publishes no type
    """Ask DuckDB what is wrong with a pattern that a user wrote; None where nothing is.

    Parameters
    ----------
    connection : ibis.backends.duckdb.Backend
    call : str
        SQL in which `?` stands for the pattern.
    pattern : str
    """
    try:
        connection.con.execute(f"SELECT {call}", [pattern]).fetchall()
    except duckdb.Error as error:
        return first_line(error).removeprefix("Invalid Input Error: ")
    return None

"""Bytes of a text -> the encoding that they are likely in."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LATIN = rb"(?<![\x80-\xff])[\x80\x85\x8a\x8c\x8e\x91-\x97\x99\x9a\x9c\x9e\x9f\xa0-\xff](?![\x80-\xff])"
_SHORT = 4096
_SHAPES = {
    "cp1252": _LATIN,
    "gbk": rb"[\xb0-\xd7][\xa1-\xfe]",
    "big5": rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]",
    "shift_jis": rb"[\x82\x83][\x40-\xf2]",
    "cp1251": rb"[\xe0-\xff\xb8]",
}
"""Encoding -> what most of its bytes beyond ASCII look like: lone letters between others, the characters that a
language uses most, small letters."""


def wide_encoding(sample: bytes) -> str | None:
    """Recognise UTF-16 and UTF-32, by their mark or by the zeros between plain letters; None where it is neither."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    head = sample[:1024]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 < len(head):
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def likely_encoding(sample: bytes) -> str:
    """Guess the encoding of bytes that are no UTF-8, from the bytes beyond ASCII and their neighbours."""
    wide = wide_encoding(sample)
    if wide is not None:
        return wide
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data" or len(sample) < _SHORT:  # a long sample may end within a character
            return max(_SHAPES, key=lambda name: _share(sample, name))
    return "utf-8"


def _share(sample: bytes, name: str) -> float:
    """Share of the bytes beyond ASCII that look as in an encoding; 0 where the sample cannot be in it."""
    try:
        sample.decode(name)
    except UnicodeDecodeError as error:
        if error.end < len(sample) - 1 or len(sample) < _SHORT:
            return 0.0
    high = len(re.findall(rb"[\x80-\xff]", sample))
    alike = sum(len(re.findall(rb"[\x80-\xff]", found)) for found in re.findall(_SHAPES[name], sample))
    return alike / max(high, 1)

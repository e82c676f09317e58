"""A line of a file with carets under a part of it.

Invariant: carets stand under what they mark, also behind tabs, wide characters and spelled-out control characters.
"""

from __future__ import annotations

from typing import NamedTuple

from zimlint.reporters.words import escaped

WIDTH = 120
"""Columns of a shown line; of a longer one the marked part is shown."""
_BEFORE = 24
_CUT = "..."


class Excerpt(NamedTuple):
    """A line as it is shown, and the line of carets under it."""

    text: str
    carets: str


def excerpt(line: str, column: int, end_column: int, width: int = WIDTH) -> Excerpt:
    """Columns count characters from 1, the end is one past the last marked one."""
    first = min(max(column - 1, 0), len(line))
    last = min(max(end_column - 1, first + 1), max(len(line), first + 1))
    start = 0
    if len(line) > width and last > width:
        start = max(min(first - _BEFORE, len(line) - width), 0)
    shown, widths = _cells(line[start : start + width])
    total = sum(widths)
    while total > width + 4 * len(_CUT):
        total -= widths.pop()
        shown.pop()
    head = _CUT if start else ""
    tail = _CUT if start + len(shown) < len(line) else ""
    left = len(head) + sum(widths[: first - start])
    marked = sum(widths[first - start : last - start])
    return Excerpt(head + "".join(shown) + tail, " " * left + "^" * max(marked, 1))


def _cells(text: str) -> tuple[list[str], list[int]]:
    """Each character as it is shown, and how many columns it takes."""
    if text.isascii() and text.isprintable():
        return list(text), [1] * len(text)
    shown = ["    " if character == "\t" else escaped(character) for character in text]
    return shown, [_columns(one) for one in shown]


def _columns(shown: str) -> int:
    if shown.isascii():
        return len(shown)
    from unicodedata import combining, east_asian_width

    return 0 if combining(shown) else 2 if east_asian_width(shown) in "WF" else 1

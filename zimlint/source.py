"""Text that was read, and places in it.

Invariant: a ``Source`` never changes and never touches a file; whoever read it hands it over.
Invariant: lines and columns count from 1 and columns count characters; an end column is one past the last character.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Source:
    """One text: ``name`` is the path as the user gave it, ``-`` for standard input.

    ``mode`` holds the file's permission bits (``st_mode & 0o7777``), None where there is no file. Equal only to itself.
    """

    __slots__ = ("mode", "name", "text")

    def __init__(self, name: str, text: str, mode: int | None = None) -> None:
        self.name: Final = name
        self.text: Final = text
        self.mode: Final = mode

    def line(self, number: int) -> str:
        """The text of one line, without its line end; empty past the last line."""
        lines = self.text.split("\n")
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""


class Span(NamedTuple):
    """A place in a source."""

    source: Source
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0


def line_span(source: Source, number: int, text: str) -> Span:
    """The span of one whole line, from its first to its last visible character."""
    visible = text.rstrip()
    column = len(visible) - len(visible.lstrip()) + 1
    return Span(source, number, column, number, max(len(visible) + 1, column))


def decodable(text: str) -> str:
    """The text as it is, but for bytes that were no UTF-8: those, lone surrogates by now, are spelled out."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


class ConfigError(Exception):
    """The user's arguments or YAML are wrong. ``span`` says where, if anywhere."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


class InternalError(Exception):
    """We are wrong, not the user."""

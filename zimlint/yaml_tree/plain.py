"""Everyday YAML without PyYAML, whose import alone takes as long as python itself: most runs only need this.

Everyday is ASCII with ``key: value`` lines, ``- word`` lists, ``[a, b]``, ``{a: b}`` on one line, quotes without
escapes, and comments. Everything else, and every mistake, is left to PyYAML.
Invariant: the tree is the one that PyYAML makes, to the column; a test holds the two against each other.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from zimlint.source import Source, Span
from zimlint.yaml_tree import YamlList, YamlMap, YamlNode, YamlText

_WORD = r"[A-Za-z0-9](?:[A-Za-z0-9_./+-]| (?=[A-Za-z0-9]))*"
_TOKEN = re.compile(rf""" *(?:([\[\]{{}},])|("[^"\\]*"|'[^']*')|({_WORD})(:(?= |$))?|(#.*|$))""", re.A)
_MAX_DEPTH = 6
_LONG = 1000  # a key may not be longer (YAML 1.1, 7.4), nor other things nobody writes


class _Elsewhere(Exception):  # noqa: N818
    """Not everyday YAML; PyYAML has to say what it is."""


def read_plain(source: Source) -> YamlNode | None:
    """The tree; None where PyYAML has to read it."""
    text = source.text
    if not text.isascii() or not text.replace("\n", " ").isprintable():
        return None
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        content = line.lstrip(" ")
        if content and content[0] != "#":
            lines.append(_Line(number, len(line) - len(content), line))
    if not lines or lines[0].indent or max(len(line.text) for line in lines) > _LONG:
        return None
    reader = _Reader(source, lines)
    try:
        root = reader.block(0, 0)
    except _Elsewhere:
        return None
    return root if reader.place == len(lines) else None


class _Line(NamedTuple):
    number: int
    indent: int
    text: str


class _Token(NamedTuple):
    kind: str
    """One of ``[ ] { } ,``, or ``quoted``, ``word``, ``key``, ``end``."""
    text: str
    span: Span


class _Reader:
    """The line that is being read, and where in it."""

    def __init__(self, source: Source, lines: list[_Line]) -> None:
        self.source = source
        self.lines = lines
        self.place = 0
        self.at = 0

    def block(self, indent: int, depth: int) -> YamlNode:
        """The lines from here on that are indented alike."""
        first = self.lines[self.place]
        start = Span(self.source, first.number, indent + 1, first.number, indent + 1)
        if depth > _MAX_DEPTH:
            raise _Elsewhere
        if first.text.startswith("- ", indent):
            return YamlList(tuple(self._items(indent)), start)
        entries: dict[str, YamlNode] = {}
        keys: dict[str, Span] = {}
        while (line := self._line_at(indent)) is not None:
            self.at = indent
            key = self._token(line)
            if key.kind != "key" or key.text in entries:
                raise _Elsewhere
            keys[key.text] = key.span
            entries[key.text] = self._value(line, key.span.end_column, indent, depth)
        return YamlMap(entries, keys, start)

    def _line_at(self, indent: int) -> _Line | None:
        if self.place == len(self.lines) or self.lines[self.place].indent < indent:
            return None
        line = self.lines[self.place]
        if line.indent > indent:
            raise _Elsewhere
        return line

    def _items(self, indent: int) -> list[YamlNode]:
        items: list[YamlNode] = []
        while (line := self._line_at(indent)) is not None:
            if not line.text.startswith("- ", indent):
                raise _Elsewhere
            self.at = indent + 1
            items.append(self._flow(line, self._token(line), 0))
            self._end(line)
        return items

    def _value(self, line: _Line, colon: int, indent: int, depth: int) -> YamlNode:
        """What stands behind the colon of a key, or below it."""
        token = self._token(line)
        if token.kind != "end":
            value = self._flow(line, token, depth)
            self._end(line)
            return value
        self.place += 1
        if self.place < len(self.lines) and self.lines[self.place].indent > indent:
            return self.block(self.lines[self.place].indent, depth + 1)
        if self.place < len(self.lines) and self.lines[self.place].text.startswith("-", indent):
            raise _Elsewhere  # a list may stand right below its key
        return YamlText("", Span(self.source, line.number, colon + 1, line.number, colon + 1), True)

    def _end(self, line: _Line) -> None:
        if self._token(line).kind != "end":
            raise _Elsewhere
        self.place += 1
        if self.place < len(self.lines) and self.lines[self.place].indent > line.indent:
            raise _Elsewhere  # the value goes on

    def _flow(self, line: _Line, token: _Token, depth: int) -> YamlNode:
        """A word, ``[a, b]`` or ``{a: b}``."""
        match token.kind:
            case "word" | "quoted":
                return YamlText(token.text, token.span, token.kind == "word")
            case "[" if depth < _MAX_DEPTH:
                items: list[YamlNode] = []
                inner = self._token(line)
                while inner.kind != "]":
                    items.append(self._flow(line, inner, depth + 1))
                    inner = self._next(line, "]")
                return YamlList(tuple(items), token.span)
            case "{" if depth < _MAX_DEPTH:
                entries: dict[str, YamlNode] = {}
                keys: dict[str, Span] = {}
                inner = self._token(line)
                while inner.kind != "}":
                    if inner.kind != "key" or inner.text in entries:
                        raise _Elsewhere
                    keys[inner.text] = inner.span
                    entries[inner.text] = self._flow(line, self._token(line), depth + 1)
                    inner = self._next(line, "}")
                return YamlMap(entries, keys, token.span)
            case _:
                raise _Elsewhere

    def _next(self, line: _Line, closing: str) -> _Token:
        """What follows the comma behind an item, or the bracket that closes."""
        token = self._token(line)
        if token.kind == ",":
            token = self._token(line)
            if token.kind != closing:
                return token
        if token.kind != closing:
            raise _Elsewhere
        return token

    def _token(self, line: _Line) -> _Token:
        found = _TOKEN.match(line.text, self.at)
        if found is None:
            raise _Elsewhere
        sign, quoted, word, colon, _ = found.groups()
        first, last = found.span(3 if word else found.lastindex or 0)
        self.at = found.end()
        span = Span(self.source, line.number, first + 1, line.number, last + 1)
        if sign:
            return _Token(sign, sign, span)
        if quoted:
            return _Token("quoted", quoted[1:-1], span)
        if word:
            return _Token("key" if colon else "word", word, span)
        if found[0].lstrip(" ") and first == found.start():
            raise _Elsewhere  # a # right behind a word is part of it
        return _Token("end", "", span)

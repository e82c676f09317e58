"""INI files as Python's RawConfigParser (strict, its defaults) reads them, with the place of every value.

ufw reads its profiles with it (ufw/applications.py, get_profiles); the standard module itself keeps no lines.
Invariant: what RawConfigParser refuses as a whole raises ``IniRefused`` at the first line at fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from zimlint.formats.lines import ShapeRefused, parse_shape
from zimlint.source import Source, Span, line_span


class IniRefused(Exception):  # noqa: N818 - the words of the tools: a line is refused
    """The file cannot be read at all; ``span`` is the line at fault."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


class Entry(NamedTuple):
    """The value of a key; the lines of a continued value are joined with line breaks."""

    value: str
    span: Span


class Section(NamedTuple):
    """A section, its keys in lower case; those of ``[DEFAULT]`` come first and give way to its own."""

    name: str
    span: Span
    entries: Mapping[str, Entry]


def read_ini(source: Source, grammar: str) -> tuple[Section, ...]:
    """The sections in file order, without ``[DEFAULT]``; the grammar names the shapes of a line."""
    reader = _Reader(grammar)
    try:
        for line in _lines(source):
            reader.add(line)
    except IniRefused as refused:
        raise reader.fault or refused from None
    if reader.fault:
        raise reader.fault
    return tuple(
        Section(name, block.span, {**_entries(reader.defaults), **_entries(block.values)})
        for name, block in reader.sections.items()
    )


_SECTION = re.compile(r"\[(.+)\]")
_DELIMITER = re.compile(r"[=:]")


class _Line(NamedTuple):
    text: str
    span: Span


class _Value:
    def __init__(self, lines: list[str], span: Span) -> None:
        self.lines = lines
        self.span = span

    def extend(self, text: str, span: Span) -> None:
        self.lines.append(text)
        if text:
            self.span = self.span._replace(end_line=span.end_line, end_column=span.end_column)


class _Block(NamedTuple):
    span: Span
    values: dict[str, _Value]


class _Reader:
    """The state between two lines: which value an indented line would continue."""

    def __init__(self, grammar: str) -> None:
        self.sections: dict[str, _Block] = {}
        self.defaults: dict[str, _Value] = {}
        self.fault: IniRefused | None = None
        self._grammar = grammar
        self._values: dict[str, _Value] | None = None
        self._open: _Value | None = None
        self._indent = 0

    def add(self, line: _Line) -> None:
        """The next line; IniRefused where RawConfigParser stops reading."""
        text = line.text.strip()
        if text.startswith(("#", ";")):
            return
        if not text:
            if self._open:
                self._open.extend("", line.span)
            return
        indent = len(line.text) - len(line.text.lstrip())
        if self._open and indent > self._indent:
            self._open.extend(text, line.span)
            return
        self._indent = indent
        header = _SECTION.match(text)
        if header:
            parse_shape(self._grammar, "[NAME]")
            self._start(header[1], line.span)
        elif self._values is None:
            raise IniRefused("text before the first section", line.span)
        else:
            self._enter(text, line.span, self._values)

    def _start(self, name: str, span: Span) -> None:
        self._open = None
        if name == "DEFAULT":
            self._values = self.defaults
        elif name in self.sections:
            raise IniRefused(f"section '{name}' stands twice", span)
        else:
            self._values = self.sections.setdefault(name, _Block(span, {})).values

    def _enter(self, text: str, span: Span, values: dict[str, _Value]) -> None:
        delimiter = _DELIMITER.search(text)
        key, value = (text[: delimiter.start()], text[delimiter.end() :]) if delimiter else ("", text)
        shape = f"{'KEY' if key else ''}{delimiter[0] if delimiter else ''}{'VALUE' if value else ''}"
        try:
            parse_shape(self._grammar, shape)
        except ShapeRefused:
            # RawConfigParser reads on and refuses the file at its end
            self.fault = self.fault or IniRefused("a line without a key and '=' or ':'", span)
        if key:
            key = key.rstrip().lower()
            if key in values:
                raise IniRefused(f"key '{key}' stands twice", span)
            self._open = values[key] = _Value([value.strip()], span)


def _lines(source: Source) -> Iterator[_Line]:
    for number, text in enumerate(source.text.split("\n"), 1):
        for part in text.removesuffix("\r").split("\r"):  # Python reads a lone carriage return as a line end
            yield _Line(part, line_span(source, number, part))


def _entries(values: Mapping[str, _Value]) -> dict[str, Entry]:
    return {key: Entry("\n".join(value.lines).rstrip(), value.span) for key, value in values.items()}

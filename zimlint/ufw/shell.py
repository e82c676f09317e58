"""``default/ufw`` and ``ufw.conf`` as a shell sources them: ufw's boot script does nothing else.

Only what such files hold is understood: assignments, quotes, comments, ``export``. Anything else is a command to the
shell, and ``set -e`` ends ufw-init at the first that does not exist (seen with dash 0.5.12).
Invariant: nothing is run, and reading goes on after a command: the settings are judged as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from zimlint.source import InternalError
from zimlint.variants import variant

_TOKEN = re.compile(
    r"""(?P<continued>\\\n)|(?P<blank>[ \t]+)|(?P<comment>(?<![^ \t\n;&|])\#[^\n]*)|(?P<end>[\n;&|]+)"""
    r"""|(?P<single>'[^']*')|(?P<double>"(?:[^"\\]|\\.)*")|(?P<escaped>\\.)|(?P<open>['"\\])"""
    r"""|(?P<plain>[^ \t\n;&|'"\\]+)""",
    re.DOTALL,
)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_IN_DOUBLE = re.compile(r'\\(?:([$`"\\])|\n)')


@variant
class Assignment(NamedTuple):
    """``KEY=value`` with the quotes gone and ``$NAME`` of the same file filled in."""

    key: str
    value: str
    line: int


@variant
class Command(NamedTuple):
    """Anything else: the shell would run ``name``; ``open_quote``: the line has a quote that the file never closes."""

    name: str
    line: int
    open_quote: bool = False


class _Word:
    """A word under construction: its pieces, and whether ``$NAME`` counts in each; ``head`` ends at the first quote."""

    def __init__(self, line: int, head: str) -> None:
        self.line = line
        self.head = head
        self.pieces: list[tuple[str, bool]] = []

    def expanded(self, values: dict[str, str]) -> str:
        def fill(match: re.Match[str]) -> str:
            return values.get(match[1] or match[2], "")

        return "".join(_VARIABLE.sub(fill, text) if expands else text for text, expands in self.pieces)


def read_shell(text: str) -> tuple[Assignment | Command, ...]:
    """What a shell does with the text, in order."""
    values: dict[str, str] = {}
    statements: list[Assignment | Command] = []
    for words in _commands(text):
        if isinstance(words, Command):
            statements.append(words)
            continue
        exporting = words[0].head in ("export", "readonly")
        arguments = words[1:] if exporting else words
        matches = [_ASSIGNMENT.match(word.head) for word in arguments]
        if not exporting and not all(matches):
            command = next(word for word, match in zip(arguments, matches, strict=True) if not match)
            statements.append(Command(command.expanded(values), command.line))
            continue
        for word, match in zip(arguments, matches, strict=True):
            if match:
                values[match[1]] = value = word.expanded(values)[match.end() :]
                statements.append(Assignment(match[1], value, word.line))
    return tuple(statements)


def _commands(text: str) -> Iterator[list[_Word] | Command]:
    """The words of one command after another; a Command where a quote stays open, which ends the text."""
    line = 1
    words: list[_Word] = []
    word: _Word | None = None
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "blank" | "comment":
                word = None
            case "end":
                word = None
                if words:
                    yield words
                    words = []
            case "open":
                yield Command(token[0], line, open_quote=True)
                return
            case "continued":
                pass  # the shell sees neither the backslash nor the line end
            case kind:
                if word is None:
                    words.append(word := _Word(line, token[0] if kind == "plain" else ""))
                word.pieces.append(_piece(kind, token[0]))
        line += token[0].count("\n")
    if words:
        yield words


def _piece(kind: str | None, text: str) -> tuple[str, bool]:
    match kind:
        case "plain":
            return text, True
        case "single":
            return text[1:-1], False
        case "double":
            return _IN_DOUBLE.sub(lambda match: match[1] or "", text[1:-1]), True
        case "escaped":
            return text[1:], False
        case _:
            raise InternalError(f"unexpected shell token {kind}")

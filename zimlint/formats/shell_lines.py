"""A shell script, as far as it can be read without running it: its plain commands, and the lines that are none.

Invariant: nothing is guessed. A command whose words depend on a variable, a substitution or a pattern, or that only
runs sometimes (a loop, a condition, a function, after ``||``), is handed back as not evaluated, with the reason.
A command after ``&&`` runs where the firewall command before it is one that the tool takes.
Source: POSIX.1-2017, Shell Command Language, 2.2 quoting, 2.9 commands, 2.10 grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from zimlint.source import Source, Span, line_span


class Line(NamedTuple):
    """One command of a script, or of an Ansible task."""

    words: tuple[str, ...]
    span: Span
    unsure: str = ""
    """Why nobody can say what it does, or whether it runs; empty for a plain command."""
    only: Literal["", "missing", "there"] = ""
    """Whether it runs only where the rule or chain that it names is missing, or only where it is there."""
    refused: str = ""
    """What the program says that should call the tool, and does not."""


def read_script(source: Source) -> Iterator[Line]:
    """The commands in their order."""
    opened: list[str] = []
    ended, function = "", False
    for text, span in _logical_lines(source):
        before: list[str] = []
        function = function and text.lstrip().startswith("{")
        for words, operator, dynamic in _commands(text):
            first = words[0]
            function = function or first == "function" or bool(_FUNCTION.match(text) and not before)
            if first in _OPENING:
                opened.append(_OPENING[first])
            elif first == "{":
                opened.append("a function" if function else "")
                function = False
            words = without_prefix(words)
            reason = ended
            if any(opened):
                reason = f"{next(filter(None, reversed(opened)))} decides whether it runs"
            elif operator == "||" or (operator == "&&" and not is_firewall_command(before)):
                reason = f"what stands before {operator} decides whether it runs"
            elif dynamic:
                reason = f"{dynamic} is only known when the script runs"
            yield Line(tuple(words), span, reason)
            before = words
            if first in _CLOSING and opened:
                opened.pop()
            if first in ("exit", "return", "exec") and not any(opened) and operator not in ("&&", "||"):
                ended = f"'{first}' above ends the script"


def firewall_lines(source: Source) -> Iterator[Line]:
    """The commands that change the firewall, or may: ``$IPT -A INPUT`` too.

    Of a line that is not evaluated, only its first command.
    """
    told = 0
    for line in read_script(source):
        hidden = line.words[0].startswith(("$", "`")) and not _CHANGES.isdisjoint(line.words[1:])
        if not (hidden or is_firewall_command(line.words)):
            continue
        if hidden and not line.unsure:
            line = line._replace(unsure=f"{line.words[0]} is only known when the script runs")
        if line.unsure:
            if told == line.span.line:
                continue
            told = line.span.line
        yield line


_CHANGES = frozenset({"-A", "-I", "-D", "-P", "-F", "-N", "-X", "-R", "allow", "deny", "limit", "reject"})


def is_firewall_command(words: Sequence[str]) -> bool:
    """Whether a command is one of the tools that change the firewall; where it stands does not matter."""
    return bool(words) and bool(_TOOL.fullmatch(words[0].rpartition("/")[2]))


_TOOL = re.compile(r"ufw|ip6?tables(?:-(?:legacy|nft))?(?:-restore|-apply)?|ipset|nft|firewall-cmd")


_OPENING = {
    "if": "a condition", "for": "a loop", "while": "a loop", "until": "a loop", "select": "a loop",
    "case": "a condition",
}  # fmt: skip
_CLOSING = ("fi", "done", "esac", "}")
_FUNCTION = re.compile(r"\s*[A-Za-z_][\w-]*\s*\(\)")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_BEFORE = ("sudo", "{", "command", "then", "else", "do", "elif", "!", "time", "nohup", "env")
_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_]\w*)\1")

_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+)
    |(?P<comment>(?:^|(?<=[ \t;&|(]))\#.*)
    |(?P<operator>;;|&&|\|\||[0-9]*[<>]&(?:[0-9]+|-)|&>>?|[0-9]*(?:<<-|<<<|<<|>>|>\||[<>])|[;&|()])
    |'(?P<single>[^']*)'
    |"(?P<double>(?:[^"\\]|\\.)*)"
    |\\(?P<escaped>.)
    |(?P<dynamic>\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_0-9@*\#?$!-]*|`[^`]*`|[*?]|\[[^\]\s]+\])
    |(?P<plain>[^\s;&|()<>'"\\$`*?\[]+|\[|.)""",
    re.X | re.S,
)
_INSIDE = re.compile(r"\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_0-9@*#?$!-]+|`[^`]*`")
_ESCAPES = re.compile(r'\\([$`"\\])')


def _logical_lines(source: Source) -> Iterator[tuple[str, Span]]:
    """Lines joined where a backslash ends one; what stands in a here-document is left out."""
    joined, first, until = "", 0, ""
    for number, line in enumerate(source.text.split("\n"), 1):
        line = line.rstrip("\r")
        if until:
            until = "" if line.strip() == until else until
            continue
        first = first or number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            joined += line[:-1] + " "
            continue
        text = joined + line
        span = line_span(source, first, source.line(first) if joined else line)
        if joined:
            span = span._replace(end_line=number, end_column=len(line.rstrip()) + 1)
        joined, first = "", 0
        heredoc = _HEREDOC.search(text)
        until = heredoc[2] if heredoc else ""
        if text.strip():
            yield text, span


def _commands(text: str) -> Iterator[tuple[list[str], str, str]]:
    """The commands of one line: words, the operator before it, and what in it is not constant."""
    words: list[str] = []
    word: str | None = None
    before = dynamic = ""
    redirected = False
    for token in _TOKEN.finditer(text):
        kind, value = token.lastgroup, token[token.lastgroup or 0]
        if kind in ("blank", "comment", "operator"):
            if word is not None and not redirected:
                words.append(word)
            redirected = redirected and word is None
            word = None
        if kind == "operator":
            if value[-1] in "<>" or ">&" in value:
                redirected = not value[-1].isdigit() and not value.endswith("-")
                continue
            if words:
                yield words, before, dynamic
            before, words, dynamic = value, [], ""
        elif kind not in ("blank", "comment"):
            if kind == "dynamic":
                dynamic = dynamic or value
            elif kind == "double":
                found = _INSIDE.search(value)
                dynamic = dynamic or (found[0] if found else "")
                value = _ESCAPES.sub(r"\1", value)
            word = (word or "") + value
    if word is not None and not redirected:
        words.append(word)
    if words:
        yield words, before, dynamic


def without_prefix(words: list[str]) -> list[str]:
    """Without ``sudo``, ``then``, ``VAR=value`` and other words that come before a command."""
    place = 0
    while place < len(words) - 1 and (words[place] in _BEFORE or _ASSIGNMENT.match(words[place])):
        place += 1
    return words[place:]

"""Whether an output of the command is what its format promises, whatever stood in the input.

Used where input is hostile: names with newlines, terminal escapes, bytes that are no UTF-8.
Invariant: every format of ``REPORTERS`` has its rule here; one without is a ``KeyError``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree

_MOVES_A_CURSOR = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""What a terminal acts upon: C0 but for tab and newline, C1, marks of direction and of lines."""
_OURS = re.compile("\x1b\\[(?:0|1|[0-9;]{1,5})?m")
"""The colours that zimlint writes itself."""
_VOID = frozenset({"meta", "link", "br", "hr", "img", "input", "col"})


def faults(form: str, out: str, err: str, coloured: bool = False) -> list[str]:
    """What is wrong with an output; empty where nothing is."""
    found: list[str] = []
    for name, text in (("standard output", out), ("standard error", err)):
        bad = _MOVES_A_CURSOR.search(_OURS.sub("", text) if coloured else text)
        if bad is not None:
            found.append(f"{name} holds {bad[0]!r} unescaped")
    if out:
        try:
            _RULES[form](out)
        except (ValueError, ElementTree.ParseError) as error:
            found.append(f"not {form}: {error}")
    return found


def _lines_of_json(text: str) -> None:
    for line in text.splitlines():
        json.loads(line)


def _anything(text: str) -> None:
    """Nothing beyond what holds for every format."""


def _json(text: str) -> None:
    json.loads(text)


def _xml(text: str) -> None:
    ElementTree.fromstring(text.encode())


def _workflow_commands(text: str) -> None:
    """Each line is a command: a text of several lines would end it, and could begin one of its own."""
    for line in text.splitlines():
        if not re.match(r"::(?:error|warning|notice|group|endgroup)\b", line):
            raise ValueError(f"a line that is no workflow command: {line[:80]!r}")


def _html(text: str) -> None:
    """Elements that close in order; nothing from the input became one."""
    _Elements().check(text)


class _Elements(HTMLParser):
    def check(self, text: str) -> None:
        """Raise ValueError where an element is not closed, or one not opened is."""
        self.open: list[str] = []
        self.feed(text)
        self.close()
        if self.open:
            raise ValueError(f"not closed: {', '.join(self.open)}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if tag not in _VOID and (not self.open or self.open.pop() != tag):
            raise ValueError(f"closed, but not open: {tag}")


_RULES: dict[str, Callable[[str], None]] = {
    "text": _anything,
    "json": _json,
    "concise": _anything,
    "jsonl": _lines_of_json,
    "sarif": _json,
    "github": _workflow_commands,
    "gitlab": _json,
    "junit": _xml,
    "checkstyle": _xml,
    "markdown": _anything,
    "html": _html,
}

"""Lines of rules as raw words in groups, so that a rewrite can move and change them.

Nothing of zimlint is used: a mistake in its reading must not hide itself.
Invariant: ``joined(grouped(line))`` has the words of ``line``, in their order and as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_WORD = re.compile(r"""(?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+""")
_RULE = re.compile(r"(?:\[\d+:\d+\] )?-[AI] \S+ ")
_BASIC = ("-i", "-o", "-s", "-d", "-p", "-f")
"""Options without a ``-m`` before them; what follows ``-p tcp`` may be the port options of its implied match."""
BUILT_IN = ("INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING")


class Line(NamedTuple):
    """A line of a file, and the number of the line in the original that it says the same as."""

    number: int
    text: str


class Rule(NamedTuple):
    """A rule line in groups: ``-A INPUT``, then ``-i eth0``, ``-p tcp -m tcp --dport 25``, ``-j ACCEPT``."""

    head: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]

    @property
    def chain(self) -> str:
        """The chain that the line is in."""
        return self.head[-1]

    def option(self, *names: str) -> str | None:
        """The value of the first group that begins with one of these."""
        return next((group[1] for group in self.groups if group[0] in names and len(group) > 1), None)


def lines_of(text: str) -> list[Line]:
    """The lines of a file."""
    return [Line(number, line) for number, line in enumerate(text.split("\n"), 1)]


def words(text: str) -> list[str]:
    """The words of a line as they are written, with their quotes."""
    return _WORD.findall(text)


def grouped(text: str) -> Rule | None:
    """The rule of a line; None where it is none, or one whose groups are not plain to see."""
    if not _RULE.match(text) or "\\" in text or text.count('"') % 2:
        return None
    found = words(text)
    at = next(place for place, word in enumerate(found) if word in ("-A", "-I")) + 2
    if at < len(found) and found[at].isdigit():  # -I CHAIN 3
        at += 1
    return Rule(tuple(found[:at]), tuple(_groups(found[at:])))


def _groups(found: list[str]) -> Iterator[tuple[str, ...]]:
    group: list[str] = []
    previous = ""
    for word in found:
        begins = word in (*_BASIC, "-m", "-j", "-g")
        implied = word == "-m" and group[:1] == ["-p"] and len(group) == 2  # its own match: -p tcp -m tcp --dport
        if (word == "!" or begins) and group and previous != "!" and not implied and not _inside(word, group):
            yield tuple(group)
            group = []
        group.append(word)
        previous = word
    if group:
        yield tuple(group)


def _inside(word: str, group: list[str]) -> bool:
    """A ``!`` belongs to an option of the match that has begun, not to a new group; told by what is in the group."""
    return word == "!" and (group[0] in ("-m", "-j") or (group[0] == "-p" and len(group) > 1))


def joined(rule: Rule) -> str:
    """The rule as a line."""
    return " ".join((*rule.head, *(word for group in rule.groups for word in group)))


def text_of(lines: Iterable[Line]) -> str:
    """The lines as a file."""
    return "\n".join(line.text for line in lines)

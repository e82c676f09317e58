"""From the words of a line to its shape, and from a shape to the options in it.

Invariant: a shape has one word for every word of its line, so an option's place in the shape is its place in the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from zimlint.assets import asset_text
from zimlint.formats.lines import Node, ShapeRefused, known_shape, parse_shape
from zimlint.formats.modules import MATCHES, TARGETS
from zimlint.formats.names import PROTOCOLS

GRAMMAR = "iptables_save"
PLACEHOLDER = "w "

COMMANDS = frozenset({
    "append", "check", "delete", "insert", "replace", "set_default", "new_chain", "rename_chain", "flush_chain",
    "delete_chain", "inert",
})  # fmt: skip
"""The grammar's names for what a line does; it has exactly one of them."""


class Slot(NamedTuple):
    """An option in a shape: the grammar's name for it, what was written, and where its values stand."""

    name: str
    keyword: str
    negated: bool
    indexes: tuple[int, ...]
    values: tuple[str, ...]
    """As the shape has them: the word itself where the shape keeps it, else the placeholder."""
    place: int
    """Where the option itself stands."""
    old_negation: bool = False
    """Written ``--dport ! 25``."""


class _Symbols(dict[str, str]):
    """What stands for a word in a shape: names and options for themselves, all else the placeholder."""

    def __missing__(self, word: str) -> str:
        if word[:1] != "-" or " " in word:
            return PLACEHOLDER
        name, equals, _ = word.partition("=")
        if equals and name.startswith("--"):
            return f"{name}={PLACEHOLDER}"
        if len(word) < 40:  # the options that occur are few
            self[word] = word + " "
        return word + " "


_NAMES = (*MATCHES, *TARGETS, *PROTOCOLS, "!", "*", ":")
_SYMBOLS = _Symbols({name: name + " " for name in _NAMES})


def shape_of(words: Iterable[str]) -> str:
    """The shape of a line: ``-A w -p tcp -m tcp --dport w -j ACCEPT``, with a blank after each word."""
    return "".join(map(_SYMBOLS.__getitem__, words))


def shape_with(words: Iterable[str], literal: frozenset[int]) -> str:
    """The same, with the words at some places as they are."""
    return "".join(
        word + " " if index in literal and " " not in word else _SYMBOLS[word] for index, word in enumerate(words)
    )


def tree_of(shape: str) -> Node:
    """The tree of a line: made up of those of its options where they are known, else by the grammar."""
    made: list[str | Node] = []
    commands = 0
    for part in _parts(shape.split(" ")[:-1]):
        options = 2 if part[0] == "!" else 1
        known = known_shape(GRAMMAR, " ".join(part[:options]) + " " + PLACEHOLDER * (len(part) - options))
        if known is None or "!" in part[options:]:  # the old negation is the grammar's matter
            return parse_shape(GRAMMAR, shape)
        name = str(known[-1][0])
        commands += name in COMMANDS
        if options == 2:
            made.append("! ")
        made.append((name, *(word + " " for word in part[options - 1 :])))
    if commands == 1:
        return ("line", *made)
    if commands == 0 and made:
        raise ShapeRefused(len(shape) + 1, ("APPEND",))
    return parse_shape(GRAMMAR, shape)


def _parts(words: list[str]) -> list[list[str]]:
    """The words option by option. Where a value begins like an option the parts come out wrong, and unknown."""
    parts: list[list[str]] = []
    for index, word in enumerate(words):
        negates = word == "!" and words[index + 1 : index + 2] and words[index + 1].startswith("-")
        if not parts or negates or (word.startswith("-") and parts[-1] != ["!"]):
            parts.append([word])
        else:
            parts[-1].append(word)
    return parts


def slots(tree: Node) -> list[Slot]:
    """The options of a line's tree, in order."""
    found = []
    place, negated = 0, False
    for part in tree[1:]:
        if isinstance(part, str):  # a `!`
            negated = True
            place += 1
            continue
        name, keyword, *rest = map(str, part)
        old = len(rest) > 1 and rest[0] == "! "
        first = place + 1 + old
        values = tuple(word[:-1] for word in rest[old:])
        indexes = tuple(range(first, first + len(values)))
        found.append(Slot(name, keyword[:-1], negated != old, indexes, values, place, old))
        place = first + len(values)
        negated = False
    return found


@cache
def keywords() -> Mapping[str, str]:
    """Every long option of the grammar and the grammar's name for it: what a shortened option can stand for."""
    text = asset_text(f"grammars/{GRAMMAR}.lark")
    written = dict(re.findall(r'^([A-Z0-9_]+): ("--?.*(?:\n    \| ".*)*)', text, re.M))
    named: dict[str, str] = {}
    for terminal, name in re.findall(r"^(?:!\?\w+:|    \|) ([A-Z0-9_]+)\b.* -> (\w+)$", text, re.M):
        named |= dict.fromkeys(re.findall(r'"(--?[\w-]+) "', written[terminal]), name)
    return named

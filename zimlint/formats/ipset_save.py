"""``ipset save`` files: the sets that ``-m set`` asks about, read as ``ipset restore`` 7.17 reads them.

Invariant: a line that ipset would refuse is left out and reported in its words; the other lines count.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from zimlint.formats.tables import Refused
from zimlint.formats.words import split_words
from zimlint.model import IpSet, Problem
from zimlint.packets import Family
from zimlint.source import Source, Span, line_span


def read_ipset_save(source: Source) -> tuple[tuple[IpSet, ...], tuple[Problem, ...]]:
    """The sets of a file, in order, with the entries that they end up with."""
    sets: dict[str, _Set] = {}
    problems = []
    for number, line in enumerate(source.text.removeprefix("\ufeff").split("\n"), 1):
        words = [word for word in split_words(line) if word not in _EXIST]
        if not words or words[0].startswith("#"):
            continue
        span = line_span(source, number, line)
        try:
            _run(sets, words, span, len(words) != len(split_words(line)))
        except Refused as refused:
            message = f"Error in line {number}: {refused.message}"
            problems.append(Problem("unreadable-line", message, span, fatal=True))
    return tuple(made.frozen(name) for name, made in sets.items()), tuple(problems)


_EXIST = frozenset({"-exist", "-!"})

_COMMANDS = {
    "create": "create", "n": "create", "-N": "create", "--create": "create", "add": "add", "a": "add", "-A": "add",
    "--add": "add", "del": "del", "d": "del", "-D": "del", "--del": "del", "flush": "flush", "f": "flush",
    "-F": "flush", "--flush": "flush", "destroy": "destroy", "x": "destroy", "-X": "destroy", "--destroy": "destroy",
}  # fmt: skip
"""man ipset, COMMANDS, with their short forms and those of ipset 4."""

_OLD_KINDS = {
    "ipmap": "bitmap:ip", "macipmap": "bitmap:ip,mac", "portmap": "bitmap:port", "iphash": "hash:ip",
    "nethash": "hash:net", "ipporthash": "hash:ip,port", "ipportiphash": "hash:ip,port,ip",
    "ipportnethash": "hash:ip,port,net", "setlist": "list:set",
}  # fmt: skip
"""What ipset 4 called them, and ipset 7 still takes."""

_KINDS = frozenset({
    *_OLD_KINDS.values(), "hash:ip,mark", "hash:ip,mac", "hash:mac", "hash:net,iface", "hash:net,net", "hash:net,port",
    "hash:net,port,net",
})  # fmt: skip


class _Set:
    """A set under construction."""

    __slots__ = ("entries", "family", "kind", "mask", "span")

    def __init__(self, kind: str, family: Family, span: Span, mask: str) -> None:
        self.kind = kind
        self.family = family
        self.span = span
        self.mask = mask
        self.entries: dict[str, bool] = {}

    def frozen(self, name: str) -> IpSet:
        entries = [(self._masked(entry), excepted) for entry, excepted in self.entries.items()]
        return IpSet(name, self.kind, self.family, tuple(entries), self.span)

    def _masked(self, entry: str) -> str:
        """``create ... netmask 28``: an address stands for its network."""
        first, comma, rest = entry.partition(",")
        if not self.mask or "/" in first or "-" in first:
            return entry
        return f"{first}/{self.mask}{comma}{rest}"


def _run(sets: dict[str, _Set], words: Sequence[str], span: Span, lenient: bool) -> None:
    command = _COMMANDS.get(words[0])
    if command is None:
        raise Refused(f"No command specified: unknown argument {words[0]}")
    if command == "flush" and len(words) == 1:
        for each in sets.values():
            each.entries.clear()
        return
    if command == "destroy" and len(words) == 1:
        sets.clear()
        return
    if len(words) < (2 if command in ("flush", "destroy") else 3):
        raise Refused(f"Missing mandatory argument of the command {command}")
    name = words[1]
    if command == "create":
        _create(sets, name, words[2:], span, lenient)
        return
    if name not in sets:
        raise Refused("The set with the given name does not exist")
    match command:
        case "add":
            if words[2] in sets[name].entries and not lenient:
                raise Refused("Element cannot be added to the set: it's already added")
            sets[name].entries[words[2]] = "nomatch" in words[3:]
        case "del":
            if sets[name].entries.pop(words[2], None) is None and not lenient:
                raise Refused("Element cannot be deleted from the set: it's not added")
        case "flush":
            sets[name].entries.clear()
        case "destroy":
            del sets[name]


def _create(sets: dict[str, _Set], name: str, words: Sequence[str], span: Span, lenient: bool) -> None:
    kind = _OLD_KINDS.get(words[0], words[0])
    if kind not in _KINDS:
        raise Refused(f"Syntax error: typename '{kind}' is unknown")
    if name in sets:
        if lenient:
            return
        raise Refused("Set cannot be created: set with the same name already exists")
    options = list(words[1:])
    family = options[options.index("family") + 1 :][:1] if "family" in options else []
    mask = next((after for word, after in pairwise(options) if word in ("netmask", "bitmask")), "")
    six = family in (["inet6"], ["ipv6"]) or "-6" in options
    sets[name] = _Set(kind, Family.IPV6 if six else Family.IPV4, span, mask)

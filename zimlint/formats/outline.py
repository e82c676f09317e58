"""Which option of a line belongs to which match or target, as getopt in iptables finds out from left to right.

Invariant: what iptables 1.8.9 would refuse for its options alone raises ``Refused`` with the tool's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from zimlint.formats.modules import (
    CORE,
    IMPLIED,
    MATCHES,
    TARGETS,
    owners,
)
from zimlint.formats.names import protocol_number
from zimlint.formats.requirements import check_once, check_options, check_protocol
from zimlint.formats.shapes import COMMANDS, PLACEHOLDER, Slot, keywords
from zimlint.formats.tables import Refused
from zimlint.packets import Family


class Group:
    """A ``-m module``, ``-j TARGET`` or, with an empty name, iptables itself, with its options.

    ``known`` is False for what iptables 1.8.9 does not have: any option may be its own.
    """

    __slots__ = ("known", "module", "slots")

    def __init__(self, module: str, known: bool = True) -> None:
        self.module = module
        self.known = known
        self.slots: list[Slot] = []


class Outline(NamedTuple):
    """A line's options, each where it belongs. A NamedTuple, like ``Rewrite``: a dataclass costs more at start-up."""

    command: Slot
    core: Group
    matches: tuple[Group, ...]
    target: Group | None
    """Not ``known``: a chain, or a target that iptables 1.8.9 does not have. None: the line only counts."""
    jump: Slot | None
    protocol: int | None
    """The protocol that ``-p`` asks for; None where it asks for none or for all but one."""
    only: Family | None
    """``-4``, ``-6``."""


class Rewrite(NamedTuple):
    """The shape says too little: the words that have to be split at ``=``, spelled out, or kept as they are."""

    split: frozenset[int] = frozenset()
    renamed: tuple[tuple[int, str], ...] = ()
    literal: frozenset[int] = frozenset()

    def apply(self, words: Sequence[str]) -> list[str]:
        """The words as they should have been."""
        renamed = dict(self.renamed)
        return [
            part
            for index, word in enumerate(words)
            for part in (_parted(word) if index in self.split else [renamed.get(index, word)])
        ]


def _parted(word: str) -> list[str]:
    """``--dport=25``, ``-ieth0``."""
    return word.split("=", 1) if word.startswith("--") else [word[:2], word[2:]]


def outline(slots: Sequence[Slot], family: Family) -> Outline | Rewrite:
    """Where each option of a line belongs."""
    return _Sorter(family).sort(slots)


def check_beginning(slots: Sequence[Slot], family: Family) -> None:
    """Refused where iptables would refuse a line by these first options of it alone."""
    sorter = _Sorter(family)
    for slot in slots:
        sorter.take(slot)


_OBJECTIONS = {
    "-t": "The -t option cannot be used in iptables-restore.",
    "--table": "The -t option cannot be used in iptables-restore.",
    "-w": "You cannot use `-w' from iptables-restore",
    "--wait": "You cannot use `-w' from iptables-restore",
    "-n": "Illegal option `-n' with this command",
    "--numeric": "Illegal option `-n' with this command",
    "-x": "Illegal option `-x' with this command",
    "--exact": "Illegal option `-x' with this command",
}
"""Options that iptables has and iptables-restore does not take."""

_ONCE = {
    "source": "-s", "destination": "-d", "in_interface": "-i", "out_interface": "-o", "protocol": "-p", "jump": "-j",
    "goto": "-j",
}  # fmt: skip


_ATTACHED = ("-g", "-i", "-m", "-o")
"""Options that iptables-restore 1.8.9 takes with their value attached; with -p, -s, -d and -j it gets it wrong."""


class _Sorter:
    """The state of getopt: the matches loaded so far, in the order in which their options are looked up."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.core = Group("")
        self.matches: list[Group] = []
        self.target: Group | None = None
        self.before_target = 0
        self.jump: Slot | None = None
        self.command: Slot | None = None
        self.protocol: Slot | None = None
        self.implied = ""
        self.only: Family | None = None
        self.ended = False
        """Whether ``--`` has been seen, behind which nothing may stand."""
        self.split: set[int] = set()
        self.renamed: list[tuple[int, str]] = []
        self.literal: set[int] = set()

    def sort(self, slots: Sequence[Slot]) -> Outline | Rewrite:
        for slot in slots:
            self.take(slot)
        if self.split or self.renamed or self.literal:
            return Rewrite(frozenset(self.split), tuple(self.renamed), frozenset(self.literal))
        for group in self._loaded():
            if group.known:
                check_once(group.module, group.slots)
        for group in self._loaded():
            check_options(group.module, group.slots, group.known, self.family)
            written = [slot.keyword for slot in group.slots]
            check_protocol(group.module, self._number(), self.protocol is not None, written)
        if self.command is None:  # the beginning of a line: the grammar also knows an option alone
            raise Refused("no command specified")
        return Outline(self.command, self.core, tuple(self.matches), self.target, self.jump, self._number(), self.only)

    def take(self, slot: Slot) -> None:
        if self.ended:
            raise Refused("unknown arguments found on commandline")
        if slot.name in COMMANDS:
            self.command = slot
        elif slot.name == "module":
            self._load(slot)
        elif slot.keyword == "--" and not slot.values:
            self.ended = True
        elif slot.name == "other":
            self._refuse_misplaced(slot)
            self._expand(slot)
        elif slot.name in CORE:
            self._take_core(slot)
        else:
            self._give(slot)

    def _take_core(self, slot: Slot) -> None:
        kind = _ONCE.get(slot.name)
        if kind and any(_ONCE.get(other.name) == kind for other in self.core.slots):
            raise Refused(f"multiple {kind} flags not allowed")
        self.core.slots.append(slot)
        match slot.name:
            case "protocol":
                self.protocol = slot
                if self._unseen(slot):
                    return
                self.implied = IMPLIED.get(protocol_number(slot.values[0]) or 0, "")
            case "jump" | "goto":
                self.jump = slot
                name = slot.values[0]
                self.before_target = len(self.matches)
                if slot.name == "jump" and name in TARGETS and self.family in TARGETS[name].families:
                    self.target = Group(name)
                else:
                    self.target = Group(name, known=False)
            case "fragment" if self.family is Family.IPV6:
                raise Refused("`-f' is not supported in IPv6, use -m frag instead")
            case "only_ipv4" | "only_ipv6":
                self.only = Family.IPV4 if slot.name == "only_ipv4" else Family.IPV6

    def _load(self, slot: Slot) -> None:
        if not self._unseen(slot):
            name = slot.values[0]
            known = name in MATCHES
            if known and self.family not in MATCHES[name].families:
                raise Refused(f"Couldn't load match `{name}':No such file or directory")
            self.matches.append(Group(name, known))

    def _unseen(self, slot: Slot) -> bool:
        """Whether the shape hides a name that decides what the line's other options are."""
        if slot.values[0] + " " != PLACEHOLDER:
            return False
        self.literal.add(slot.indexes[0])
        return True

    def _give(self, slot: Slot) -> None:
        """To the match loaded last that has it, or the target; else it may be short for another, or bring a match."""
        owner = self._owner(slot.name)
        if owner is None and not self._spell_out(slot):
            self._load_implied()
            owner = self._owner(slot.name)
            if owner is None and not self._spell_out(slot):
                self._leave(slot)
        if owner is not None:
            owner.slots.append(_plain(slot, owner.module))
            # it looks at -p when it is told its ports, not at the end; a number there is not seen in the first round
            if owner.module == "multiport" and not self.literal and not self.renamed:
                check_protocol("multiport", self._number(), self.protocol is not None)

    def _owner(self, name: str) -> Group | None:
        having = owners(name)
        groups = [group for group in self._loaded() if group.known and group.module in having]
        # a match that is loaded again is a copy, whose options stay where the first one's are (``command_match``)
        first = {group.module: place for place, group in enumerate(groups)}
        return min(groups, key=lambda group: first[group.module], default=None)

    def _load_implied(self) -> None:
        """The match of ``-p``: loaded once, when an option is found that nothing else has."""
        if self.implied and self.family in MATCHES[self.implied].families:
            self.matches.append(Group(self.implied))
        self.implied = ""

    def _expand(self, slot: Slot) -> None:
        """A keyword that is written ``--dport=25`` or shortened, or that only an unknown match or target can have."""
        if "=" in slot.keyword or slot.keyword[:2] in _ATTACHED:
            self.split.add(slot.place)
        elif not self._spell_out(slot):
            self._load_implied()
            if not self._spell_out(slot):
                self._leave(slot)

    def _spell_out(self, slot: Slot) -> bool:
        """Whether the keyword is the beginning of just one option of what is loaded."""
        keyword = slot.keyword
        if not keyword.startswith("--"):
            return False
        meant = [
            option
            for option, name in keywords().items()
            if option.startswith(keyword) and option != keyword and self._has(name)
        ]
        if len(meant) != 1:
            return False
        self.renamed.append((slot.place, meant[0]))
        return True

    def _leave(self, slot: Slot) -> None:
        """To an unknown match or target; refused where there is none."""
        if self.split or self.renamed or self.literal:
            return  # the next round knows more
        unknown = next((group for group in self._loaded() if not group.known), None)
        if unknown is None or slot.keyword in _OBJECTIONS:
            raise Refused(_OBJECTIONS.get(slot.keyword, f'unknown option "{slot.keyword}"'))
        unknown.slots.append(slot)

    def _refuse_misplaced(self, slot: Slot) -> None:
        """An option that the grammar knows, but not here."""
        name = keywords().get(slot.keyword)
        if name is None:
            return
        if name in COMMANDS:
            raise Refused(f"Cannot use {slot.keyword} with {self.command.keyword if self.command else slot.keyword}")
        if slot.negated and (name in CORE or name == "module"):
            raise Refused(f"cannot have ! before {slot.keyword}")
        if slot.negated:
            self._load_implied()
            owner = self._owner(name)
            raise Refused(f'{owner.module if owner else ""}: option "{slot.keyword}" cannot be inverted.')

    def _has(self, name: str) -> bool:
        if name in CORE or name in COMMANDS or name == "module":
            return True
        return self._owner(name) is not None

    def _loaded(self) -> list[Group]:
        """In the order in which getopt asks them: last loaded, first asked (``xtables_merge_options``)."""
        if self.target is None:
            return self.matches[::-1]
        return [*self.matches[self.before_target :][::-1], self.target, *self.matches[: self.before_target][::-1]]

    def _number(self) -> int | None:
        if self.protocol is None or self.protocol.negated:
            return None
        return protocol_number(self.protocol.values[0]) or None


def _plain(slot: Slot, module: str) -> Slot:
    """The option under the name that this module knows it by."""
    return slot._replace(name="match_set") if slot.name == "shared_set" and module == "set" else slot

"""One command of ufw, read as ufw 0.36.2 reads it (ufw/parser.py, ufw/common.py).

Invariant: what ufw would refuse raises ``CommandRefused`` in its words; nothing else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from zimlint.formats.lines import Node, ShapeRefused, parse_shape
from zimlint.formats.services import service_port
from zimlint.formats.status_rows import PROTOCOL_NUMBERS, Action, Cell, Direction
from zimlint.formats.ufw_rule_words import CommandRefused, Side, rule_interface, rule_protocol
from zimlint.packets import Family
from zimlint.variants import variant


@variant
class RuleCommand(NamedTuple):
    """``ufw allow …``, ``ufw route deny …``: one rule, for each family that it is about."""

    place: Literal["append", "insert", "prepend", "delete"]
    number: int
    """Where to insert, from 1."""
    action: Action
    direction: Direction
    to: Cell
    sender: Cell
    families: tuple[Family, ...]
    logged: str
    comment: str | None


@variant
class DeleteNumber(NamedTuple):
    """``ufw delete 3``."""

    number: int


@variant
class DefaultCommand(NamedTuple):
    """``ufw default deny incoming``."""

    hook: Literal["INPUT", "OUTPUT", "FORWARD"]
    policy: Literal["allow", "deny", "reject"]


@variant
class SwitchCommand(NamedTuple):
    """``ufw enable``, ``ufw disable``, ``ufw reset``, ``ufw logging LEVEL``."""

    name: str
    value: str = ""


@variant
class OtherCommand(NamedTuple):
    """A command that changes no rule: ``ufw status``, ``ufw app list``."""

    name: str


UfwCommand = RuleCommand | DeleteNumber | DefaultCommand | SwitchCommand | OtherCommand


def read_command(words: Sequence[str]) -> UfwCommand:
    """The words after ``ufw``."""
    words = [word for word in words if word not in ("--force", "-f")]
    if "--dry-run" in words:
        return OtherCommand("--dry-run")
    if not words:
        raise CommandRefused("not enough args")
    shape, values = _shape(_comment_last(words))
    try:
        name, *parts = parse_shape("ufw_command", shape)
    except ShapeRefused:
        raise CommandRefused(_refusal(words)) from None
    given = iter(values)
    match name:
        case "rule" | "route":
            return _Reader(given, routed=name == "route").read(parts)
        case "delete_number":
            if not values[0].isdecimal():
                raise CommandRefused(f"Could not find rule '{values[0]}'")
            return DeleteNumber(int(values[0]))
        case "default":
            policy, hook = str(parts[0]).strip(), str(parts[1]).strip() if len(parts) > 1 else "incoming"
            return DefaultCommand(_HOOKS[hook], _POLICIES[policy])
        case "logging":
            if values[0].lower() not in ("on", "off", "low", "medium", "high", "full"):
                raise CommandRefused("Invalid syntax")
            return SwitchCommand("logging", values[0].lower())
        case "switch":
            return SwitchCommand(str(parts[0]).strip())
        case "reset":
            return SwitchCommand("reset")
        case _:
            return OtherCommand(words[0].lower())


_HOOKS: dict[str, Literal["INPUT", "OUTPUT", "FORWARD"]] = {
    "incoming": "INPUT", "input": "INPUT", "outgoing": "OUTPUT", "output": "OUTPUT", "routed": "FORWARD",
    "forward": "FORWARD",
}  # fmt: skip
_POLICIES: dict[str, Literal["allow", "deny", "reject"]] = {"allow": "allow", "deny": "deny", "reject": "reject"}
_ACTIONS: dict[str, Action] = {"allow": "ALLOW", "deny": "DENY", "reject": "REJECT", "limit": "LIMIT"}
_TAKES_VALUE = frozenset({"on", "from", "to", "port", "app", "proto", "comment", "insert"})
_KEYWORDS = _TAKES_VALUE | {
    "allow", "deny", "reject", "limit", "in", "out", "log", "log-all", "prepend", "delete", "rule", "route",
}  # fmt: skip
_FIRST = {
    "default": frozenset({"allow", "deny", "reject", *_HOOKS}), "logging": frozenset(), "enable": frozenset(),
    "disable": frozenset(), "reset": frozenset(), "app": frozenset(), "status": frozenset(), "reload": frozenset(),
    "version": frozenset(), "show": frozenset(), "help": frozenset(),
}  # fmt: skip
"""Commands that are no rules, and the words that may follow them."""


def _comment_last(words: list[str]) -> list[str]:
    """ufw takes the comment out wherever it stands (ufw/parser.py, UFWCommandRule.parse)."""
    if "comment" not in words[:-1] or words[0] in _FIRST:
        return words
    place = words.index("comment")
    return [*words[:place], *words[place + 2 :], *words[place : place + 2]]


def _refusal(words: Sequence[str]) -> str:
    """What ufw says to a rule that the grammar refuses."""
    rest = list(words)
    while rest and rest[0] not in _ACTIONS:
        del rest[0]
    if not rest or len(rest) < 3 or {"route", "delete"} & set(rest[1:]):
        return "Invalid syntax"
    if len(rest) % 2 == 0:
        return "Wrong number of arguments"
    return "Improper rule syntax" if {"from", "to", "in", "out"} & set(rest) else "Need 'to' or 'from' clause"


def _shape(words: Sequence[str]) -> tuple[str, list[str]]:
    """The command with V for each word that a user chose, and those words."""
    first = words[0].lower()
    known = _FIRST.get(first)
    shape: list[str] = []
    values: list[str] = []
    before = ""
    for place, word in enumerate(words):
        keyword = word.lower()
        if known is not None:
            constant = place == 0 or keyword in known
        else:  # `ufw allow app` opens a profile that is called so
            constant = before not in _TAKES_VALUE and keyword in _KEYWORDS and (place > 1 or word != "app")
        shape.append(keyword if constant else "V")
        if not constant:
            values.append(word)
        before = shape[-1]
    return "".join(f"{word} " for word in shape), values


class _Reader:
    """Reads one rule command; the values come in the order in which the tree names them."""

    def __init__(self, values: Iterator[str], *, routed: bool) -> None:
        self._values = values
        self._routed = routed
        self._place: Literal["append", "insert", "prepend", "delete"] = "append"
        self._number = 0
        self._outgoing = False
        self._protocol: str | None = None
        self._sides = {"from": Side(), "to": Side()}
        self._interfaces: dict[str, str] = {}
        self._side = ""
        self._comment: str | None = None

    def read(self, parts: Sequence[Node | str]) -> RuleCommand:
        """The rule; CommandRefused where ufw would not have it."""
        action, logged = "", ""
        for part in parts:
            if isinstance(part, tuple):
                self._part(str(part[0]), [str(child).strip() for child in part[1:]])
            elif part.strip() in _ACTIONS:
                action = part.strip()
            elif part.startswith("log"):
                logged = part.strip()
            elif part.strip() == "V":
                self._short(next(self._values))
            else:
                self._outgoing = part.strip() == "out"
        protocol = self._agreed_protocol()
        families = self._families(protocol)
        if protocol not in (None, "tcp", "udp") and any(side.ports for side in self._sides.values()):
            raise CommandRefused(f"Invalid port with protocol '{protocol}'")
        if protocol is None and any(side.several for side in self._sides.values()):
            raise CommandRefused("Must specify 'tcp' or 'udp' with multiple ports")
        number = None if protocol is None else PROTOCOL_NUMBERS[protocol]
        into, outof = self._interfaces.get("in"), self._interfaces.get("out")
        to, sender = (self._sides[name].cell(number) for name in ("to", "from"))
        if self._routed:  # a routed row names interfaces as the packets flow (get_status)
            into, outof = outof, into
        return RuleCommand(
            self._place, self._number, _ACTIONS[action],
            "FWD" if self._routed else "OUT" if self._outgoing else "IN",
            to._replace(interface=into), sender._replace(interface=outof), families, logged, self._comment,
        )  # fmt: skip

    def _part(self, name: str, words: list[str]) -> None:
        match name:
            case "insert":
                text = next(self._values)
                if text in ("0", "-1"):
                    raise CommandRefused(f"Cannot insert rule at position '{text}'")
                if not text.isdecimal():
                    raise CommandRefused(f"Insert position '{text}' is not a valid position")
                self._place, self._number = "insert", int(text)
            case "prepend":
                self._place = "prepend"
            case "delete":
                self._place = "delete"
            case "interface":
                self._outgoing = words[0] == "out"
                self._interfaces[words[0]] = rule_interface(next(self._values))
            case "comment":
                self._comment = next(self._values)
                if "'" in self._comment:
                    raise CommandRefused('Comment may not contain "\'"')
            case "proto":
                self._protocol = rule_protocol(next(self._values))
            case "from" | "to":
                self._side = name
                self._sides[name].address(next(self._values), name)
            case _:
                value = next(self._values)
                if not self._side:
                    raise CommandRefused(f"Need 'from' or 'to' with '{name.removesuffix('_name')}'")
                if name == "port":
                    self._sides[self._side].port(value)
                else:
                    self._sides[self._side].app = value

    def _short(self, text: str) -> None:
        side = self._sides["to"]
        if _APP.fullmatch(text) and service_port(text) is None:
            side.app = text
            return
        port, slash, protocol = text.partition("/")
        if slash:
            self._protocol = rule_protocol(protocol)
        try:
            side.port(port)
        except CommandRefused as refused:
            raise CommandRefused("Bad port" if "numeric" not in str(refused) else str(refused)) from None

    def _agreed_protocol(self) -> str | None:
        given = self._protocol
        for side in self._sides.values():
            if side.service is not None and side.service != given:
                if given is not None:
                    raise CommandRefused(f"Protocol mismatch with specified protocol {given}")
                given = side.service
        return given

    def _families(self, protocol: str | None) -> tuple[Family, ...]:
        named = {side.family for side in self._sides.values() if side.family}
        if len(named) > 1:
            raise CommandRefused("Mixed IP versions for 'from' and 'to'")
        if protocol in ("ipv6", "igmp"):
            if Family.IPV6 in named:
                raise CommandRefused(f"Invalid IPv6 address with protocol '{protocol}'")
            return (Family.IPV4,)
        return tuple(named) or tuple(Family)


_APP = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.+-]*[A-Za-z][A-Za-z0-9 _.+-]*|[A-Za-z][A-Za-z0-9 _.+-]*")

"""One row of ``ufw status``: cut by its columns, each piece read with the grammar.

A row is ``[ n] TO ACTION FROM (attributes) # comment``. TO is padded to 26 and ACTION to 12 columns (8 until 0.28),
both without a maximum, and an application may be called almost anything, so the action is looked for where ufw puts
it first and anywhere only then: pasted text has often lost its alignment (ufw/backend_iptables.py, get_status).
Invariant: a row is read as a whole or refused with ``RowRefused``; nothing of it is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from itertools import islice
from typing import Literal, NamedTuple

from zimlint.formats.lines import Node, ShapeRefused, parse_shape
from zimlint.model import Opaque
from zimlint.packets import Family, RangeSet, network, parse_address
from zimlint.source import Span

Action = Literal["ALLOW", "DENY", "REJECT", "LIMIT"]
Direction = Literal["IN", "OUT", "FWD"]

PROTOCOL_NUMBERS = {"tcp": 6, "udp": 17, "esp": 50, "ah": 51, "gre": 47, "igmp": 2, "ipv6": 41, "vrrp": 112}
"""Every protocol that ufw knows (ufw/util.py, supported_protocols)."""


class RowRefused(Exception):  # noqa: N818
    """Not a row that ufw prints; the message says why."""


class Cell(NamedTuple):
    """One side of a row: ``192.168.1.10 25,465/tcp (Zimbra Mail) on eth1``; None is what it does not name."""

    family: Family | None = None
    addresses: RangeSet | Opaque | None = None
    """Opaque: a mask with more holes than anybody can list."""
    ports: RangeSet | None = None
    protocol: int | None = None
    app: str | None = None
    interface: str | None = None


class Row(NamedTuple):
    """A row as it stands; ``directed`` tells whether it names its direction (plain status leaves IN away)."""

    number: int | None
    to: Cell
    action: Action
    direction: Direction
    directed: bool
    sender: Cell
    comment: str | None
    family: Family
    span: Span


class RowReader:
    """Reads rows; the same cell is read once (most rows end in ``Anywhere``).

    ``apps`` are the names of known profiles: ``Mail on eth0`` may be one.
    """

    def __init__(self, apps: Container[str] = ()) -> None:
        self._apps = apps
        self._cells: dict[str, Cell] = {}

    def read(self, text: str, span: Span) -> Row:
        """The row; RowRefused if it is none."""
        numbered = _NUMBER.match(text)
        body = text[numbered.end() :] if numbered else text
        refusal = RowRefused("no ALLOW, DENY, REJECT or LIMIT in this row")
        for to_text, action_text, rest in islice(_cuts(body), _MAX_CUTS):
            try:
                return self._row(int(numbered[1]) if numbered else None, to_text, action_text, rest, span)
            except RowRefused as error:
                refusal = error
        raise refusal

    def _row(self, number: int | None, to_text: str, action_text: str, rest: str, span: Span) -> Row:
        sender_text, mark, comment = rest.partition(" #")
        attributes = _ATTRIBUTES.search(sender_text)
        if attributes:
            _parse(attributes[1])
            sender_text = sender_text[: attributes.start()]
        to, sender = self._cell(to_text), self._cell(sender_text)
        _, action, *direction = _parse(action_text)
        families = {cell.family for cell in (to, sender) if cell.family}
        if len(families) > 1:
            raise RowRefused("IPv4 and IPv6 in one row")
        if to.protocol and sender.protocol and to.protocol != sender.protocol:
            raise RowRefused("two protocols in one row")
        return Row(
            number, to, _ACTIONS[str(action)], _DIRECTIONS[str(direction[0])] if direction else "IN", bool(direction),
            sender, comment.removeprefix(" ") if mark else None, families.pop() if families else Family.IPV4, span,
        )  # fmt: skip

    def _cell(self, text: str) -> Cell:
        text = text.strip()
        if len(text) > _MAX_CELL:
            raise RowRefused("a cell longer than any that ufw prints")
        cell = self._cells.get(text)
        if cell is None:
            cell = _read_cell(text)
            whole = f"{cell.app} on {cell.interface}"
            if cell.app and whole in self._apps:
                cell = cell._replace(app=whole, interface=None)
            self._cells[text] = cell
        return cell


_NUMBER = re.compile(r"\s*\[\s*(\d{1,6})\]\s")
_ACTIONS: dict[str, Action] = {"ALLOW": "ALLOW", "DENY": "DENY", "REJECT": "REJECT", "LIMIT": "LIMIT"}
_DIRECTIONS: dict[str, Direction] = {"IN": "IN", "OUT": "OUT", "FWD": "FWD"}
_ALIGNED = re.compile(r" ((?:ALLOW|DENY|REJECT|LIMIT)(?: (?:IN|OUT|FWD))?) +(?=\S)")
_LOOSE = re.compile(r"\s(ALLOW|DENY|REJECT|LIMIT)(?:\s(IN|OUT|FWD))?\s+(?=\S)")
_ATTRIBUTES = re.compile(r"\s(\((?:log|log-all|out|log, out|log-all, out)\))\s*$")
_TO_WIDTH, _ACTION_WIDTHS = 26, (12, 8)
_MAX_CELL = 400  # an address, fifteen ports, a name of 64 letters, an interface
_MAX_CUTS = 20  # more action words than that are no row

# the constants of a cell; a name comes last: it may be nearly any text (ufw/applications.py, valid_profile_name)
_INTERFACE = r"[A-Za-z0-9_.+,=%@-]{1,15}"
_END = rf"(?=/| \(| on {_INTERFACE}$|\)|$)"
_CONSTANT = re.compile(
    rf"(?P<keyword>Anywhere(?=/| \(v6\)| on {_INTERFACE}$|$)|(?<=/)[a-z0-9]+|\(v6\))"
    rf"|(?<= on )(?P<IF>{_INTERFACE})$"
    rf"|^(?P<NET>(?:\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f.]*:[0-9a-f:.]*)(?:/[\d.]+)?)(?= |{_END})"
    rf"|(?P<PORTS>\d+(?::\d+)?(?:,\d+(?::\d+)?)*){_END}"
    rf"|(?P<on> on (?={_INTERFACE}$))"
    rf"|(?P<APP>[A-Za-z0-9][A-Za-z0-9 _.+-]*?)(?= \(v6\)| on {_INTERFACE}$|\)|$)"
)


def _cuts(body: str) -> Iterator[tuple[str, str, str]]:
    """Every way to cut a row in TO, action and the rest, the most trustworthy first."""
    found = _ALIGNED.search(body, _TO_WIDTH)
    while found:
        to_text = body[: found.start()]
        padded = len(to_text) == _TO_WIDTH or to_text == to_text.rstrip()
        if padded and found.end() - found.start() - 1 in _ACTION_WIDTHS:
            yield to_text, found[1], body[found.end() :]
        found = _ALIGNED.search(body, found.start() + 1)
    for loose in _LOOSE.finditer(body):
        action = f"{loose[1]} {loose[2]}" if loose[2] else loose[1]
        yield body[: loose.start()], action, body[loose.end() :]


def _read_cell(text: str) -> Cell:
    constants: dict[str, str] = {}

    def placeholder(found: re.Match[str]) -> str:
        kind = found.lastgroup or ""
        if kind in ("keyword", "on"):
            return found[0]
        constants[kind] = found[0]
        return kind

    _, *parts = _parse(_CONSTANT.sub(placeholder, text), text)
    family = addresses = ports = protocol = app = interface = None
    v6 = False
    for part in parts:
        match part:
            case ("anywhere",):
                pass  # says that no address is named, which None says already
            case ("network",):
                family, addresses = _network(constants["NET"])
            case ("ports",):
                ports = _ports(constants["PORTS"])
            case ("protocol", str(name)):
                protocol = PROTOCOL_NUMBERS[name]
            case ("app",):
                app = constants["APP"]
            case ("named", _, *mark):
                v6 = v6 or bool(mark)  # the ports stand beside the name
            case ("v6",):
                v6 = True
            case ("interface",):
                interface = constants["IF"]
    if v6 and family is Family.IPV4:
        raise RowRefused("IPv4 and IPv6 in one row")
    return Cell(Family.IPV6 if v6 else family, addresses, ports, protocol, app, interface)


def _parse(shape: str, text: str | None = None) -> Node:
    try:
        return parse_shape("ufw_status", shape)
    except ShapeRefused:
        raise RowRefused(f"'{shape if text is None else text}' is nothing that ufw prints there") from None


def _network(text: str) -> tuple[Family, RangeSet | Opaque]:
    try:
        return network(text)
    except ValueError:
        pass
    try:
        families = {parse_address(part)[0] for part in text.split("/")}
    except ValueError:
        families = set()
    if families != {Family.IPV4}:
        raise RowRefused(f"'{text}' is not an address")
    return Family.IPV4, Opaque("address", text)


def _ports(text: str) -> RangeSet:
    ranges = []
    for item in text.split(","):
        low, _, high = item.partition(":")
        if len(item) > 11 or not 1 <= int(low) <= int(high or low) <= 65535:
            raise RowRefused(f"'{item}' is not a port")
        ranges.append((int(low), int(high or low)))
    return RangeSet(ranges)

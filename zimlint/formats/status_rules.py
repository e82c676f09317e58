"""From a row of ``ufw status`` to the lines that ufw loads for it.

Invariant: a row whose application is not known keeps an ``Opaque`` match in the place of its ports.
Invariant: ``(log)`` and ``(log-all)`` add no line: LOG changes no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zimlint.formats.status_rows import PROTOCOL_NUMBERS, Action, Row
from zimlint.host import AppPorts, AppProfile
from zimlint.model import (
    Condition,
    Decide,
    DstAddress,
    DstPorts,
    FilterRule,
    InInterface,
    Opaque,
    OutInterface,
    Protocols,
    SrcAddress,
    SrcPorts,
    Verdict,
)
from zimlint.packets import ALL_PORTS, TCP, UDP, RangeSet

CHAINS = {"IN": "INPUT", "OUT": "OUTPUT", "FWD": "FORWARD"}
"""The built-in chain that a row of this direction belongs to."""


def rules_of(row: Row, profiles: Mapping[str, AppProfile]) -> tuple[FilterRule, ...]:
    """The lines of one row, in ufw's order."""
    target = Decide(_VERDICTS[row.action])
    limited = (_RECENT,) if row.action == "LIMIT" else ()
    return tuple(
        FilterRule((*conditions, *limited), target, row.span, row.comment) for conditions in _matches(row, profiles)
    )


_VERDICTS: dict[Action, Verdict] = {
    "ALLOW": Verdict.ACCEPT, "LIMIT": Verdict.ACCEPT, "DENY": Verdict.DROP, "REJECT": Verdict.REJECT,
}  # fmt: skip
# six new connections in thirty seconds from one address, then REJECT: the first ones pass
_RECENT = Opaque("recent", "! --update --seconds 30 --hitcount 6", lone=True)

_Side = tuple[AppPorts | None, tuple[Condition, ...]]
"""The ports of one side (None: any port), and what stands for a profile that is not known."""


def _matches(row: Row, profiles: Mapping[str, AppProfile]) -> Iterator[tuple[Condition, ...]]:
    around = _interfaces(row)
    for protocol, dports, sports, opaque in _parts(row, profiles):
        # ufw's own order: -i, -o, -p, -d, --dport, -s, --sport (ufw/common.py, format_rule)
        matches: list[Condition] = []
        if row.to.addresses:
            matches.append(_address(row.to.addresses, DstAddress))
        if dports:
            matches.append(DstPorts(dports))
        if row.sender.addresses:
            matches.append(_address(row.sender.addresses, SrcAddress))
        if sports:
            matches.append(SrcPorts(sports))
        if protocol is None and (dports or sports):
            protocols: tuple[int, ...] = (TCP, UDP)  # two lines, tcp first
        else:
            protocols = () if protocol is None else (protocol,)
        if not protocols:
            yield (*around, *matches, *opaque)
        for number in protocols:
            yield (*around, Protocols(RangeSet([(number, number)])), *matches, *opaque)


def _address(addresses: RangeSet | Opaque, side: type[SrcAddress] | type[DstAddress]) -> Condition:
    return addresses if isinstance(addresses, Opaque) else side(addresses)


def _interfaces(row: Row) -> tuple[Condition, ...]:
    # a routed row names interfaces as the packets flow, the others as the host sees them
    incoming, outgoing = row.to.interface, row.sender.interface
    if row.direction == "FWD":
        incoming, outgoing = outgoing, incoming
    into = (InInterface(incoming),) if incoming else ()
    return (*into, OutInterface(outgoing)) if outgoing else into


_Part = tuple[int | None, RangeSet | None, RangeSet | None, tuple[Condition, ...]]
"""Protocol, destination ports, source ports, and matches that are not known."""


def _parts(row: Row, profiles: Mapping[str, AppProfile]) -> Iterator[_Part]:
    """One for each line that ``ufw allow`` made of the profiles (ufw/backend.py, get_app_rules_from_template)."""
    to, sender = row.to, row.sender
    named = to.protocol if to.protocol is not None else sender.protocol
    same = to.app is not None and to.app == sender.app
    for dport, unknown_to in _side(to.app, profiles):
        for sport, unknown_from in [(dport, unknown_to)] if same else _side(sender.app, profiles):
            protocol = named
            for part in (dport, sport):
                if part is not None and part.protocol is not None:
                    protocol = PROTOCOL_NUMBERS[part.protocol]  # the sender's profile has the last word
            unknown = unknown_to if same else (*unknown_to, *unknown_from)
            yield protocol, _ports(dport, to.ports), _ports(sport, sender.ports), unknown


def _side(app: str | None, profiles: Mapping[str, AppProfile]) -> tuple[_Side, ...]:
    if app is None:
        return ((None, ()),)
    if app not in profiles:
        return ((None, (Opaque("ufw-app", app),)),)
    return tuple((part, ()) for part in profiles[app].ports)


def _ports(part: AppPorts | None, ports: RangeSet | None) -> RangeSet | None:
    if part is None:
        return ports
    return None if part.ports == ALL_PORTS else part.ports  # `any/tcp`: no port match at all

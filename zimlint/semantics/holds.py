"""Whether one match holds for one packet: yes, no, or None where nobody can say.

Invariant: plain and literal, after the kernel's own modules; nothing here is shared with the set-wise interpreter
but the content of ipsets.
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from zimlint.model import (
    AddrType,
    Condition,
    CtDirection,
    CtOriginal,
    CtState,
    DstAddress,
    DstPorts,
    EitherPort,
    Fragment,
    IcmpTypes,
    InInterface,
    MarkIs,
    Notrack,
    Opaque,
    OutInterface,
    PacketType,
    Protocols,
    Ruleset,
    SetMark,
    SetMatch,
    SrcAddress,
    SrcPorts,
    TcpFlags,
)  # fmt: skip
from zimlint.packets import Packet, RangeSet
from zimlint.semantics.hooks import (
    BROADCAST,
    MULTICAST,
    STATE_FLAGS,
    UNICAST,
    UNSPECIFIED,
    Hook,
    interface_matches,
    routes,
)
from zimlint.semantics.sets import Part, members


class Header(NamedTuple):
    """A packet on its way: its header now, its header at first, and what lines have written beside it."""

    protocol: int
    source: int
    source_port: int
    destination: int | None
    destination_port: int
    interface: str
    first_destination: int | None
    first_port: int
    mark: int = 0
    connmark: int = 0
    tracked: bool = True
    natted: bool = False

    @classmethod
    def of(cls, packet: Packet) -> Header:
        """The packet as it arrives."""
        return cls(
            packet.protocol, packet.source, packet.source_port, packet.destination, packet.destination_port,
            packet.interface, packet.destination, packet.destination_port,
        )  # fmt: skip

    def translated(self, port: int | None, address: int | None, address_moves: bool) -> Header:
        """With another destination; an unknown address of the host itself is None."""
        return self._replace(
            destination_port=self.destination_port if port is None else port,
            destination=address if address_moves else self.destination,
            natted=True,
        )

    def changed(self, target: SetMark | Notrack) -> Header:
        """After MARK, CONNMARK or NOTRACK (net/netfilter/xt_mark.c, xt_connmark.c, xt_CT.c)."""
        match target:
            case Notrack():
                return self._replace(tracked=False)
            case SetMark(copies="save"):
                return self._replace(connmark=self.mark)
            case SetMark(copies="restore"):
                return self._replace(mark=self.connmark)
            case SetMark("mark", value, mask):
                return self._replace(mark=(self.mark & ~mask) ^ value)
            case SetMark(_, value, mask):
                return self._replace(connmark=(self.connmark & ~mask) ^ value)
            case _:
                assert_never(target)


def holds(condition: Condition, header: Header, hook: Hook, ruleset: Ruleset, state: str, lone: bool) -> bool | None:
    """Whether a match holds; ``lone`` answers for a lone first packet where that settles it."""
    match condition:
        case InInterface(pattern, negated):
            return interface_matches(pattern, header.interface if hook.incoming else "") != negated
        case OutInterface(pattern, negated):
            if hook.outgoing == "any":
                return _negated(_leaves_by(pattern, header.destination, ruleset), negated)
            return interface_matches(pattern, "lo" if hook.outgoing == "lo" else "") != negated
        case Protocols(numbers):
            return header.protocol in numbers
        case SrcAddress(addresses):
            return header.source in addresses
        case DstAddress(addresses):
            return _among(addresses, header.destination, ruleset)
        case SrcPorts(ports):
            return header.source_port in ports
        case DstPorts(ports):
            return header.destination_port in ports
        case IcmpTypes(types):
            return header.destination_port in types
        case EitherPort(ports, negated):
            return (header.source_port in ports or header.destination_port in ports) != negated
        case TcpFlags(mask, value, negated):
            flags = STATE_FLAGS.get(state)
            return None if flags is None else (flags & mask == value) != negated
        case CtState(states, negated):
            held = {state if header.tracked else "UNTRACKED"} | ({"DNAT"} if header.natted else set())
            return bool(held & states) != negated
        case CtOriginal(part, values):
            return header.tracked and _original(part, values, header, ruleset)
        case CtDirection(original):
            if not header.tracked:
                return False
            return original if state in ("NEW", "RELATED") else None
        case Fragment(negated):
            return negated
        case AddrType(side, types, negated):
            return _negated(_address_type(side, types, header, hook, ruleset), negated)
        case PacketType(kind, negated):
            return _negated(_packet_type(kind, header.destination, ruleset), negated)
        case MarkIs(kind, value, mask, negated):
            if kind == "connmark" and not header.tracked:
                return False
            return ((header.mark if kind == "mark" else header.connmark) & mask == value) != negated
        case SetMatch(negated=negated):
            return _negated(_in_set(condition, header, ruleset), negated)
        case Opaque(lone=known):
            return known if lone else None
        case _:
            assert_never(condition)


def _negated(answer: bool | None, negated: bool) -> bool | None:
    return None if answer is None else answer != negated


def _leaves_by(pattern: str, destination: int | None, ruleset: Ruleset) -> bool | None:
    """``-o`` of a routed packet: known only where the ruleset tells which interface its network lies behind."""
    if pattern == "+":
        return True
    names = [name for network, name in routes(ruleset) if destination is not None and destination in network]
    return interface_matches(pattern, names[-1]) if names else None


def _among(addresses: RangeSet, destination: int | None, ruleset: Ruleset) -> bool | None:
    """Whether a destination is among these; an unknown address of the host may be any unicast one."""
    if destination is not None:
        return destination in addresses
    if not addresses & UNICAST[ruleset.family]:
        return False
    return True if UNICAST[ruleset.family] <= addresses else None


def _original(part: str, values: RangeSet, header: Header, ruleset: Ruleset) -> bool | None:
    match part:
        case "src":
            return header.source in values
        case "sport":
            return header.source_port in values
        case "proto":
            return header.protocol in values
        case "dst":
            return _among(values, header.first_destination, ruleset)
        case _:
            return header.first_port in values


def _address_type(side: str, types: frozenset[str], header: Header, hook: Hook, ruleset: Ruleset) -> bool:
    family = ruleset.family
    local = hook.local if side == "dst" else header.interface == "lo"
    address = header.destination if side == "dst" else header.source
    if address is not None and address in MULTICAST[family]:
        kind = "MULTICAST"
    elif address is not None and (address in BROADCAST[family] or address in UNSPECIFIED[family]):
        kind = "BROADCAST" if family.bits == 32 else "UNSPEC"
    else:
        kind = "LOCAL" if local else "UNICAST"
    if family.bits == 32:
        return kind in types
    facts = {kind} | ({"UNICAST"} if kind in ("LOCAL", "UNSPEC") else set())
    routed = types & {"LOCAL", "ANYCAST", "UNREACHABLE"}
    return types - routed <= facts and (not routed or ("LOCAL" in routed and kind == "LOCAL"))


def _packet_type(kind: str, destination: int | None, ruleset: Ruleset) -> bool:
    family = ruleset.family
    if destination is None:
        return kind == "unicast"
    if destination in MULTICAST[family]:
        return kind == "multicast"
    return kind == ("broadcast" if destination in BROADCAST[family] else "unicast")


def _in_set(condition: SetMatch, header: Header, ruleset: Ruleset) -> bool | None:
    held = members(condition, ruleset.sets, ruleset.family)
    if held is None:
        return None
    answer: bool | None = False
    for term in held.terms:
        parts = [_part(part, values, header, ruleset) for part, values in term]
        if all(parts):
            return True
        if None in parts and False not in parts:
            answer = None
    return answer


def _part(part: Part, values: RangeSet | str, header: Header, ruleset: Ruleset) -> bool | None:
    if isinstance(values, str):
        return header.interface == values
    match part:
        case "src":
            return header.source in values
        case "dst":
            return _among(values, header.destination, ruleset)
        case "sport":
            return header.source_port in values
        case "dport":
            return header.destination_port in values
        case _:
            return header.protocol in values

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
    OF_EARLIER_FLOW,
    STATE_FLAGS,
    UNICAST,
    UNSPECIFIED,
    WITHOUT_CONNECTION,
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
    mark_known: int = 0xFFFFFFFF
    """The bits of ``mark`` that are known; the others are 0 there."""
    connmark: int = 0
    connmark_known: int = 0xFFFFFFFF
    tracked: bool = True
    natted: bool | None = False
    """Whether NAT has changed the destination; None: perhaps it left it as it was."""

    @classmethod
    def of(cls, packet: Packet) -> Header:
        """The packet as it arrives."""
        return cls(
            packet.protocol, packet.source, packet.source_port, packet.destination, packet.destination_port,
            packet.interface, packet.destination, packet.destination_port,
            connmark_known=0 if packet.state in OF_EARLIER_FLOW else 0xFFFFFFFF,
        )  # fmt: skip

    def translated(self, port: int | None, address: int | None, address_moves: bool) -> Header:
        """With another destination; an unknown address of the host itself is None."""
        new_port = self.destination_port if port is None else port
        if not address_moves:
            address = self.destination
        unknown = address is None and address_moves
        same = new_port == self.destination_port and (unknown or address == self.destination)
        return self._replace(
            destination_port=new_port, destination=address, natted=not same or (None if unknown else False)
        )

    def changed(self, target: SetMark | Notrack, hook: Hook, state: str) -> Header:
        """After MARK, CONNMARK or NOTRACK (net/netfilter/xt_mark.c, xt_connmark.c, xt_CT.c)."""
        match target:
            case Notrack():
                return self._replace(tracked=False) if not hook.tracked else self
            case SetMark("mark", value, mask):
                return self._replace(mark=(self.mark & ~mask) ^ value, mark_known=self.mark_known | mask)
            case SetMark() if not self.connected(hook, state):
                return self
            case SetMark(_, read, mask, "save"):
                mark, known = _copied(self.mark, self.mark_known, self.connmark, self.connmark_known, read, mask)
                return self._replace(connmark=mark, connmark_known=known)
            case SetMark(_, read, mask, "restore"):
                mark, known = _copied(self.connmark, self.connmark_known, self.mark, self.mark_known, read, mask)
                return self._replace(mark=mark, mark_known=known)
            case SetMark(_, value, mask):
                connmark, known = (self.connmark & ~mask) ^ value, self.connmark_known | mask
                return self._replace(connmark=connmark, connmark_known=known)
            case _:
                assert_never(target)

    def connected(self, hook: Hook, state: str) -> bool:
        """Whether the packet belongs to a connection there."""
        return hook.tracked and self.tracked and state not in WITHOUT_CONNECTION


def _copied(source: int, source_known: int, old: int, old_known: int, read: int, mask: int) -> tuple[int, int]:
    """``new = (old & ~mask) ^ (source & read)``, and which of its bits are known (net/netfilter/xt_connmark.c)."""
    known = (old_known | mask) & (source_known | ~read) & 0xFFFFFFFF
    return ((old & ~mask) ^ (source & read)) & known, known


def holds(condition: Condition, header: Header, hook: Hook, ruleset: Ruleset, state: str, lone: bool) -> bool | None:
    """Whether a match holds; ``lone`` answers for a lone first packet where that settles it."""
    match condition:
        case SrcAddress(addresses):  # first, as bans are the most of a long list
            return header.source in addresses
        case InInterface(pattern, negated):
            return interface_matches(pattern, header.interface if hook.incoming else "") != negated
        case OutInterface(pattern, negated):
            if hook.outgoing == "any" and not hook.incoming and header.interface != "lo":
                return interface_matches(pattern, header.interface) != negated  # a packet of the host's own
            if pattern == "lo" and not hook.incoming and hook.outgoing == "any":
                return negated  # what goes to another machine leaves by another interface
            if hook.outgoing == "any":
                return _negated(_leaves_by(pattern, header.destination, ruleset), negated)
            return interface_matches(pattern, "lo" if hook.outgoing == "lo" else "") != negated
        case Protocols(numbers):
            return header.protocol in numbers
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
            return _negated(_in_state(states, header, hook, state), negated)
        case CtOriginal(part, values):
            if not header.connected(hook, state):
                return False
            return None if state in OF_EARLIER_FLOW else _original(part, values, header, ruleset)
        case CtDirection(original):
            if not header.connected(hook, state):
                return False
            return None if state in OF_EARLIER_FLOW else original
        case Fragment(negated):
            return negated
        case AddrType(side, types, negated):
            return _negated(_address_type(side, types, header, hook, ruleset), negated)
        case PacketType(kind, negated):
            return _negated(_packet_type(kind, header.first_destination, ruleset), negated)
        case MarkIs(kind, value, mask, negated):
            if kind == "mark":
                return _negated(_mark_is(header.mark, header.mark_known, value, mask), negated)
            if not header.connected(hook, state):
                return False
            return _negated(_mark_is(header.connmark, header.connmark_known, value, mask), negated)
        case SetMatch(negated=negated):
            return _negated(_in_set(condition, header, ruleset), negated)
        case Opaque(lone=known):
            return known if lone else None
        case _:
            assert_never(condition)


def _in_state(states: frozenset[str], header: Header, hook: Hook, state: str) -> bool | None:
    """``--ctstate`` (net/netfilter/xt_conntrack.c): before tracking, every packet is INVALID."""
    if not header.tracked:
        return "UNTRACKED" in states
    if not hook.tracked:
        return "INVALID" in states
    if state in states or (header.natted and "DNAT" in states):
        return True
    if header.natted is None and "DNAT" in states:
        return None
    return None if state in OF_EARLIER_FLOW and states & {"DNAT", "SNAT"} else False


def _mark_is(mark: int, known: int, value: int, mask: int) -> bool | None:
    if value & ~mask or (mark ^ value) & mask & known:
        return False
    return True if mask & ~known == 0 else None


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
    facts = {kind} | ({"UNICAST"} if kind == "LOCAL" else set())
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

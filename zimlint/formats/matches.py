"""The options of iptables matches that zimlint knows the meaning of, as conditions.

Invariant: a condition says exactly what its option says; whatever is not exact is left to ``opaque.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from zimlint.formats.addresses import address_span, resolved_address
from zimlint.formats.tables import Refused
from zimlint.formats.values import icmp_types, mark, port_list, port_range, protocol
from zimlint.formats.words import bytes_in
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
    OutInterface,
    PacketType,
    Protocols,
    SetMatch,
    SrcAddress,
    SrcPorts,
    TcpFlags,
)
from zimlint.packets import ALL_ADDRESSES, ALL_PORTS, ALL_PROTOCOLS, EMPTY, Family, RangeSet

NEVER = Protocols(EMPTY)
"""A condition that no packet meets."""


def condition(name: str, module: str, negated: bool, values: tuple[str, ...], family: Family) -> Condition | None:
    """What one option asks for; None where every packet meets it."""
    return _MEANINGS[name](module, negated, values, family)


def is_modelled(name: str) -> bool:
    """Whether the grammar's alternative of that name is a condition by itself."""
    return name in _MEANINGS


Meaning = Callable[[str, bool, tuple[str, ...], Family], Condition | None]


def _interface(kind: type[InInterface] | type[OutInterface]) -> Meaning:
    def meaning(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
        name = values[0]
        if not name:
            raise Refused("Empty interface is likely to be undesired")
        if bytes_in(name) > 15:
            raise Refused(f"interface name `{name}' must be shorter than IFNAMSIZ (15)")
        if name == "+":
            return NEVER if negated else None
        return kind(name, negated)

    return meaning


def _protocol(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    found = protocol(values[0])
    if found == 0:
        if negated:
            raise Refused("rule would never match protocol")
        return None
    return Protocols(_exactly(RangeSet([(found, found)]), negated, ALL_PROTOCOLS))


def _exactly(values: RangeSet, negated: bool, universe: RangeSet) -> RangeSet:
    return values.complement(universe.ranges[-1][1]) if negated else values


def _range_of_ports(kind: type[SrcPorts] | type[DstPorts]) -> Meaning:
    def meaning(module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
        ports = _exactly(port_range(values[0], module), negated, ALL_PORTS)
        return None if ports == ALL_PORTS else kind(ports)

    return meaning


def _list_of_ports(kind: type[SrcPorts] | type[DstPorts]) -> Meaning:
    def meaning(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
        return kind(_exactly(port_list(values[0]), negated, ALL_PORTS))

    return meaning


def _either_port(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    return EitherPort(port_list(values[0]), negated)


def _icmp(_module: str, negated: bool, values: tuple[str, ...], family: Family) -> Condition | None:
    types = _exactly(icmp_types(values[0], family), negated, ALL_PORTS)
    return None if types == ALL_PORTS else IcmpTypes(types)


_FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ALL": 63, "NONE": 0}


def _tcp_flags(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    def flags(text: str) -> int:
        total = 0
        for word in text.split(","):
            if word.upper() not in _FLAGS:
                raise Refused(f"Unknown TCP flag `{word}'")
            total |= _FLAGS[word.upper()]
        return total

    return TcpFlags(flags(values[0]), flags(values[1]), negated)


def _syn(_module: str, negated: bool, _values: tuple[str, ...], _family: Family) -> Condition | None:
    return TcpFlags(1 | 2 | 4 | 16, 2, negated)


def _words(text: str, known: tuple[str, ...], refusal: str) -> frozenset[str]:
    # strncasecmp with the length of what was written: any beginning of a name will do (libxt_conntrack.c)
    found = set()
    for part in text.split(","):
        name = next((name for name in known if part and name.startswith(part.upper())), None)
        if name is None:
            raise Refused(refusal.format(part))
        found.add(name)
    return frozenset(found)


_STATES = ("INVALID", "NEW", "ESTABLISHED", "RELATED", "UNTRACKED")


def _state(module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    known = (*_STATES, "SNAT", "DNAT") if module == "conntrack" else _STATES
    if module == "state" and values[0].endswith(","):
        raise Refused('"--state" requires a list of states with no spaces, e.g. ESTABLISHED,RELATED')
    return CtState(_words(values[0], known, f'Bad {"ctstate" if module == "conntrack" else "state"} "{{}}"'), negated)


def _ct_protocol(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    found = protocol(values[0])
    return CtOriginal("proto", _exactly(RangeSet([(found, found)]), negated, ALL_PROTOCOLS))


def _ct_source(_module: str, negated: bool, values: tuple[str, ...], family: Family) -> Condition | None:
    return CtOriginal(
        "src", _exactly(resolved_address(values[0], family, "--ctorigsrc"), negated, ALL_ADDRESSES[family])
    )


def _ct_destination(_module: str, negated: bool, values: tuple[str, ...], family: Family) -> Condition | None:
    return CtOriginal(
        "dst", _exactly(resolved_address(values[0], family, "--ctorigdst"), negated, ALL_ADDRESSES[family])
    )


def _ct_source_port(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    return CtOriginal("sport", _exactly(port_range(values[0], "conntrack"), negated, ALL_PORTS))


def _ct_port(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    return CtOriginal("dport", _exactly(port_range(values[0], "conntrack"), negated, ALL_PORTS))


def _ct_direction(_module: str, _negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    if values[0].upper() not in ("ORIGINAL", "REPLY"):
        raise Refused(f'conntrack: Bad value for "--ctdir" option: "{values[0]}"')
    return CtDirection(values[0].upper() == "ORIGINAL")


def _source_range(_module: str, negated: bool, values: tuple[str, ...], family: Family) -> Condition | None:
    return SrcAddress(_exactly(address_span(values[0], family, "--src-range"), negated, ALL_ADDRESSES[family]))


def _destination_range(_module: str, negated: bool, values: tuple[str, ...], family: Family) -> Condition | None:
    return DstAddress(_exactly(address_span(values[0], family, "--dst-range"), negated, ALL_ADDRESSES[family]))


def _mark(module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    value, mask = mark(values[0], "--mark", module)
    return MarkIs("connmark" if module == "connmark" else "mark", value, mask, negated)


_ADDRESS_TYPES = (
    "UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE", "PROHIBIT",
    "THROW", "NAT", "XRESOLVE",
)  # fmt: skip


def _source_type(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    return AddrType("src", _words(values[0], _ADDRESS_TYPES, 'addrtype: bad type "{}"'), negated)


def _destination_type(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    return AddrType("dst", _words(values[0], _ADDRESS_TYPES, 'addrtype: bad type "{}"'), negated)


_PACKET_TYPES = {
    "unicast": "unicast", "host": "unicast", "broadcast": "broadcast", "bcast": "broadcast", "multicast": "multicast",
    "mcast": "multicast",
}  # fmt: skip


def _packet_type(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    kind = _PACKET_TYPES.get(values[0].lower())
    if kind is None:
        raise Refused(f"Bad packet type '{values[0]}'")
    return PacketType(kind, negated)


def _set(_module: str, negated: bool, values: tuple[str, ...], _family: Family) -> Condition | None:
    if len(values) != 2:
        raise Refused("--match-set requires two args.")
    directions = tuple(values[1].split(","))
    if not all(re.fullmatch("src|dst", direction) for direction in directions):
        raise Refused("You must spefify (the comma separated list of) 'src' or 'dst'.")
    return SetMatch(values[0], directions, negated)


def _fragment(_module: str, negated: bool, _values: tuple[str, ...], _family: Family) -> Condition | None:
    return Fragment(negated)


_MEANINGS: dict[str, Meaning] = {
    "in_interface": _interface(InInterface),
    "out_interface": _interface(OutInterface),
    "protocol": _protocol,
    "fragment": _fragment,
    "sport": _range_of_ports(SrcPorts),
    "dport": _range_of_ports(DstPorts),
    "sports": _list_of_ports(SrcPorts),
    "dports": _list_of_ports(DstPorts),
    "ports": _either_port,
    "icmp": _icmp,
    "icmp6": _icmp,
    "tcp_flags": _tcp_flags,
    "syn": _syn,
    "state": _state,
    "ctstate": _state,
    "ctproto": _ct_protocol,
    "ctorigsrc": _ct_source,
    "ctorigdst": _ct_destination,
    "ctorigsrcport": _ct_source_port,
    "ctorigdstport": _ct_port,
    "ctdir": _ct_direction,
    "src_range": _source_range,
    "dst_range": _destination_range,
    "mark": _mark,
    "src_type": _source_type,
    "dst_type": _destination_type,
    "pkttype": _packet_type,
    "match_set": _set,
}

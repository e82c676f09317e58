"""Packets at and beside every constant of a ruleset: port and address edges, types, interfaces, states.

Invariant: each edge is met by some packet, as long as there are more packets than edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from random import Random

from zimlint.model import CtOriginal, DstPorts, EitherPort, IcmpTypes, Nat, Ruleset, SetMatch, SrcAddress, SrcPorts
from zimlint.packets import ICMP, ICMPV6, TCP, UDP, Family, Packet, RangeSet, parse_address
from zimlint.semantics.hooks import MULTICAST
from zimlint.semantics.sets import members

GRE = 47
INTERFACES = ("eth0", "eth1", "tun0", "wlan5", "docker0")
OWN = {
    Family.IPV4: ("203.0.113.1", "10.0.0.1", "192.0.2.200"),
    Family.IPV6: ("2001:db8::1", "2001:db8:0:1::1", "fd00::1"),
}
"""The host's own addresses; packets go to one of them, or to a group."""
_LOOPBACK = {Family.IPV4: "127.0.0.1", Family.IPV6: "::1"}
_GROUPS = {Family.IPV4: ("224.0.0.1", "255.255.255.255"), Family.IPV6: ("ff02::1",)}
_USUAL = {
    Family.IPV4: ("203.0.113.9", "198.51.100.1", "10.20.0.1", "192.0.2.129"),
    Family.IPV6: ("2001:db8:20::7", "2001:db8:ffff::1", "fd00::77", "2001:db8:5::9"),
}
_PORTS = (25, 80, 8080, 40000)
_FIRST_TYPES = {ICMP: (8, 13, 15, 17), ICMPV6: (128, 139)}
"""Types that open a flow (nf_conntrack_proto_icmp.c ``valid_new``, nf_conntrack_proto_icmpv6.c)."""
_NEVER_TRACKED = (130, 131, 132, 133, 134, 135, 136, 143)
"""nf_conntrack_proto_icmpv6.c ``noct_valid_new``."""


def nearby(ruleset: Ruleset, random: Random, number: int, established: int = 0) -> list[Packet]:
    """So many packets, the last ones of flows that were open before."""
    family = ruleset.family
    sources = _shuffled(random, (*_sources(ruleset), *(parse_address(text)[1] for text in _USUAL[family])))
    there, here = _shuffled(random, _ports(ruleset)), _shuffled(random, _ports(ruleset))
    icmp = ICMP if family is Family.IPV4 else ICMPV6
    protocols = _shuffled(random, [TCP] * 5 + [UDP] * 4 + [icmp] * 2 + [GRE])
    types = _shuffled(random, _types(ruleset))
    own = [parse_address(text)[1] for text in OWN[family]]
    found: list[Packet] = []
    while len(found) < number:
        opened = len(found) >= number - established
        protocol = next(protocols)
        if opened and protocol not in (TCP, UDP):
            protocol = random.choice((TCP, UDP))
        port = next(here) if random.random() < 0.35 else random.randrange(1024, 65536)
        packet = Packet(
            family, protocol, next(sources), port, random.choice(own), next(there), random.choice(INTERFACES)
        )
        if opened:
            found.append(packet._replace(state="ESTABLISHED"))
            continue
        if protocol in (ICMP, ICMPV6):
            packet = _of_type(packet._replace(destination_port=next(types)))
        elif protocol == GRE:
            packet = packet._replace(source_port=0, destination_port=0)
        chance = random.random()
        if chance < 0.15:
            packet = _over_loopback(packet, random)
        elif chance < 0.2:
            packet = packet._replace(destination=_group(packet, random))
        elif chance < 0.27 and protocol == TCP:
            packet = packet._replace(state="INVALID")
        found.append(packet)
    return found


def says_nothing(packet: Packet) -> bool:
    """Whether REJECT is as good as DROP to it: no error is sent about an error, nor to a group (RFC 1122, 4443)."""
    assert packet.destination is not None
    family, kind = packet.family, packet.destination_port >> 8
    if packet.destination in MULTICAST[family] or (family is Family.IPV4 and packet.destination == 0xFFFFFFFF):
        return True
    if family is Family.IPV6 and not packet.source:
        return True
    if packet.protocol == ICMP:
        return kind in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12) or kind > 18  # net/ipv4/icmp.c
    return packet.protocol == ICMPV6 and (kind < 128 or kind == 137)  # net/ipv6/icmp.c


def _of_type(packet: Packet) -> Packet:
    """With the state that connection tracking gives a first packet of that type."""
    kind = packet.destination_port >> 8
    if kind in _FIRST_TYPES[packet.protocol]:
        return packet
    never = packet.protocol == ICMPV6 and kind in _NEVER_TRACKED
    return packet._replace(state="UNTRACKED" if never else "INVALID")


def _over_loopback(packet: Packet, random: Random) -> Packet:
    """From the host to itself; only a first packet."""
    family = packet.family
    own = [parse_address(text)[1] for text in (*OWN[family], _LOOPBACK[family])]
    if packet.protocol in (ICMP, ICMPV6):
        packet = packet._replace(destination_port=_FIRST_TYPES[packet.protocol][0] << 8, state="NEW")
    return packet._replace(interface="lo", source=random.choice(own), destination=random.choice(own))


def _group(packet: Packet, random: Random) -> int:
    """Not everybody from a loopback address: what the kernel makes of that is a matter of ``rp_filter``."""
    chosen = parse_address(random.choice(_GROUPS[packet.family]))[1]
    return parse_address(_GROUPS[packet.family][0])[1] if packet.source >> 24 == 127 else chosen


def _shuffled(random: Random, values: Iterable[int]) -> Iterator[int]:
    held = list(values)
    random.shuffle(held)
    return cycle(held)


def _edges(held: RangeSet, top: int) -> Iterator[int]:
    for low, high in held.ranges:
        yield from (edge for edge in (low - 1, low, high, high + 1) if 0 <= edge <= top)


def _ports(ruleset: Ruleset) -> Sequence[int]:
    found = dict.fromkeys(_PORTS)
    for held in _held_ports(ruleset):
        found.update(dict.fromkeys(_edges(held, 65535)))
    return list(found)


def _held_ports(ruleset: Ruleset) -> Iterator[RangeSet]:
    for part in _parts(ruleset):
        match part:
            case SrcPorts(ports) | DstPorts(ports) | EitherPort(ports) | CtOriginal("sport" | "dport", ports):
                yield ports
            case Nat(ports=RangeSet() as ports):
                yield ports
            case SetMatch():
                yield from _of_set(part, ruleset, ("sport", "dport"))
            case _:
                continue


def _sources(ruleset: Ruleset) -> Sequence[int]:
    """Edges of what lines ask of the source, but the host's own addresses: only martians have those."""
    own = {parse_address(text)[1] for text in OWN[ruleset.family]}
    found: dict[int, None] = {}
    for part in _parts(ruleset):
        match part:
            case SrcAddress(addresses) | CtOriginal("src", addresses):
                held = [addresses]
            case SetMatch():
                held = list(_of_set(part, ruleset, ("src",)))
            case _:
                continue
        for addresses in held:
            found.update(dict.fromkeys(_edges(addresses, (1 << ruleset.family.bits) - 1)))
    return [address for address in found if address not in own]


def _types(ruleset: Ruleset) -> Sequence[int]:
    """Types and codes; without a line that asks for one, a ping."""
    kinds = _FIRST_TYPES[ICMP if ruleset.family is Family.IPV4 else ICMPV6]
    found = dict.fromkeys([kinds[0] << 8, kinds[0] << 8])
    for part in _parts(ruleset):
        if isinstance(part, IcmpTypes):
            found.update(dict.fromkeys(_edges(part.types, 0xFFFF)))
    return list(found)


def _of_set(match: SetMatch, ruleset: Ruleset, sides: Sequence[str]) -> Iterator[RangeSet]:
    held = members(match, ruleset.sets, ruleset.family)
    for term in held.terms if held else ():
        yield from (values for side, values in term if side in sides and isinstance(values, RangeSet))


def _parts(ruleset: Ruleset) -> Iterator[object]:
    for chains in ruleset.tables.values():
        for chain in chains.values():
            for rule in chain.rules:
                yield from rule.conditions
                yield rule.target

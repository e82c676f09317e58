"""What is in an ipset: its entries as products of addresses, ports and interfaces (man ipset).

Invariant: a set that the text does not settle gives None, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from zimlint.model import IpSet, SetMatch
from zimlint.packets import (
    ALL_PORTS,
    ICMP,
    ICMPV6,
    PROTOCOL_NAMES,
    TCP,
    UDP,
    Family,
    RangeSet,
    c_number,
    network,
    parse_address,
    resolved,
)

Part = Literal["src", "dst", "sport", "dport", "proto", "in"]
Term = tuple[tuple[Part, RangeSet | str], ...]
"""One entry: all its parts must hold; an interface is its name."""

MAX_ENTRIES = 4_096
"""Of a set with several dimensions; a larger one counts as unknown."""
_NUMBERS = {name: number for number, name in PROTOCOL_NAMES.items()} | {"icmpv6": ICMPV6}


class Members(NamedTuple):
    """A packet is in the set if one of the terms holds."""

    terms: tuple[Term, ...]


def members(match: SetMatch, sets: Mapping[str, IpSet], family: Family, depth: int = 0) -> Members | None:
    """What ``--match-set`` asks for, or None where the set is not at hand or depends on more than the header."""
    held = sets.get(match.name)
    if held is None or depth > 8:
        return None
    method, _, dimensions = held.kind.partition(":")
    if method == "list":
        parts = [members(SetMatch(entry, match.directions), sets, family, depth + 1) for entry, _ in held.entries]
        known = [part for part in parts if part is not None]
        return Members(sum((part.terms for part in known), ())) if len(known) == len(parts) else None
    kinds = dimensions.split(",")
    if len(kinds) > len(match.directions):
        return None
    if set(kinds) & {"ip", "net"} and held.family is not family:
        return Members(())
    try:
        if kinds in (["ip"], ["net"]):
            return Members((((_side(match.directions[0]), _addresses(held, family)),),))
        if len(held.entries) > MAX_ENTRIES or any(excepted for _, excepted in held.entries):
            return None
        return Members(tuple(_term(entry, kinds, match.directions) for entry, _ in held.entries))
    except ValueError:
        return None


def interfaces_in(held: IpSet) -> tuple[str, ...]:
    """The interfaces that a set names (``hash:net,iface``)."""
    kinds = held.kind.partition(":")[2].split(",")
    if "iface" not in kinds:
        return ()
    place = kinds.index("iface")
    return tuple(dict.fromkeys(entry.split(",")[place] for entry, _ in held.entries if entry.count(",") >= place))


def _side(direction: str) -> Part:
    return "src" if direction == "src" else "dst"


def _addresses(held: IpSet, family: Family) -> RangeSet:
    """The addresses of a one-dimensional set: the longest prefix decides, so exceptions are taken out in that order."""
    if not any(excepted for _, excepted in held.entries):
        return RangeSet(piece for entry, _ in held.entries for piece in _address_range(entry).ranges)
    sized = sorted(((_address_range(entry), excepted) for entry, excepted in held.entries), key=lambda e: -e[0].size())
    result = RangeSet()
    for addresses, excepted in sized:
        result = result - addresses if excepted else result | addresses
    return result


def _address_range(text: str) -> RangeSet:
    try:
        first, dash, last = text.partition("-")
        if dash:
            return RangeSet([(parse_address(first)[1], parse_address(last)[1])])
        return network(text)[1]
    except ValueError:
        return _odd_range(text)


def _odd_range(text: str) -> RangeSet:
    """``010.1.1.1/010``: ipset resolves addresses, and reads numbers in C (ipset, lib/parse.c)."""
    first, dash, last = text.partition("-")
    base, slash, bits = first.partition("/")
    low = resolved(base)
    if dash:
        return RangeSet([(low, resolved(last))])
    length = c_number(bits, 32) if slash else 32
    if length is None:
        raise ValueError(f"'{text}' is no network")
    hosts = (1 << 32 - length) - 1
    return RangeSet([(low & ~hosts, low | hosts)])


def _term(entry: str, kinds: list[str], directions: tuple[str, ...]) -> Term:
    words = entry.split(",")
    if len(words) != len(kinds):
        raise ValueError(f"'{entry}' does not fit its set")
    term: list[tuple[Part, RangeSet | str]] = []
    for word, kind, direction in zip(words, kinds, directions, strict=False):
        if kind in ("ip", "net"):
            term.append((_side(direction), _address_range(word)))
        elif kind == "port":
            protocol, _, ports = word.rpartition(":")
            if kinds == ["port"]:  # the ports of both (net/netfilter/ipset/ip_set_core.c ``ip_set_get_ip_port``)
                term.append(("proto", RangeSet([(TCP, TCP), (UDP, UDP)])))
                term.append(("sport" if direction == "src" else "dport", _port_range(TCP, ports)))
                continue
            number = _NUMBERS.get(protocol or "tcp", -1)
            if number < 0:
                number = int(protocol)
            term.append(("proto", RangeSet([(number, number)])))
            term.append((_port_side(number, direction), _port_range(number, ports)))
        elif kind == "iface" and direction == "src" and not word.startswith("physdev:"):
            term.append(("in", word))
        else:
            raise ValueError(f"a dimension '{kind}' depends on more than the header")
    return tuple(term)


def _port_side(protocol: int, direction: str) -> Part:
    return "sport" if direction == "src" and protocol not in (ICMP, ICMPV6) else "dport"


def _port_range(protocol: int, text: str) -> RangeSet:
    if protocol in (ICMP, ICMPV6):
        kind, _, code = text.partition("/")
        return RangeSet([(_number(kind) << 8 | _number(code or "0"),) * 2])
    if text == "0" and protocol not in (6, 17, 132, 136):
        return ALL_PORTS
    first, _, last = text.partition("-")
    return RangeSet([(_number(first), _number(last or first))])


def _number(text: str) -> int:
    """A number as ipset reads it; a service's name is unsettled."""
    value = c_number(text, 65535)
    if value is None:
        raise ValueError(f"'{text}' is no number")
    return value

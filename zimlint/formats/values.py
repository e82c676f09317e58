"""The values of iptables options: addresses, ports, protocols, ICMP types, marks.

Each function raises ``Refused`` in the tool's words where iptables 1.8.9 would refuse the value, and ``Unsettled``
where only the machine knows (a host name, a service of its own /etc/services).
"""

from __future__ import annotations

import re

from zimlint.formats.names import ICMP_TYPES, SERVICES, c_number, protocol_number
from zimlint.formats.tables import Refused
from zimlint.packets import Family, RangeSet, masked, network, parse_address


class Unsettled(Exception):  # noqa: N818
    """The text alone does not say what this means."""


def number(text: str, top: int) -> int:
    """A number as strtoul reads it, hexadecimal and octal included; ValueError if it is none or above ``top``."""
    value = c_number(text, top)
    if value is None:
        raise ValueError(text)
    return value


def port(text: str) -> int:
    """``25`` or ``smtp``."""
    try:
        return number(text, 65535)
    except ValueError:
        pass
    if text in SERVICES:
        return SERVICES[text]
    if re.fullmatch(r"[a-z][a-z0-9_.+-]*", text) and not re.fullmatch(r"[a-z0-9]+-\d+", text):
        raise Unsettled(text)
    raise Refused(f"invalid port/service `{text}' specified")


def port_range(text: str, module: str = "tcp") -> RangeSet:
    """``25``, ``1000:2000``, ``:1023``, ``1024:``. Only tcp, sctp and dccp refuse a reversed one: it holds nothing."""
    first, colon, last = text.partition(":")
    if not colon:
        value = port(first)
        return RangeSet([(value, value)])
    low, high = port(first) if first else 0, port(last) if last else 65535
    if low > high and module in ("tcp", "sctp", "dccp"):
        raise Refused("invalid portrange (min > max)")
    return RangeSet([(low, high)])


def port_list(text: str) -> RangeSet:
    """``25,465,1000:2000``: at most 15 slots, of which a range takes two."""
    parts = text.split(",")
    if len(parts) + text.count(":") > 15:
        raise Refused("too many ports specified")
    ranges = []
    for part in parts:
        first, colon, last = part.partition(":")
        low = port(first)
        high = port(last) if colon else low
        if low > high or (colon and low == high):
            raise Refused("invalid portrange specified")
        ranges.append((low, high))
    return RangeSet(ranges)


def protocol(text: str) -> int:
    """``tcp``, ``TCP``, ``6``; 0 is any."""
    known = protocol_number(text)
    if known is None:
        raise Refused(f'unknown protocol "{text}" specified')
    return known


def address(text: str, family: Family) -> RangeSet:
    """An address, a network, a mask with holes, ``10/8``, ``0/0``; a host name is unsettled."""
    try:
        found, ranges = network(text)
    except ValueError:
        return _odd_address(text, family)
    return ranges if found is family else _odd_address(text, family)


def _odd_address(text: str, family: Family) -> RangeSet:
    base, slash, mask = text.partition("/")
    try:
        value = _numeric(base, family)
    except ValueError:
        if re.search(r"[A-Za-z]", base) and re.fullmatch(r"[A-Za-z0-9._][A-Za-z0-9._-]*", base):
            raise Unsettled(text) from None
        raise Refused(f"host/network `{base}' not found") from None
    try:
        return masked(value, _mask(mask, family) if slash else (1 << family.bits) - 1, family)
    except ValueError:
        raise Unsettled(text) from None


def addresses(text: str, family: Family) -> tuple[RangeSet, ...]:
    """The parts of a comma list: iptables makes a line of its own of each."""
    if "," not in text:
        return (address(text, family),)
    return tuple(address(part, family) for part in text.split(","))


def address_span(text: str, family: Family, option: str) -> RangeSet:
    """``192.0.2.1-192.0.2.9`` of iprange; a reversed one holds nothing."""
    first, dash, last = text.partition("-")
    try:
        ends = [_numeric(part, family) for part in ((first, last) if dash else (first, first))]
    except ValueError:
        raise Refused(f'iprange: Bad value for "{option}" option: "{text}"') from None
    return RangeSet([(ends[0], ends[1])])


def icmp_types(text: str, family: Family) -> RangeSet:
    """``8``, ``3/4``, ``echo-request`` or the unambiguous beginning of a name, as ``type << 8 | code``."""
    names = ICMP_TYPES[family]
    word = "ICMPv6" if family is Family.IPV6 else "ICMP"
    begun = [name for name in names if name.lower().startswith(text.lower())]
    exact = [name for name in begun if name.lower() == text.lower()]
    if len(begun) > 1 and not exact:
        raise Refused(f"Ambiguous {word} type `{text}': `{begun[0]}' or `{begun[1]}'?")
    if begun:
        kind, low, high = names[(exact or begun)[0]]
    else:
        first, slash, last = text.partition("/")
        try:
            kind = number(first, 255)
        except ValueError:
            raise Refused(f"Unknown {word} type `{text}'") from None
        try:
            low, high = (number(last, 255),) * 2 if slash else (0, 255)
        except ValueError:
            raise Refused(f"Unknown {word} code `{text}'") from None
    if kind == 255 and family is Family.IPV4:
        return RangeSet([(0, 65535)])
    return RangeSet([(kind << 8 | low, kind << 8 | high)])


def mark(text: str, option: str, module: str) -> tuple[int, int]:
    """``0x1/0xff`` as value and mask."""
    value, slash, mask = text.partition("/")
    try:
        return number(value, 0xFFFFFFFF), number(mask, 0xFFFFFFFF) if slash else 0xFFFFFFFF
    except ValueError:
        raise Refused(f'{module}: bad integer value for option "{option}", or out of range.') from None


def host_address(text: str, family: Family) -> int:
    """One plain address, as inet_pton reads it; Refused if it is none of this family."""
    try:
        found, value = parse_address(text)
    except ValueError:
        found = None
    if found is not family:
        raise Refused(f'Bad IP address "{text}"')
    return value


def _numeric(text: str, family: Family, parts: int = 1) -> int:
    """An address as ``xtables_numeric_to_ipaddr`` reads it: parts may be octal, the last ones left away."""
    if family is Family.IPV6:
        found, value = parse_address(text)
        if found is not family:
            raise ValueError(text)
        return value
    octets = [number(part, 255) for part in text.split(".")]
    if not parts <= len(octets) <= 4:
        raise ValueError(text)
    return int.from_bytes(bytes([*octets, 0, 0, 0][:4]), "big")


def _mask(text: str, family: Family) -> int:
    try:
        return ((1 << family.bits) - 1) ^ ((1 << family.bits - number(text, family.bits)) - 1)
    except ValueError:
        pass
    try:
        return _numeric(text, family, 4)
    except ValueError:
        raise Refused(f"invalid mask `{text}' specified") from None

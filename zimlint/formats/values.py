"""The values of iptables options: ports, protocols, ICMP types, marks.

Each function raises ``Refused`` in the tool's words where iptables 1.8.9 would refuse the value, and ``Unsettled``
where only the machine knows (a host name, a service of its own /etc/services).
"""

from __future__ import annotations

import re

from zimlint.formats.names import ICMP_TYPES, SERVICES, protocol_number
from zimlint.formats.tables import Refused
from zimlint.packets import Family, RangeSet, c_number


class Unsettled(Exception):  # noqa: N818
    """The text alone does not say what this means."""


def number(text: str, top: int) -> int:
    """A number as strtoul reads it, hexadecimal and octal included; ValueError if it is none or above ``top``."""
    value = c_number(text, top)
    if value is None:
        raise ValueError(text)
    return value


def port(text: str) -> int:
    """``25`` or ``smtp``, as tcp, sctp, multiport and NAT read it: ``025`` is 21."""
    try:
        return number(text, 65535)
    except ValueError:
        return _service(text, f"invalid port/service `{text}' specified")


def resolved_port(text: str) -> int:
    """``25`` or ``smtp``, as udp, dccp and conntrack read it: with getaddrinfo(3), for which ``025`` is 25.

    What does not fit in 16 bits is cut off there (glibc, sysdeps/posix/getaddrinfo.c).
    """
    found = re.fullmatch(r"[ \t\n\v\f\r]*([+-]?)([0-9]+)", text) if text else None
    if not text or (found and int(found[2]) < 1 << 64):
        value = (int(found[1] + found[2]) if found else 0) & 0xFFFFFFFF
        if value < 1 << 31:
            return value & 0xFFFF
    return _service(text, f'Port "{text}" does not resolve to anything.')


def _service(text: str, refusal: str) -> int:
    if text in SERVICES:
        return SERVICES[text]
    if re.fullmatch(r"[a-z][a-z0-9_.+-]*", text) and not re.fullmatch(r"[a-z0-9]+-\d+", text):
        raise Unsettled(text)
    raise Refused(refusal)


def port_range(text: str, module: str = "tcp") -> RangeSet:
    """``25``, ``1000:2000``, ``:1023``, ``1024:``. Only tcp and sctp refuse a reversed one: it holds nothing."""
    strict = module in ("tcp", "sctp")
    read = port if strict else resolved_port
    first, colon, last = text.partition(":")
    if not colon:
        value = read(first)
        return RangeSet([(value, value)])
    low, high = read(first) if first else 0, read(last) if last else 65535
    if low > high and strict:
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

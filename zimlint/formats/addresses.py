"""The addresses of iptables options, each kind as its part of iptables 1.8.9 reads it.

Raises ``Refused`` and ``Unsettled`` like ``values.py``.
Invariant: an address that some part of iptables reads in octal is octal here, for that part alone.
"""

from __future__ import annotations

import re

from zimlint.formats.tables import Refused
from zimlint.formats.values import Unsettled, number
from zimlint.packets import ALL_ADDRESSES, Family, RangeSet, masked, network, parse_address, resolved


def address(text: str, family: Family) -> RangeSet:
    """An address, a network, a mask with holes, ``10/8``, ``0/0``; a host name is unsettled."""
    try:
        found, ranges = network(text)
    except ValueError:
        return _odd_address(text, family)
    return ranges if found is family else _odd_address(text, family)


def _odd_address(text: str, family: Family) -> RangeSet:
    base, slash, mask = text.lstrip().partition("/")
    if slash and mask and not mask.strip("0.") and _mask(mask, family) == 0:
        return ALL_ADDRESSES[family]  # whatever stands before it: `any/0`
    try:
        value = _numeric(base, family)
    except ValueError:
        value = _resolved(base, family, f"host/network `{base}' not found")
    try:
        return masked(value, _mask(mask, family) if slash else (1 << family.bits) - 1, family)
    except ValueError:
        raise Unsettled(text) from None


def addresses(text: str, family: Family) -> tuple[RangeSet, ...]:
    """The parts of a comma list: iptables makes a line of its own of each."""
    if "," not in text:
        return (address(text, family),)
    return tuple(address(part, family) for part in text.split(","))


def resolved_address(text: str, family: Family, option: str) -> RangeSet:
    """An address and a mask as conntrack and NETMAP read them: ``10/8`` is 0.0.0.10/8 there."""
    base, slash, mask = text.partition("/")
    value = _resolved(base, family, "getaddrinfo: Name or service not known")
    try:
        return masked(value, prefix_or_mask(mask, family) if slash else (1 << family.bits) - 1, family)
    except ValueError:
        words = f'bad value for option "{option}", neither a valid network mask nor valid CIDR (0-{family.bits}).'
        raise Refused(words) from None


def _resolved(text: str, family: Family, refusal: str) -> int:
    """What getaddrinfo(3) makes of a word: ``443`` is 0.0.1.187. What it would have to ask for is unsettled."""
    try:
        return resolved(text) if family is Family.IPV4 else _numeric(text, family)
    except ValueError:
        if _is_ipv4(text):
            raise Refused(refusal) from None
        if re.search(r"[A-Za-z]", text) and re.fullmatch(r"[A-Za-z0-9._][A-Za-z0-9._-]*", text):
            raise Unsettled(text) from None
        raise Refused(refusal) from None


def _is_ipv4(text: str) -> bool:
    try:
        resolved(text)
    except ValueError:
        return False
    return True


def address_span(text: str, family: Family, option: str) -> RangeSet:
    """``192.0.2.1-192.0.2.9`` of iprange; a reversed one holds nothing."""
    first, dash, last = text.partition("-")
    try:
        ends = [_numeric(part, family) for part in ((first, last) if dash else (first, first))]
    except ValueError:
        raise Refused(f'iprange: Bad value for "{option}" option: "{text}"') from None
    return RangeSet([(ends[0], ends[1])])


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


def prefix_or_mask(text: str, family: Family) -> int:
    """A number of bits or a mask; one with holes, or with less than four parts, stands for a single address."""
    every = (1 << family.bits) - 1
    try:
        mask = _mask(text, family)
    except Refused:
        mask = every if family is Family.IPV4 and resolved(text) >= 0 else _numeric(text, family)
    hosts = every ^ mask
    return every if hosts & (hosts + 1) else mask

"""Packets and sets of numbers: addresses, ports, protocols, ICMP types.

Invariant: a ``RangeSet`` is always canonical (sorted, disjoint, not adjacent), so equal sets are equal values.
Invariant: nothing here knows a rule, a file or Zimbra.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple


class Family(Enum):
    """An address family; each has its own tables in the kernel."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"

    @property
    def title(self) -> str:
        """The name as people write it."""
        return "IPv4" if self is Family.IPV4 else "IPv6"

    @property
    def bits(self) -> int:
        """The length of an address."""
        return 32 if self is Family.IPV4 else 128


class RangeSet:
    """A set of whole numbers as sorted, disjoint, inclusive ranges."""

    __slots__ = ("_hash", "ranges")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        merged: list[tuple[int, int]] = []
        for low, high in sorted(ranges):
            if low > high:
                continue
            if merged and low <= merged[-1][1] + 1:
                if high > merged[-1][1]:
                    merged[-1] = (merged[-1][0], high)
            else:
                merged.append((low, high))
        self.ranges = tuple(merged)
        self._hash = -1

    @staticmethod
    def _canonical(ranges: list[tuple[int, int]]) -> RangeSet:
        result = RangeSet.__new__(RangeSet)
        result.ranges = tuple(ranges)
        result._hash = -1
        return result

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RangeSet) and self.ranges == other.ranges

    def __hash__(self) -> int:
        if self._hash == -1:
            self._hash = hash(self.ranges)
        return self._hash

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __repr__(self) -> str:
        return f"RangeSet({list(self.ranges)!r})"

    def __contains__(self, number: int) -> bool:
        index = bisect_right(self.ranges, (number, 1 << 200)) - 1
        return index >= 0 and number <= self.ranges[index][1]

    def __or__(self, other: RangeSet) -> RangeSet:
        return RangeSet(self.ranges + other.ranges)

    def __and__(self, other: RangeSet) -> RangeSet:
        left, right = self.ranges, other.ranges
        out: list[tuple[int, int]] = []
        i = j = 0
        while i < len(left) and j < len(right):
            low = max(left[i][0], right[j][0])
            high = min(left[i][1], right[j][1])
            if low <= high:
                out.append((low, high))
            if left[i][1] < right[j][1]:
                i += 1
            else:
                j += 1
        return RangeSet._canonical(out)

    def __sub__(self, other: RangeSet) -> RangeSet:
        if not self.ranges:
            return self
        return self & other.complement(self.ranges[-1][1])

    def __le__(self, other: RangeSet) -> bool:
        return not self - other

    def complement(self, top: int) -> RangeSet:
        """What is left of ``0..top``."""
        out: list[tuple[int, int]] = []
        low = 0
        for first, last in self.ranges:
            if first > top:
                break
            if first > low:
                out.append((low, first - 1))
            low = last + 1
        if low <= top:
            out.append((low, top))
        return RangeSet._canonical(out)

    def size(self) -> int:
        """How many numbers are in it."""
        return sum(high - low + 1 for low, high in self.ranges)

    def first(self) -> int:
        """The smallest number in it; the set must not be empty."""
        return self.ranges[0][0]


EMPTY = RangeSet()


def union(parts: Iterable[RangeSet]) -> RangeSet:
    """All numbers that are in some part, built at once: many parts cost no more than their ranges."""
    return RangeSet({numbers for part in parts for numbers in part.ranges})


ALL_PORTS = RangeSet([(0, 65535)])
ALL_PROTOCOLS = RangeSet([(0, 255)])
ALL_ADDRESSES = {family: RangeSet([(0, (1 << family.bits) - 1)]) for family in Family}

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
PORT_PROTOCOLS = frozenset({TCP, UDP, 33, 132, 136})
"""tcp, udp, dccp, sctp, udplite: the protocols that have ports (``-m multiport``, man iptables-extensions)."""
PROTOCOL_NAMES = {
    1: "icmp", 2: "igmp", 4: "ipencap", 6: "tcp", 17: "udp", 33: "dccp", 41: "ipv6", 47: "gre", 50: "esp", 51: "ah",
    58: "ipv6-icmp", 88: "eigrp", 89: "ospf", 103: "pim", 108: "ipcomp", 112: "vrrp", 132: "sctp", 135: "ipv6-mh",
    136: "udplite",
}  # fmt: skip


_OCTETS = {str(number): number for number in range(256)}
"""The parts of an IPv4 address. A zero before one is refused: some programs read octal then, others decimal."""


def parse_address(text: str) -> tuple[Family, int]:
    """``192.0.2.1`` or ``2001:db8::1`` as family and number; ValueError for anything else."""
    if ":" not in text:
        try:  # looked up, not converted: a dump has one or two of these on every line
            a, b, c, d = text.split(".")
            return Family.IPV4, _OCTETS[a] << 24 | _OCTETS[b] << 16 | _OCTETS[c] << 8 | _OCTETS[d]
        except (KeyError, ValueError):
            raise ValueError(f"'{text}' is not an address") from None
    from ipaddress import IPv6Address  # costs 6 ms; many hosts have no IPv6 constant at all

    if "%" in text:
        raise ValueError(f"'{text}' is not an address")
    return Family.IPV6, int(IPv6Address(text))


def c_number(text: str, top: int) -> int | None:
    """A number as strtoul(3) reads it, hexadecimal and octal included; None if it is none or above ``top``."""
    if not text.isalnum():  # the blanks and the plus that strtoul passes over; libxtables refuses a minus
        text = text.lstrip(" \t\n\v\f\r").removeprefix("+")
    if not text.isascii() or not text.isalnum():
        return None
    try:
        value = int(text, 8) if text[0] == "0" and text[1:].isdigit() else int(text, 16 if text[:2] in _HEX else 10)
    except ValueError:
        return None
    return value if value <= top else None


_HEX = ("0x", "0X")


def resolved(text: str) -> int:
    """An IPv4 address as getaddrinfo(3) reads it (inet_aton(3)): one to four parts, octal or hexadecimal with a zero
    before them, the last of which fills what is left. ValueError for anything else.
    """
    *first, last = text.split(".")
    values = [c_number(part, 255) if part[:1].isdigit() else None for part in first]
    values.append(c_number(last, (1 << 32 - 8 * len(first)) - 1) if len(first) < 4 and last[:1].isdigit() else None)
    address = 0
    for place, value in enumerate(values):
        if value is None:
            raise ValueError(f"'{text}' is not an address")
        address |= value << (0 if place == len(first) else 24 - 8 * place)
    return address


def format_address(family: Family, number: int) -> str:
    """The usual spelling of an address."""
    if family is Family.IPV4:
        return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    from ipaddress import IPv6Address

    return str(IPv6Address(number))


def network(text: str) -> tuple[Family, RangeSet]:
    """``192.0.2.0/24``, ``192.0.2.0/255.255.255.0`` or a bare address as family and range; ValueError otherwise."""
    address, slash, length = text.partition("/")
    family, number = parse_address(address)
    if not slash:
        return family, RangeSet._canonical([(number, number)])
    plain = length.isascii() and length.isdigit() and (length[0] != "0" or length == "0")
    if plain and int(length) <= (32 if family is Family.IPV4 else 128):
        host = (1 << (32 if family is Family.IPV4 else 128) - int(length)) - 1
        return family, RangeSet._canonical([(number & ~host, number | host)])
    mask_family, mask = parse_address(length)
    if mask_family is not family:
        raise ValueError(f"'{text}' mixes two families")
    return family, masked(number, mask, family)


def masked(number: int, mask: int, family: Family) -> RangeSet:
    """All addresses that agree with ``number`` in the bits of ``mask``, which may have holes.

    ValueError where that takes more than 4,096 ranges: the caller then has to treat the match as unknown.
    """
    top = (1 << family.bits) - 1
    low_zeros = (mask & -mask).bit_length() - 1 if mask else family.bits
    holes = [1 << bit for bit in range(low_zeros, family.bits) if not mask >> bit & 1]
    if len(holes) > 12:
        raise ValueError(f"mask {mask:#x} has too many holes")
    starts = [number & mask & top]
    for hole in holes:
        starts += [start | hole for start in starts]
    block = (1 << low_zeros) - 1
    return RangeSet((start, start | block) for start in starts)


def format_network(family: Family, low: int, high: int) -> str:
    """A range of addresses as address, ``net/len`` or ``first-last``."""
    if low == high:
        return format_address(family, low)
    size = high - low + 1
    if size & size - 1 == 0 and low % size == 0:
        return f"{format_address(family, low)}/{family.bits - size.bit_length() + 1}"
    return f"{format_address(family, low)}-{format_address(family, high)}"


class Packet(NamedTuple):
    """One packet that arrives at the host."""

    family: Family
    protocol: int
    source: int
    source_port: int
    destination: int | None
    """None: an address of the host itself, whichever it is."""
    destination_port: int
    """For ICMP and ICMPv6: ``type << 8 | code``."""
    interface: str
    state: str = "NEW"
    """The conntrack state: NEW, ESTABLISHED, RELATED, INVALID or UNTRACKED."""

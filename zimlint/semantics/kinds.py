"""Which addresses are of a kind: local, unicast, multicast, broadcast (``-m addrtype``, ``-m pkttype``).

Invariant: for the set-wise analysis only; the one-packet interpreter has its own words for it.
"""

from __future__ import annotations

from zimlint.packets import Family, RangeSet
from zimlint.semantics.hooks import BROADCAST, MULTICAST, UNSPECIFIED


def packet_kinds(kind: str, family: Family) -> RangeSet:
    """The destinations of packets of a link-layer kind (net/netfilter/xt_pkttype.c)."""
    match kind:
        case "multicast":
            return MULTICAST[family]
        case "broadcast":
            return BROADCAST[family]
        case _:
            return (MULTICAST[family] | BROADCAST[family]).complement((1 << family.bits) - 1)


def address_kinds(types: frozenset[str], family: Family, local: bool) -> RangeSet:
    """The addresses of these kinds, if unicast ones are the host's own (``local``) or foreign.

    net/netfilter/xt_addrtype.c: IPv4 asks whether the kind is one of them, IPv6 whether all of them hold.
    """
    top = (1 << family.bits) - 1
    single = (MULTICAST[family] | BROADCAST[family] | UNSPECIFIED[family]).complement(top)
    if family is Family.IPV4:
        result = RangeSet()
        if ("LOCAL" if local else "UNICAST") in types:
            result |= single
        if "MULTICAST" in types:
            result |= MULTICAST[family]
        if "BROADCAST" in types:
            result |= BROADCAST[family] | UNSPECIFIED[family]
        return result
    result = RangeSet([(0, top)])
    if "MULTICAST" in types:
        result &= MULTICAST[family]
    if "UNICAST" in types:
        result &= single
    if "UNSPEC" in types:
        result &= UNSPECIFIED[family]
    if types & {"LOCAL", "ANYCAST", "UNREACHABLE"}:
        result &= single if local and "LOCAL" in types else RangeSet()
    return result

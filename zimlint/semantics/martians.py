"""Packets that the kernel drops for their source address, whatever the rules say.

Invariant: for the one-packet interpreter; the set-wise analysis only shares what is not forwarded.
"""

from __future__ import annotations

from zimlint.packets import Family, Packet, RangeSet
from zimlint.semantics.hooks import BROADCAST, LOOPBACK, MULTICAST, UNSPECIFIED

LINK_LOCAL = RangeSet([(0xFE80 << 112, (0xFEC0 << 112) - 1)])
NOT_FORWARDED = {
    Family.IPV4: RangeSet(),
    Family.IPV6: RangeSet([(0, 1)]) | LINK_LOCAL | MULTICAST[Family.IPV6],
}
"""Sources of which no packet is sent on to another interface; link-local ones are told so (``ip6_forward``)."""
_IGMP = 2
_NEAR = 0xE00000
"""224.0.0.0/24: groups of the local network, shifted by eight bits."""


def is_martian(packet: Packet) -> bool:
    """Sources that the kernel refuses before INPUT (net/ipv4/route.c, net/ipv6/ip6_input.c)."""
    family, source, destination = packet.family, packet.source, packet.destination
    if source in MULTICAST[family] or source in LOOPBACK[family] or source in BROADCAST[family]:
        return True
    if family is not Family.IPV4 or source not in UNSPECIFIED[family]:
        return False
    if destination is None:
        return True
    # DHCP clients ask from 0.0.0.0, and who has no address yet may speak to a group (``ip_mc_validate_source``)
    to_group = destination in MULTICAST[family] and (destination >> 8 == _NEAR or packet.protocol == _IGMP)
    return not to_group and destination not in BROADCAST[family]

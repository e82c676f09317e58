"""The chains that the kernel asks, in order, on each way a packet can take.

Order: include/uapi/linux/netfilter_ipv4.h (``enum nf_ip_hook_priorities``): raw, mangle, nat, filter, security.
Invariant: data only; the set-wise and the one-packet interpreter both read it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from zimlint.model import (
    Condition,
    CtDirection,
    CtOriginal,
    CtState,
    Decide,
    DstPorts,
    FilterRule,
    Inert,
    Jump,
    MarkIs,
    Nat,
    Opaque,
    OpaqueTarget,
    OutInterface,
    Protocols,
    Ruleset,
    SetMark,
    SrcAddress,
    Target,
)  # fmt: skip
from zimlint.packets import Family, RangeSet


class Hook(NamedTuple):
    """One base chain on a way, and what the kernel knows about interfaces and the destination there."""

    table: str
    chain: str
    incoming: bool = True
    """The packet has an input interface here; where it has none, ``-i eth0`` never matches."""
    outgoing: Literal["none", "lo", "any"] = "none"
    local: bool = True
    """The destination is an address of this host."""
    tracked: bool = True
    """Connection tracking has seen the packet: it comes after raw, and what came over ``lo`` it saw in OUTPUT."""


ARRIVAL = (Hook("raw", "PREROUTING", tracked=False), Hook("mangle", "PREROUTING"), Hook("nat", "PREROUTING"))
INPUT = tuple(Hook(table, "INPUT") for table in ("mangle", "filter", "security", "nat"))
FORWARD = (
    *(Hook(table, "FORWARD", outgoing="any", local=False) for table in ("mangle", "filter", "security")),
    # since Linux 5.7 ``-i`` matches in POSTROUTING (net/ipv4/ip_output.c)
    *(Hook(table, "POSTROUTING", outgoing="any", local=False) for table in ("mangle", "nat")),
)
INTO_HOST = ARRIVAL + INPUT
"""What an outsider's packet passes."""
OVER_LOOPBACK = (
    Hook("raw", "OUTPUT", False, "lo", tracked=False),
    *(Hook(table, "OUTPUT", False, "lo") for table in ("mangle", "nat", "filter", "security")),
    *(Hook(table, "POSTROUTING", False, "lo") for table in ("mangle", "nat")),
    *(Hook(table, "PREROUTING") for table in ("raw", "mangle")),
    *(Hook(table, "INPUT") for table in ("mangle", "filter", "security")),
)
"""What a packet on ``lo`` passes; nat is settled in OUTPUT and not asked again (net/netfilter/nf_nat_core.c)."""

FROM_HOST = (
    Hook("raw", "OUTPUT", False, "any", local=False, tracked=False),
    *(Hook(table, "OUTPUT", False, "any", local=False) for table in ("mangle", "filter", "security")),
    Hook("mangle", "POSTROUTING", False, "any", local=False),
)
"""What a packet of the host's own to another machine passes; nat refuses nothing and is left out."""
OUT_OF_HOST = (
    *(Hook(table, "OUTPUT", False, "any", local=False) for table in ("filter", "security")),
    *(Hook(table, "POSTROUTING", False, "any", local=False) for table in ("mangle", "nat")),
)
"""What is left for a packet of the host's own that nat OUTPUT sent elsewhere: it never comes back over ``lo``."""

MULTICAST = {
    Family.IPV4: RangeSet([(0xE0000000, 0xEFFFFFFF)]),
    Family.IPV6: RangeSet([(0xFF << 120, (1 << 128) - 1)]),
}
LOOPBACK = {Family.IPV4: RangeSet([(0x7F000000, 0x7FFFFFFF)]), Family.IPV6: RangeSet([(1, 1)])}
UNSPECIFIED = {Family.IPV4: RangeSet([(0, 0)]), Family.IPV6: RangeSet([(0, 0)])}
"""Since Linux 5.3 the rest of 0.0.0.0/8 is as good as any address (include/linux/in.h ``ipv4_is_zeronet``)."""
BROADCAST = {Family.IPV4: RangeSet([(0xFFFFFFFF, 0xFFFFFFFF)]), Family.IPV6: RangeSet()}
LINK_LOCAL = {
    Family.IPV4: RangeSet([(0xA9FE0000, 0xA9FEFFFF)]),
    Family.IPV6: RangeSet([(0xFE80 << 112, (0xFEC0 << 112) - 1)]),
}
"""No router passes a packet to one of these on (RFC 3927, section 2.7; RFC 4291, section 2.5.6)."""

UNICAST = {
    family: (MULTICAST[family] | LOOPBACK[family] | UNSPECIFIED[family] | BROADCAST[family]).complement(
        (1 << family.bits) - 1
    )
    for family in Family
}
"""The addresses that a host can have on its wire, and that the kernel takes a packet from: the others are martians
(net/ipv4/route.c ``ip_route_input_slow``, net/ipv6/ip6_input.c)."""

SYN, ACK = 2, 16
STATE_FLAGS = {"NEW": SYN, "RELATED": SYN, "UNTRACKED": SYN, "ESTABLISHED": ACK}
"""The TCP flags of the packet that is asked about; an INVALID one may have any."""

FIRST_OF_FLOW = frozenset({"NEW", "RELATED"})
"""The states in which the nat chains are asked (net/netfilter/nf_nat_core.c ``nf_nat_inet_fn``)."""
WITHOUT_CONNECTION = frozenset({"INVALID", "UNTRACKED"})
"""The states of packets that belong to no connection: they have no original header, no direction and no connmark."""
OF_EARLIER_FLOW = frozenset({"ESTABLISHED", "RELATED"})
"""The states of packets whose connection has a past: who opened it, how NAT changed it and its mark are not known."""

_CONNECTION_TARGETS = frozenset({"CT", "CONNSECMARK", "SYNPROXY"})
_CONNECTION_MODULES = frozenset({"conntrack", "state", "connbytes", "connlimit", "connlabel", "helper", "cluster"})


def conntrack_in_use(ruleset: Ruleset) -> bool:
    """Whether some line needs connection tracking; without one the kernel never asks the nat table.

    An exemption from tracking does not need it (net/netfilter/xt_CT.c ``xt_ct_tg_check``).
    """
    for chains in ruleset.tables.values():
        for chain in chains.values():
            for rule in chain.rules:
                for part in (rule.target, *rule.conditions):
                    if type(part) not in _WITHOUT_TRACKING and _asks_tracking(part):
                        return True
    return False


_WITHOUT_TRACKING = frozenset({Decide, Jump, SrcAddress, Protocols, DstPorts})
"""What nearly all lines are made of, passed over first: a ban list has 100,000 of them."""


def _asks_tracking(part: Condition | Target) -> bool:
    match part:
        case Nat() | SetMark(kind="connmark"):
            return True
        case Inert(name) | OpaqueTarget(name=name):
            return name in _CONNECTION_TARGETS
        case CtState() | CtOriginal() | CtDirection() | MarkIs(kind="connmark"):
            return True
        case Opaque(module):
            return module in _CONNECTION_MODULES
    return False


def interface_matches(pattern: str, name: str) -> bool:
    """``-i PATTERN`` for an interface: exact, or a prefix before a final ``+`` (man iptables)."""
    return name.startswith(pattern[:-1]) if pattern.endswith("+") else name == pattern


def routes(ruleset: Ruleset) -> list[tuple[RangeSet, str]]:
    """Networks and the interface they lie behind, as far as a dump tells.

    Docker, libvirt and their like write ``-s NETWORK ! -o INTERFACE -j MASQUERADE`` for each network of theirs.
    """
    found: list[tuple[RangeSet, str]] = []
    for rule in _rules(ruleset, "nat", "POSTROUTING"):
        networks = [c.addresses for c in rule.conditions if isinstance(c, SrcAddress)]
        behind = [c.pattern for c in rule.conditions if isinstance(c, OutInterface) and c.negated]
        leaving = isinstance(rule.target, Nat) and rule.target.name in ("MASQUERADE", "SNAT")
        if leaving and len(networks) == 1 and len(behind) == 1 and not behind[0].endswith("+"):
            found.append((networks[0], behind[0]))
    return found


def _rules(ruleset: Ruleset, table: str, chain: str) -> tuple[FilterRule, ...]:
    held = ruleset.tables.get(table, {}).get(chain)
    return held.rules if held else ()

"""The chains that the kernel asks, in order, on each way a packet can take.

Order: include/uapi/linux/netfilter_ipv4.h (``enum nf_ip_hook_priorities``): raw, mangle, nat, filter, security.
Invariant: data only; the set-wise and the one-packet interpreter both read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zimlint.model import (
    CtDirection,
    CtOriginal,
    CtState,
    FilterRule,
    MarkIs,
    Nat,
    Notrack,
    Opaque,
    OutInterface,
    Ruleset,
    SetMark,
    SrcAddress,
)  # fmt: skip
from zimlint.packets import Family, RangeSet


@dataclass(frozen=True, slots=True)
class Hook:
    """One base chain on a way, and what the kernel knows about interfaces and the destination there."""

    table: str
    chain: str
    incoming: bool = True
    """The packet has an input interface here; where it has none, ``-i eth0`` never matches."""
    outgoing: Literal["none", "lo", "any"] = "none"
    local: bool = True
    """The destination is an address of this host."""


ARRIVAL = tuple(Hook(table, "PREROUTING") for table in ("raw", "mangle", "nat"))
INPUT = tuple(Hook(table, "INPUT") for table in ("mangle", "filter", "security", "nat"))
FORWARD = (
    *(Hook(table, "FORWARD", outgoing="any", local=False) for table in ("mangle", "filter", "security")),
    *(Hook(table, "POSTROUTING", incoming=False, outgoing="any", local=False) for table in ("mangle", "nat")),
)
INTO_HOST = ARRIVAL + INPUT
"""What an outsider's packet passes."""
OVER_LOOPBACK = (
    *(Hook(table, "OUTPUT", False, "lo") for table in ("raw", "mangle", "nat", "filter", "security")),
    *(Hook(table, "POSTROUTING", False, "lo") for table in ("mangle", "nat")),
    *(Hook(table, "PREROUTING") for table in ("raw", "mangle")),
    *(Hook(table, "INPUT") for table in ("mangle", "filter", "security")),
)
"""What a packet on ``lo`` passes; nat is settled in OUTPUT and not asked again (net/netfilter/nf_nat_core.c)."""

MULTICAST = {
    Family.IPV4: RangeSet([(0xE0000000, 0xEFFFFFFF)]),
    Family.IPV6: RangeSet([(0xFF << 120, (1 << 128) - 1)]),
}
LOOPBACK = {Family.IPV4: RangeSet([(0x7F000000, 0x7FFFFFFF)]), Family.IPV6: RangeSet([(1, 1)])}
UNSPECIFIED = {Family.IPV4: RangeSet([(0, 0x00FFFFFF)]), Family.IPV6: RangeSet([(0, 0)])}
BROADCAST = {Family.IPV4: RangeSet([(0xFFFFFFFF, 0xFFFFFFFF)]), Family.IPV6: RangeSet()}

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

_CONNECTION_MODULES = frozenset({"conntrack", "state", "connbytes", "connlimit", "connlabel", "helper", "cluster"})


def conntrack_in_use(ruleset: Ruleset) -> bool:
    """Whether some line needs connection tracking; without one the kernel never asks the nat table."""
    for chains in ruleset.tables.values():
        for chain in chains.values():
            for rule in chain.rules:
                match rule.target:
                    case Nat() | Notrack() | SetMark(kind="connmark"):
                        return True
                for condition in rule.conditions:
                    match condition:
                        case CtState() | CtOriginal() | CtDirection() | MarkIs(kind="connmark"):
                            return True
                        case Opaque() if condition.module in _CONNECTION_MODULES:
                            return True
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
        if len(networks) == 1 and len(behind) == 1 and not behind[0].endswith("+"):
            found.append((networks[0], behind[0]))
    return found


def _rules(ruleset: Ruleset, table: str, chain: str) -> tuple[FilterRule, ...]:
    held = ruleset.tables.get(table, {}).get(chain)
    return held.rules if held else ()

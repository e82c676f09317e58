"""Hypothesis strategies: the matches and targets of single lines, over all that is modelled and some that is not.

Invariant: whatever is drawn here, ``tests/kernel/writer.py`` can write, if ``loadable`` leaves it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st

from zimlint.model import (
    AddrType,
    Condition,
    CtDirection,
    CtOriginal,
    CtState,
    Decide,
    DstAddress,
    DstPorts,
    EitherPort,
    Fragment,
    Goto,
    IcmpTypes,
    Inert,
    InInterface,
    IpSet,
    Jump,
    MarkIs,
    Nat,
    Notrack,
    Opaque,
    OpaqueTarget,
    OutInterface,
    PacketType,
    Protocols,
    Queue,
    Return,
    SetMark,
    SetMatch,
    SrcAddress,
    SrcPorts,
    Target,
    TcpFlags,
    Verdict,
)  # fmt: skip
from zimlint.packets import ICMP, ICMPV6, TCP, UDP, Family, RangeSet, network, parse_address
from zimlint.source import Source, Span

SOURCE = Source("rules", "*filter\n")
PORTS = [(25, 25), (80, 90), (7071, 7071), (11211, 11211), (0, 1023), (1024, 65535)]
INTERFACES = ["eth0", "eth1", "eth+", "lo", "tun+", "+", "docker0"]
UNSETTLED = {"limit": True, "hashlimit": True, "connlimit": False, "recent": False, "string": None, "statistic": None,
             "length": None}  # fmt: skip
"""Matches that nobody settles by the text alone, and what they say of a lone first packet."""


class World(NamedTuple):
    """The constants of a family."""

    networks: list[str]
    """Of sources; the host's own are among them."""
    own: list[str]
    elsewhere: str
    """Where NAT sends packets: another machine, behind ``docker0``."""
    near: str
    """The network of that machine."""
    nat_to: list[tuple[str, str]]
    """The first and the last address of what else NAT may choose from."""
    icmp: int
    icmp_types: list[tuple[int, int]]
    kinds: list[str]


WORLDS = {
    Family.IPV4: World(
        ["203.0.113.0/24", "203.0.113.9", "10.0.0.0/8", "10.20.0.0/24", "192.0.2.0/25", "0.0.0.0/1"],
        ["203.0.113.1", "10.0.0.0/8", "172.17.0.0/16"],
        "172.17.0.2", "172.17.0.0/16",
        [("172.17.0.2", "172.17.0.5"), ("127.0.0.1", "127.0.0.1")],
        ICMP, [(0x800, 0x8FF), (0x000, 0x0FF), (0xD00, 0xD00), (0x301, 0x301), (0, 0xFFFF)],
        ["LOCAL", "UNICAST", "MULTICAST", "BROADCAST"],
    ),
    Family.IPV6: World(
        ["2001:db8:20::/64", "2001:db8:20::7", "2001:db8::/32", "fd00::/8", "2001:db8:5::/65", "::/1"],
        ["2001:db8::1", "fd00::/16", "fd00:172::/32"],
        "fd00:172::2", "fd00:172::/32",
        [("fd00:172::2", "fd00:172::5")],
        ICMPV6, [(0x8000, 0x80FF), (0x8100, 0x81FF), (0x8700, 0x8700), (0x104, 0x104)],
        ["LOCAL", "UNICAST", "MULTICAST"],
    ),
}  # fmt: skip


def _ipset(name: str, kind: str, family: Family, *entries: str) -> IpSet:
    pairs = tuple((text.removesuffix(" nomatch"), text.endswith(" nomatch")) for text in entries)
    return IpSet(name, kind, family, pairs, Span(SOURCE, 1))


_ENTRIES = {
    Family.IPV4: ("203.0.113.0/24", "203.0.113.8/29", "203.0.113.9", "10.0.0.9"),
    Family.IPV6: ("2001:db8:20::/64", "2001:db8:20::8/125", "2001:db8:20::9", "fd00::9"),
}


def sets_of(family: Family) -> Mapping[str, IpSet]:
    """The sets that lines may name: several methods, with exceptions, with interfaces, with other sets in them."""
    wide, hole, host, other = _ENTRIES[family]
    held = (
        _ipset("addresses", "hash:net", family, wide, f"{hole} nomatch", host),
        _ipset("services", "hash:ip,port", family, f"{host},tcp:25", f"{other},udp:80-90"),
        _ipset("wires", "hash:net,iface", family, f"{wide},eth1", f"{other},eth0"),
        _ipset("ports", "bitmap:port", Family.IPV4, "25", "80-90"),
        _ipset("nested", "list:set", Family.IPV4, "addresses"),
        _ipset("excepting", "hash:net,port", family, f"{wide},tcp:25", f"{hole},tcp:25 nomatch"),
        _ipset(HIDDEN, "hash:ip", family, host, other),
    )
    return {one.name: one for one in held}


HIDDEN = "hidden"
"""A set that the kernel has and zimlint is not shown."""
_DIRECTIONS = {"services": ("src", "dst"), "wires": ("src", "src"), "ports": ("dst",), "excepting": ("src", "dst")}

negations = st.booleans()
ports = st.lists(st.sampled_from(PORTS), min_size=1, max_size=3).map(RangeSet)
any_ports = ports | ports.map(lambda held: held.complement(65535))
masks = st.sampled_from([1, 3, 0xFFFFFFFF])
states = st.sets(st.sampled_from(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "DNAT"]), min_size=1)


def _with_complements(parts: list[RangeSet], top: int) -> st.SearchStrategy[RangeSet]:
    one = st.sampled_from(parts)
    return one | one.map(lambda held: held.complement(top))


def _range(first: str, last: str) -> RangeSet:
    return RangeSet([(parse_address(first)[1], parse_address(last)[1])])


@cache
def conditions(family: Family) -> st.SearchStrategy[Condition]:
    """One match."""
    world = WORLDS[family]
    low, high = network(world.networks[1])[1].ranges[0]
    odd = RangeSet([(low - 3, high + 2)])  # no network, only a range
    sources = _with_complements([*(network(text)[1] for text in world.networks), odd], (1 << family.bits) - 1)
    networks = _with_complements([network(text)[1] for text in world.networks], (1 << family.bits) - 1)
    targets_ = _with_complements([network(text)[1] for text in world.own], (1 << family.bits) - 1)
    protocols = _with_complements([RangeSet([(n, n)]) for n in (TCP, UDP, world.icmp)], 255)
    plain: list[st.SearchStrategy[Condition]] = [
        st.builds(InInterface, st.sampled_from(INTERFACES), negations),
        st.builds(OutInterface, st.sampled_from(INTERFACES), negations),
        st.builds(Protocols, protocols),
        st.builds(SrcAddress, sources),
        st.builds(DstAddress, targets_),
        st.builds(SrcPorts, any_ports),
        st.builds(DstPorts, any_ports),
        st.builds(EitherPort, ports, negations),
        st.builds(IcmpTypes, st.sampled_from([RangeSet([span]) for span in world.icmp_types])),
        st.builds(TcpFlags, st.sampled_from([2, 18, 23, 63]), st.sampled_from([0, 2, 16]), negations).map(_within_mask),
        st.builds(CtState, states.map(frozenset), negations),
        st.builds(CtOriginal, st.sampled_from(["dport", "sport"]), any_ports),
        st.builds(CtOriginal, st.just("src"), networks),
        st.builds(CtOriginal, st.just("dst"), targets_),
        st.builds(CtOriginal, st.just("proto"), protocols),
        st.builds(CtDirection, st.booleans()),
        st.builds(
            AddrType,
            st.sampled_from(["src", "dst"]),
            st.sets(st.sampled_from(world.kinds), min_size=1).map(frozenset),
            negations,
        ),
        st.builds(PacketType, st.sampled_from(["unicast", "multicast", "broadcast"]), negations),
        st.builds(MarkIs, st.sampled_from(["mark", "connmark"]), st.integers(0, 3), st.sampled_from([3, 7]), negations),
        st.builds(SetMatch, st.sampled_from(["addresses", "nested", HIDDEN]), st.just(("src",)), negations),
        *(st.builds(SetMatch, st.just(name), st.just(sides), negations) for name, sides in _DIRECTIONS.items()),
    ]  # fmt: skip
    if family is Family.IPV4:
        plain.append(st.builds(Fragment, negations))
    return st.one_of(*plain, *unsettled(), *unsettled())


def unsettled() -> list[st.SearchStrategy[Condition]]:
    """Matches of which zimlint can only say what a lone first packet does."""
    some = st.sampled_from(sorted(UNSETTLED))
    return [some.map(lambda module: Opaque(module, f"-m {module}", UNSETTLED[module]))]


def _within_mask(flags: TcpFlags) -> TcpFlags:
    return flags._replace(value=flags.value & flags.mask)


@cache
def targets(family: Family, table: str, chain: str, chains: tuple[str, ...]) -> st.SearchStrategy[Target]:
    """The targets that a chain of a table may hold."""
    verdicts = [Verdict.ACCEPT] if table == "nat" else list(Verdict)
    everywhere: list[st.SearchStrategy[Target]] = [
        st.builds(Decide, st.sampled_from(verdicts)),
        st.builds(Return),
        st.builds(Inert, st.just("LOG")),
    ]
    if chains:
        everywhere += [st.builds(Jump, st.sampled_from(chains)), st.builds(Goto, st.sampled_from(chains))]
    if table == "nat" and chain in ("INPUT", "POSTROUTING"):
        leaving = [st.builds(Nat, st.just("SNAT"), st.none(), st.none())]
        if chain == "POSTROUTING":
            leaving.append(st.builds(Nat, st.just("MASQUERADE"), st.none(), st.none()))
        return st.one_of(*everywhere[:3], *leaving)
    if table == "nat":
        return st.one_of(*everywhere, *_moving(family))
    if table == "raw":
        everywhere.append(st.builds(Notrack))
    return st.one_of(
        *everywhere,
        st.builds(SetMark, st.sampled_from(["mark", "connmark"]), st.integers(0, 3), st.sampled_from([0, 1, 3])),
        st.builds(SetMark, st.just("connmark"), masks, masks, st.sampled_from(["save", "restore"])),
        st.builds(OpaqueTarget, st.just("WHAT"), st.just("-j WHAT")),
        st.builds(Queue, st.booleans()),
    )


def _moving(family: Family) -> list[st.SearchStrategy[Target]]:
    world = WORLDS[family]
    port = st.sampled_from([None, RangeSet([(8080, 8080)]), RangeSet([(7071, 7072)])])
    there = [None, network(world.elsewhere)[1], *(_range(*ends) for ends in world.nat_to)]
    return [
        st.builds(Nat, st.just("REDIRECT"), st.none(), port),
        st.builds(Nat, st.just("DNAT"), st.sampled_from(there), port),
        st.builds(Nat, st.just("NETMAP"), st.just(network(world.near)[1]), st.none()),
    ]

"""Hypothesis strategies: small rulesets over all that is modelled, and packets at and beside their constants."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from zimlint.model import (
    AddrType,
    Chain,
    Condition,
    CtDirection,
    CtOriginal,
    CtState,
    Decide,
    DstAddress,
    DstPorts,
    EitherPort,
    FilterRule,
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
    Ruleset,
    SetMark,
    SetMatch,
    SrcAddress,
    SrcPorts,
    Target,
    TcpFlags,
    Verdict,
)  # fmt: skip
from zimlint.packets import ICMP, TCP, UDP, Family, Packet, RangeSet, network, parse_address
from zimlint.source import Source, Span

SOURCE = Source("rules.v4", "*filter\n")
NETWORKS = ["203.0.113.0/24", "203.0.113.9", "10.0.0.0/8", "10.20.0.0/24", "192.0.2.0/25", "0.0.0.0/1"]
PORTS = [(25, 25), (80, 90), (7071, 7071), (11211, 11211), (0, 1023), (1024, 65535)]
INTERFACES = ["eth0", "eth1", "eth+", "lo", "tun+", "+"]


def _ipset(name: str, kind: str, *entries: tuple[str, bool]) -> IpSet:
    return IpSet(name, kind, Family.IPV4, entries, Span(SOURCE, 1))


SETS = {
    held.name: held
    for held in (
        _ipset("addresses", "hash:net", ("203.0.113.0/24", False), ("203.0.113.8/29", True)),
        _ipset("services", "hash:ip,port", ("203.0.113.9,tcp:25", False), ("10.0.0.9,udp:80-90", False)),
    )
}

networks = st.sampled_from([network(text)[1] for text in NETWORKS])
ports = st.lists(st.sampled_from(PORTS), min_size=1, max_size=3).map(RangeSet)
negations = st.booleans()


addresses = networks | networks.map(lambda held: held.complement((1 << 32) - 1))
any_ports = ports | ports.map(lambda held: held.complement(65535))
states = st.sets(st.sampled_from(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "DNAT"]), min_size=1)

masks = st.sampled_from([1, 3, 0xFFFFFFFF])

kinds = st.sets(st.sampled_from(["LOCAL", "UNICAST", "MULTICAST"]), min_size=1)

conditions: st.SearchStrategy[Condition] = st.one_of(
    st.builds(InInterface, st.sampled_from(INTERFACES), negations),
    st.builds(OutInterface, st.sampled_from(INTERFACES), negations),
    st.builds(Protocols, st.sampled_from([RangeSet([(n, n)]) for n in (ICMP, TCP, UDP)])),
    st.builds(SrcAddress, addresses),
    st.builds(DstAddress, addresses),
    st.builds(SrcPorts, any_ports),
    st.builds(DstPorts, any_ports),
    st.builds(EitherPort, ports, negations),
    st.builds(IcmpTypes, st.just(RangeSet([(8 << 8, 8 << 8 | 255)]))),
    st.builds(TcpFlags, st.just(23), st.sampled_from([2, 16]), negations),
    st.builds(CtState, states.map(frozenset), negations),
    st.builds(CtOriginal, st.just("dport"), any_ports),
    st.builds(CtOriginal, st.just("src"), addresses),
    st.builds(CtDirection, st.booleans()),
    st.builds(AddrType, st.sampled_from(["src", "dst"]), kinds.map(frozenset), negations),
    st.builds(PacketType, st.sampled_from(["unicast", "multicast"]), negations),
    st.builds(MarkIs, st.sampled_from(["mark", "connmark"]), st.integers(0, 3), st.just(3), negations),
    st.builds(SetMatch, st.sampled_from(["addresses", "missing"]), st.just(("src",)), negations),
    st.builds(SetMatch, st.just("services"), st.just(("src", "dst")), negations),
    st.builds(Opaque, st.just("limit"), st.just("-m limit"), st.just(True)),
    st.builds(Opaque, st.just("recent"), st.just("-m recent --rcheck"), st.just(False)),
    st.builds(Opaque, st.just("string"), st.just("-m string"), st.none()),
)  # fmt: skip


@cache
def targets(table: str, chain: str, chains: tuple[str, ...]) -> st.SearchStrategy[Target]:
    """The targets that a chain of a table may hold."""
    verdicts = [Verdict.ACCEPT] if table == "nat" else list(Verdict)
    everywhere: list[st.SearchStrategy[Target]] = [
        st.builds(Decide, st.sampled_from(verdicts)),
        st.builds(Return),
        st.builds(Inert, st.just("LOG")),
    ]
    if table == "nat" and chain in ("INPUT", "POSTROUTING"):
        return st.one_of(*everywhere)
    if chains:
        everywhere += [st.builds(Jump, st.sampled_from(chains)), st.builds(Goto, st.sampled_from(chains))]
    if table == "nat":
        moved = st.sampled_from([None, RangeSet([(8080, 8080)]), RangeSet([(7071, 7072)])])
        elsewhere = st.sampled_from([None, network("172.17.0.2")[1]])
        redirect = st.builds(Nat, st.just("REDIRECT"), st.none(), moved)
        return st.one_of(*everywhere, redirect, st.builds(Nat, st.just("DNAT"), elsewhere, moved))
    if table == "raw":
        everywhere.append(st.builds(Notrack))
    return st.one_of(
        *everywhere,
        st.builds(SetMark, st.sampled_from(["mark", "connmark"]), st.integers(0, 3), st.just(3)),
        st.builds(SetMark, st.just("connmark"), masks, masks, st.sampled_from(["save", "restore"])),
        st.builds(OpaqueTarget, st.just("WHAT"), st.just("-j WHAT")),
        st.builds(Queue, st.booleans()),
    )


BASES = {
    "raw": ["PREROUTING", "OUTPUT"],
    "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
    "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
    "filter": ["INPUT", "FORWARD", "OUTPUT"],
    "security": ["INPUT", "FORWARD"],
}


defaults = {
    True: st.sampled_from([Verdict.ACCEPT, Verdict.DROP]),
    False: st.sampled_from([Verdict.ACCEPT] * 7 + [Verdict.DROP]),
}
"""Of a chain, by whether it filters: a packet has to get past many others."""


@st.composite
def rulesets(draw: st.DrawFn) -> Ruleset:
    """A ruleset of one to three tables; chains only call later ones, as iptables demands."""
    line = 1
    tables: dict[str, dict[str, Chain]] = {}
    others = st.lists(st.sampled_from(["raw", "mangle", "nat", "security"]), unique=True, max_size=2)
    for table in ["filter", *draw(others)]:
        users = [f"C{number}" for number in range(draw(st.integers(0, 3)))]
        names = [*BASES[table], *users]
        chains: dict[str, Chain] = {}
        for place, name in enumerate(names):
            callable_chains = tuple(user for user in users if user not in names[: place + 1])
            rules = []
            for _ in range(draw(st.integers(0, 5))):
                line += 1
                rules.append(
                    FilterRule(
                        tuple(draw(st.lists(conditions, max_size=3))),
                        draw(targets(table, name, callable_chains)),
                        Span(SOURCE, line),
                    )
                )
            default = None if name in users else draw(defaults[table == "filter"])
            chains[name] = Chain(name, default, tuple(rules), Span(SOURCE, 1))
        tables[table] = chains
    return Ruleset(Family.IPV4, "dump", SOURCE, tables, sets=SETS)


SOURCES = [
    "203.0.113.8", "203.0.113.9", "203.0.113.17", "10.0.0.9", "10.20.0.1", "192.0.2.1", "192.0.2.129", "198.51.100.1",
]  # fmt: skip


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    """A packet at or beside the constants above."""
    protocol = draw(st.sampled_from([ICMP, TCP, UDP, 47]))
    port = draw(st.sampled_from([25, 26, 80, 85, 90, 91, 1023, 1024, 7071, 7072, 8080, 11211, 0, 65535]))
    return Packet(
        Family.IPV4,
        protocol,
        parse_address(draw(st.sampled_from(SOURCES)))[1],
        draw(st.sampled_from([25, 40000, 85])),
        parse_address(draw(st.sampled_from(["203.0.113.1", "10.0.0.1", "192.0.2.200"])))[1],
        8 << 8 if protocol == ICMP else port,
        draw(st.sampled_from(["eth0", "eth1", "tun0", "wlan5"])),
    )

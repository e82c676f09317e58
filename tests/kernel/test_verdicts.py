"""Hand-written rulesets whose meaning is easily got wrong: zimlint says what the kernel does to every packet.

Each ruleset is loaded with the real iptables-restore and each packet really sent. The answer that we expect stands
beside the packet, so that both being wrong alike does not pass; beside each of them go its neighbours, of which only
the agreement is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest

from tests.kernel.cases import CASES, Case, text_of
from tests.kernel.corners import CORNERS
from tests.kernel.namespace import ADDRESSES, Lab, Opener
from tests.semantics.meeting import meets, stand_in
from zimlint.cli.packet_text import parse_packet
from zimlint.formats.ipset_save import read_ipset_save
from zimlint.formats.iptables_save import read_iptables_save
from zimlint.model import Ruleset
from zimlint.packets import ICMP, ICMPV6, PORT_PROTOCOLS, TCP, UDP, Family, Packet, parse_address
from zimlint.semantics.decide import Decision, decide, decide_loopback
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.replay import replay
from zimlint.source import Source

_ALL = CASES | CORNERS


@pytest.mark.parametrize("name", _ALL)
def test_zimlint_says_what_the_kernel_does(lab: Lab, name: str) -> None:
    """And both say what we expect."""
    case = _ALL[name]
    ruleset = _loaded(lab, case)
    packets = [packet_from(words, case.family) for words in case.packets]
    kernel = dict(zip(case.packets, lab.verdicts(packets), strict=True))
    ours = {words: replay(ruleset, packet).verdict for words, packet in zip(case.packets, packets, strict=True)}
    assert kernel == case.packets
    assert ours == case.packets | dict.fromkeys(case.routed, "depends")

    beside = list(dict.fromkeys(near for packet in packets for near in _neighbours(packet)))
    for packet, verdict in zip([*packets, *beside], [*kernel.values(), *lab.verdicts(beside)], strict=True):
        assert replay(ruleset, packet).verdict in (verdict, "depends"), packet
        if not (case.leaves and packet.interface == "lo"):
            agrees(ruleset, packet, verdict)


def agrees(ruleset: Ruleset, packet: Packet, verdict: str) -> None:
    """What gets in is in a decision, what does not is in none that is certain."""
    universe = UNICAST[packet.family]
    assert packet.destination is not None
    outside = packet.interface != "lo"
    if outside and not (packet.source in universe and packet.destination in universe):
        return  # ``decide`` speaks of packets between single machines
    found = _decisions(ruleset, packet)
    if verdict == "accept":
        assert found, packet
    else:
        assert not any(decision.certain and not decision.limited for decision in found), (packet, found)


def _decisions(ruleset: Ruleset, packet: Packet) -> list[Decision]:
    if packet.interface == "lo":
        return [decision for decision in decide_loopback(ruleset, packet.state) if meets(decision, packet, "lo")]
    name = stand_in(ruleset, packet.interface)
    return [decision for decision in decide(ruleset, packet.state) if meets(decision, packet, name)]


def _loaded(lab: Lab, case: Case) -> Ruleset:
    """The same text in the kernel and in zimlint."""
    text = text_of(case)
    sets = "\n".join(line.strip() for line in case.sets.splitlines())
    assert lab.load({case.family: text}, sets + "\n" if sets else "") is None
    ruleset = read_iptables_save(Source("rules", text), case.family)
    assert ruleset.problems == ()
    known, problems = read_ipset_save(Source("ipset.save", sets))
    assert problems == ()
    return ruleset._replace(sets={held.name: held for held in known})


def packet_from(text: str, family: Family) -> Packet:
    """A packet in words; without a target it goes to the host's first address."""
    packet = parse_packet(text)
    if packet.destination is not None:
        return packet
    return packet._replace(destination=parse_address(ADDRESSES[family][0])[1])


def _neighbours(packet: Packet) -> Iterator[Packet]:
    """Packets that differ a little."""
    for source in (packet.source - 1, packet.source + 1):
        if packet.interface != "lo" and source in UNICAST[packet.family] and source != packet.destination:
            yield packet._replace(source=source)
    if packet.interface != "lo":
        yield from (packet._replace(interface=name) for name in ("eth0", "eth1", "tun0"))
    if packet.protocol in PORT_PROTOCOLS:
        for port in (packet.destination_port - 1, packet.destination_port + 1):
            yield packet._replace(destination_port=port)
        yield packet._replace(source_port=packet.destination_port)
        if packet.state == "NEW":
            yield packet._replace(protocol=UDP if packet.protocol == TCP else TCP)
            echo = (ICMP, 8) if packet.family is Family.IPV4 else (ICMPV6, 128)
            yield packet._replace(protocol=echo[0], destination_port=echo[1] << 8)


class Flow(NamedTuple):
    """A packet of a connection that was open before the rules came: what the kernel does by who opened it, and we."""

    rules: str
    packets: Sequence[str]
    kernel: dict[Opener, str]
    ours: str


_FIRST = "tcp 203.0.113.9 -> :25 established"
FLOWS = {
    "established": Flow(
        ":INPUT DROP\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT",
        [_FIRST, "udp 203.0.113.9 -> :53 established"],
        {"peer": "accept", "host": "accept"},
        "accept",
    ),
    "not new": Flow(
        "-A INPUT -m state --state NEW -j ACCEPT\n-A INPUT -j REJECT",
        [_FIRST, "udp 203.0.113.9 -> :53 established"],
        {"peer": "reject", "host": "reject"},
        "reject",
    ),
    "nat is not asked": Flow(
        """*nat
        :PREROUTING DROP
        :INPUT DROP
        COMMIT
        *filter
        -A INPUT -m state --state INVALID -j DROP
        COMMIT
        """,
        [_FIRST],
        {"peer": "accept", "host": "accept"},
        "accept",
    ),
    "flags": Flow(
        ":INPUT DROP\n-A INPUT -p tcp ! --syn -j ACCEPT\n-A INPUT -m state --state NEW",
        [_FIRST],
        {"peer": "accept", "host": "accept"},
        "accept",
    ),
    "direction": Flow(
        ":INPUT DROP\n-A INPUT -m conntrack --ctdir ORIGINAL -j ACCEPT",
        [_FIRST],
        {"peer": "accept", "host": "drop"},
        "depends",
    ),
    "first header": Flow(
        ":INPUT DROP\n-A INPUT -m conntrack --ctorigdstport 25 -j ACCEPT",
        [_FIRST],
        {"peer": "accept", "host": "drop"},
        "depends",
    ),
    "mark of an old connection": Flow(
        """*mangle
        -A PREROUTING -j CONNMARK --restore-mark
        COMMIT
        *filter
        :INPUT DROP
        -A INPUT -m mark --mark 0 -j ACCEPT
        COMMIT
        """,
        [_FIRST],
        {"peer": "accept", "host": "accept"},
        "depends",
    ),
    "nat of an old connection": Flow(
        ":INPUT DROP\n-A INPUT -m conntrack ! --ctstate DNAT -j ACCEPT",
        [_FIRST],
        {"peer": "accept", "host": "accept"},
        "depends",
    ),
}


@pytest.mark.parametrize("name", FLOWS)
def test_packets_of_open_connections(lab: Lab, name: str) -> None:
    flow = FLOWS[name]
    text = text_of(Case(flow.rules, {}))
    ruleset = read_iptables_save(Source("rules", text), Family.IPV4)
    for words in flow.packets:
        packet = packet_from(words, Family.IPV4)
        for opener, verdict in flow.kernel.items():
            assert lab.follow_up(packet, opener, {Family.IPV4: text}) == verdict, (words, opener)
            agrees(ruleset, packet, verdict)
        assert replay(ruleset, packet).verdict == flow.ours


@pytest.mark.parametrize(
    ("error", "about"),
    [
        ("icmp 203.0.113.9 -> type 3 related", "udp 203.0.113.1 -> 203.0.113.9:53"),
        ("icmpv6 2001:db8::9 -> type 2 related", "udp 2001:db8::1 -> [2001:db8::9]:53"),
    ],
)
def test_errors_about_what_the_host_sent(lab: Lab, error: str, about: str) -> None:
    """They are RELATED, and nat is not asked about them."""
    opening = parse_packet(about)
    packet = packet_from(error, opening.family)
    rules = ":INPUT DROP\n-A INPUT -m conntrack --ctstate RELATED -j ACCEPT"
    for text in (text_of(Case(rules, {})), "*nat\n:PREROUTING DROP\nCOMMIT\n" + text_of(Case(rules, {}))):
        ruleset = read_iptables_save(Source("rules", text), packet.family)
        assert lab.error_about(packet, opening, {packet.family: text}) == "accept"
        assert replay(ruleset, packet).verdict == "accept"
        agrees(ruleset, packet, "accept")
